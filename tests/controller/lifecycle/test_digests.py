"""The digest of an artifact: kept in the registry, corrected there, and never replaced by another one."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import Artifact, ModelArtifact
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Reply, serving
from tests.support.resources import (
    Manifest,
    Namespace,
    condition,
    has_drifted,
    has_handled,
    has_reason,
    is_ready,
    manifest,
)
from tests.support.waiting import wait_for

SOON = "--feed-interval=0.3"
ZEROS, ONES = (f"sha256:{digit * 64}" for digit in "01")


@pytest.fixture
def space(own_space: Namespace, start_operator: StartOperator, registry_url: str) -> Namespace:
    """A namespace with an operator that polls often."""
    start_operator(registry_url, own_space, SOON)
    return own_space


def version(model: str, name: str, /, *artifacts: dict[str, Any], **spec: Any) -> Manifest:
    return manifest("ModelVersion", name, registeredModelRef={"name": model}, artifacts=list(artifacts), **spec)


def weights(digest: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"name": "weights", "uri": "s3://b/w", **fields, **({} if digest is None else {"digest": digest})}


async def entry(registry: ModelRegistryAPIClient, entry_id: str) -> Artifact:
    found = await registry.get_artifact_by_id(entry_id)
    assert found is not None
    return found


async def digest(registry: ModelRegistryAPIClient, entry_id: str) -> Any:
    return ((await entry(registry, entry_id)).custom_properties or {}).get("digest")


async def set_digest(registry: ModelRegistryAPIClient, entry_id: str, value: str | None) -> None:
    """Change the digest in the registry by hand."""
    found = await entry(registry, entry_id)
    others = {name: known for name, known in (found.custom_properties or {}).items() if name != "digest"}
    changed = others if value is None else {**others, "digest": value}
    await registry.upsert_artifact(type(found)(found.name, id=entry_id, custom_properties=changed))


def first(resource: Manifest) -> Manifest:
    """The first artifact in the status of a version."""
    found: Manifest = resource["status"]["artifacts"][0]
    return found


async def test_a_digest_outlives_its_artifact_in_the_manifest(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, name = unique("model"), unique("version")
    space.apply(manifest("RegisteredModel", model), version(model, name, weights(ZEROS)))
    artifact = first(space.ready("ModelVersion", name))
    assert artifact["digest"] == ZEROS
    assert await digest(registry, artifact["id"]) == ZEROS

    space.apply(version(model, name))
    space.ready("ModelVersion", name)
    assert (await entry(registry, artifact["id"])).state == "MARKED_FOR_DELETION"
    assert await digest(registry, artifact["id"]) == ZEROS

    space.apply(version(model, name, weights(ONES)))
    refused = space.wait("ModelVersion", name, has_reason("DigestChanged"))
    assert condition(refused, "Stalled")["status"] == "True"
    message = condition(refused, "Ready")["message"]
    assert message.startswith(f"Artifact 'weights': model-artifact 'weights' (id {artifact['id']}) has the digest")
    assert ZEROS in message
    assert ONES in message
    assert (await entry(registry, artifact["id"])).state == "MARKED_FOR_DELETION"

    # The revert gives all back, under the same ID.
    space.apply(version(model, name))
    space.ready("ModelVersion", name)
    space.apply(version(model, name, weights(ZEROS)))
    assert first(space.ready("ModelVersion", name)) == artifact
    assert (await entry(registry, artifact["id"])).state == "LIVE"


async def test_another_resource_cannot_replace_a_digest(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, name = unique("model"), unique("version")
    space.apply(manifest("RegisteredModel", model), version(model, name, weights(ZEROS)))
    artifact = first(space.ready("ModelVersion", name))
    space.delete("ModelVersion", name)
    space.wait_gone("ModelVersion", name)
    space.apply(version(model, name, weights(ONES)))
    space.wait("ModelVersion", name, has_reason("DigestChanged"))
    assert await digest(registry, artifact["id"]) == ZEROS
    # Whoever owns the registry has the last word.
    await set_digest(registry, artifact["id"], ONES)
    space.annotate("ModelVersion", name, reconcile_requested_at="corrected")
    assert first(space.ready("ModelVersion", name))["digest"] == ONES


async def test_a_digest_can_be_added_and_removed_by_a_revert(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, name = unique("model"), unique("version")
    space.apply(manifest("RegisteredModel", model), version(model, name, weights()))
    artifact = first(space.ready("ModelVersion", name))
    space.apply(version(model, name, weights(ZEROS)))
    assert first(space.ready("ModelVersion", name)) == {
        **artifact,
        "digest": ZEROS,
        "ownedProperties": ["digest"],
    }
    space.apply(version(model, name, weights(description="reverted")))
    left = first(space.ready("ModelVersion", name))
    assert "digest" not in left
    assert await digest(registry, artifact["id"]) == ZEROS
    space.apply(version(model, name, weights(ONES)))
    space.wait("ModelVersion", name, has_reason("DigestChanged"))
    # While it is refused, it can be set back.
    space.apply(version(model, name, weights(ZEROS)))
    assert first(space.ready("ModelVersion", name))["digest"] == ZEROS


async def test_a_digest_never_stays_beside_the_address_of_other_content(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, name, own = unique("model"), unique("version"), unique("artifact")
    space.apply(manifest("RegisteredModel", model), version(model, name, weights(ZEROS)))
    artifact = first(space.ready("ModelVersion", name))

    async def is_unchanged() -> bool:
        found = await entry(registry, artifact["id"])
        assert isinstance(found, ModelArtifact)
        return (found.uri, (found.custom_properties or {})["digest"]) == ("s3://b/w", ZEROS)

    space.apply(version(model, name, weights(uri="s3://b/elsewhere")))
    message = condition(space.wait("ModelVersion", name, has_reason("DigestChanged")), "Ready")["message"]
    assert f"has the digest '{ZEROS}' in the registry, for the uri 's3://b/w'" in message
    assert await is_unchanged()
    # Another resource that takes the entry over knows no more about the content.
    space.apply(
        version(model, name),
        manifest("ModelArtifact", own, name="weights", modelVersionRef={"name": name}, uri="s3://b/elsewhere"),
    )
    space.wait("ModelArtifact", own, has_reason("DigestChanged"))
    assert await is_unchanged()
    # The same content has moved.
    moved = {"uri": "s3://b/elsewhere", "digest": ZEROS}
    space.apply(manifest("ModelArtifact", own, name="weights", modelVersionRef={"name": name}, **moved))
    assert space.ready("ModelArtifact", own)["status"]["id"] == artifact["id"]
    assert not await is_unchanged()
    assert await digest(registry, artifact["id"]) == ZEROS


@pytest.mark.parametrize("by_hand", [ONES, None])
async def test_what_others_make_of_it_is_corrected(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique, by_hand: str | None
) -> None:
    model, name = unique("model"), unique("version")
    space.apply(manifest("RegisteredModel", model), version(model, name, weights(ZEROS)))
    artifact = first(space.ready("ModelVersion", name))
    await set_digest(registry, artifact["id"], by_hand)
    await wait_for(lambda: digest(registry, artifact["id"]), lambda known: known == ZEROS)


async def test_an_edit_of_the_manifest_does_not_make_a_change_of_drift(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    """Both change while the operator is down: the status knows which digest the manifest had."""
    model, name = unique("model"), unique("version")
    operator = start_operator(registry_url, own_space)
    own_space.apply(manifest("RegisteredModel", model), version(model, name, weights(ZEROS)))
    artifact = first(own_space.ready("ModelVersion", name))
    operator.stop()
    await set_digest(registry, artifact["id"], ONES)
    own_space.apply(version(model, name, weights(ZEROS, description="edited")))
    operator.start()
    own_space.ready("ModelVersion", name)
    assert await digest(registry, artifact["id"]) == ZEROS


async def test_drift_is_reported_and_then_no_change(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, name = unique("model"), unique("version")
    reporting = version(model, name, weights(ZEROS), driftPolicy="Report")
    space.apply(manifest("RegisteredModel", model), reporting)
    artifact = first(space.ready("ModelVersion", name))
    await set_digest(registry, artifact["id"], ONES)
    drifted = condition(space.wait("ModelVersion", name, has_drifted), "Drifted")
    assert f"model-artifact weights: digest is '{ONES}', the spec says '{ZEROS}'" in drifted["message"]
    # The next edit writes what the manifest has said all the time.
    space.apply({**reporting, "spec": {**reporting["spec"], "description": "edited"}})
    space.wait("ModelVersion", name, lambda resource: not has_drifted(resource))
    assert await digest(registry, artifact["id"]) == ZEROS


@pytest.mark.parametrize("known", [ONES, "of another form", ZEROS, None])
async def test_an_entry_is_adopted_unless_it_has_another_digest(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique, known: str | None
) -> None:
    model, name, own = unique("model"), unique("version"), unique("artifact")
    space.apply(manifest("RegisteredModel", model), version(model, name))
    version_id = space.ready("ModelVersion", name)["status"]["id"]
    properties = {} if known is None else {"digest": known}
    existing = await registry.upsert_model_version_artifact(
        ModelArtifact(own, uri="s3://b/o", custom_properties=dict(properties)), version_id
    )
    space.apply(manifest("ModelArtifact", own, modelVersionRef={"name": name}, uri="s3://b/o", digest=ZEROS))
    if known in {None, ZEROS}:
        status = space.ready("ModelArtifact", own)["status"]
        assert (status["id"], status["digest"], status["origin"]) == (existing.id, ZEROS, "Adopted")
        assert await digest(registry, str(existing.id)) == ZEROS
    else:
        space.wait("ModelArtifact", own, has_reason("DigestChanged"))
        # Nothing else is written either: the entry is not managed.
        assert (await entry(registry, str(existing.id))).custom_properties == properties


async def test_a_digest_is_declared_in_one_place(space: Namespace, unique: Unique) -> None:
    model, name = unique("model"), unique("version")
    twice = weights(ZEROS, customProperties={"digest": ZEROS})
    space.apply(manifest("RegisteredModel", model), version(model, name, twice))
    message = condition(space.wait("ModelVersion", name, has_reason("InvalidSpec")), "Ready")["message"]
    assert "customProperties.digest is the digest of the artifact; remove it, because digest is declared" in message
    space.apply(version(model, name, weights(customProperties={"digest": ZEROS})))
    refused = "customProperties.digest is the digest of the artifact; declare it in the field digest instead"
    space.wait("ModelVersion", name, lambda found: refused in condition(found, "Ready")["message"])
    space.apply(version(model, name, weights(ZEROS)))
    assert first(space.ready("ModelVersion", name))["digest"] == ZEROS


DECLARED: dict[str, Callable[[str, str, str, dict[str, Any]], Manifest]] = {
    "artifacts": lambda model, name, own, item: version(model, name, {**item, "name": own}),
    "docArtifacts": lambda model, name, own, item: version(model, name, docArtifacts=[{**item, "name": own}]),
    "ModelArtifact": lambda _, name, own, item: manifest(
        "ModelArtifact", own, modelVersionRef={"name": name}, **{key: item[key] for key in item if key != "name"}
    ),
}
"""A resource that declares one artifact."""


@pytest.mark.parametrize("form", DECLARED)
async def test_a_custom_property_does_not_replace_a_digest(
    form: str, space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    """Beside the digest, or once the manifest has dropped it."""
    model, name, own = unique("model"), unique("version"), unique("artifact")
    declared = DECLARED[form](model, name, own, weights(ZEROS))
    space.apply(manifest("RegisteredModel", model), version(model, name))
    space.apply(declared)
    kind, resource = declared["kind"], declared["metadata"]["name"]
    ready = space.wait(kind, resource, lambda found: is_ready(found) and len(_ids(found)) == 1)
    (artifact_id,) = _ids(ready)
    for beside in ({"digest": ZEROS}, {}):
        item = {**weights(customProperties={"digest": ONES}), **beside}
        space.apply(DECLARED[form](model, name, own, item))
        space.wait(kind, resource, has_reason("InvalidSpec"))
        assert await digest(registry, artifact_id) == ZEROS
    # Neither does the removal of all of it give way to another one.
    space.apply(DECLARED[form](model, name, own, weights()))
    space.ready(kind, resource)
    assert await digest(registry, artifact_id) == ZEROS
    space.apply(DECLARED[form](model, name, own, weights(ONES)))
    space.wait(kind, resource, has_reason("DigestChanged"))


def _ids(resource: Manifest) -> list[str]:
    """The IDs of the artifacts that a resource has."""
    status = resource["status"]
    if resource["kind"] == "ModelArtifact":
        return [status["id"]]
    return [each["id"] for each in status.get("artifacts", ())]


async def test_the_operator_opens_no_address_of_an_artifact(
    own_space: Namespace, start_operator: StartOperator, registry_url: str, unique: Unique
) -> None:
    """It connects to the API server and the registry, and to nobody else."""
    model, name = unique("model"), unique("version")
    operator = start_operator(registry_url, own_space, SOON)
    with serving(lambda _: Reply(200, "the weights")) as server:
        host = server.url.partition("://")[2]
        uris = [f"http://{host}/w", f"https://{host}/w", f"oci://{host}/image:1", f"hf://{host}/w", f"s3://{host}/w"]
        artifacts = [
            {**weights(ZEROS), "name": f"weights-{number}", "uri": uri} for number, uri in enumerate(uris, start=1)
        ]
        own_space.apply(manifest("RegisteredModel", model), version(model, name, *artifacts))
        own_space.ready("ModelVersion", name)
        # It compares them once more, with the registry.
        own_space.annotate("ModelVersion", name, reconcile_requested_at="again")
        own_space.wait("ModelVersion", name, has_handled("again"))
        known = {urlsplit(url).netloc for url in (own_space.cluster.url, registry_url)}
        assert operator.connected_to() == known
        assert server.received == []
