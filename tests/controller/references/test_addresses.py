"""The addresses in the status of a version: what its newest LIVE declared artifact is, and whether KServe loads it."""

from collections.abc import Callable

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelArtifact, ModelVersion
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Manifest, Namespace, condition, manifest
from tests.support.waiting import wait_until

FIRST, SECOND, CARD = (
    {"name": "first", "uri": "s3://b/1"},
    {"name": "second", "uri": "s3://b/2"},
    {"name": "card", "uri": "https://docs/card"},
)


def _chain(name: str, /, model: str = "", **spec: object) -> list[Manifest]:
    version = manifest("ModelVersion", name, registeredModelRef={"name": name}, **spec)
    return [manifest("RegisteredModel", name, **({"name": model} if model else {})), version]


def _addresses(space: Namespace, name: str) -> tuple[str | None, str | None]:
    status = space.ready("ModelVersion", name)["status"]
    return status.get("uri"), status.get("storageUri")


def _wait_for(space: Namespace, name: str, uri: str | None, storage_uri: str | None) -> None:
    def has(resource: Manifest) -> bool:
        return (resource["status"].get("uri"), resource["status"].get("storageUri")) == (uri, storage_uri)

    space.wait("ModelVersion", name, has)


def _wait_for_reasons(space: Namespace, name: str, number: int) -> list[str]:
    """Wait for so many Events about a missing address; returns their messages."""

    def found() -> list[str]:
        return [event["message"] for event in space.events(name) if event["reason"] == "NoStorageUri"]

    wait_until(lambda: len(found()) >= number, f"no Event number {number} said why there is no address for KServe")
    return found()


@pytest.mark.usefixtures("operator")
def test_a_revert_and_a_later_document_leave_the_right_uri_and_no_address_for_kserve(
    space: Namespace, unique: Unique
) -> None:
    name = unique("version")
    served = f"model-registry://{name}/{name}"
    space.apply(*_chain(name))
    assert _addresses(space, name) == (None, None)
    space.apply(*_chain(name, docArtifacts=[CARD], artifacts=[FIRST]))
    assert _addresses(space, name) == ("s3://b/1", served)
    space.apply(*_chain(name, docArtifacts=[CARD], artifacts=[FIRST, SECOND]))
    assert _addresses(space, name) == ("s3://b/2", served)
    # A revert: the second artifact stays in the registry, marked for deletion, and is the newest.
    space.apply(*_chain(name, docArtifacts=[CARD], artifacts=[FIRST]))
    assert _addresses(space, name) == ("s3://b/1", None)
    assert "which no resource declares any more. Use status.uri." in _wait_for_reasons(space, name, 1)[0]
    space.apply(*_chain(name, docArtifacts=[CARD], artifacts=[FIRST, SECOND]))
    assert _addresses(space, name) == ("s3://b/2", served)
    space.apply(*_chain(name, docArtifacts=[CARD, {**CARD, "name": "later"}], artifacts=[FIRST, SECOND]))
    assert _addresses(space, name) == ("s3://b/2", None)
    assert "the document 'later'" in _wait_for_reasons(space, name, 2)[1]


@pytest.mark.usefixtures("operator")
async def test_an_address_that_others_changed_is_not_passed_on_while_drift_is_only_reported(
    space: Namespace, unique: Unique, registry: ModelRegistryAPIClient
) -> None:
    """Nobody has reviewed what is there now."""
    inline, resource = unique("inline"), unique("resource")
    reference = {"modelVersionRef": {"name": resource}, "driftPolicy": "Report", "name": "first"}
    space.apply(*_chain(inline, driftPolicy="Report", artifacts=[FIRST]), *_chain(resource))
    space.apply(manifest("ModelArtifact", resource, uri="s3://b/1", **reference))
    for name in (inline, resource):
        _wait_for(space, name, "s3://b/1", f"model-registry://{name}/{name}")
    for name in (inline, resource):
        (artifact,) = await registry.get_model_version_artifacts(space.get("ModelVersion", name)["status"]["id"])
        assert isinstance(artifact, ModelArtifact)
        await registry.upsert_model_artifact(artifact.model_copy(update={"uri": "s3://elsewhere"}))
    for name in (inline, resource):
        _wait_for(space, name, None, None)
        message = _wait_for_reasons(space, name, 1)[0]
        assert "'first' has another uri in the registry than its resource declares" in message


@pytest.mark.usefixtures("operator")
def test_an_artifact_that_is_a_resource_counts_like_one_inside_the_version(space: Namespace, unique: Unique) -> None:
    name = unique("version")
    served = f"model-registry://{name}/{name}"

    def resource(artifact: str, uri: str) -> Manifest:
        return manifest("ModelArtifact", f"{name}-{artifact}", uri=uri, modelVersionRef={"name": name})

    space.apply(*_chain(name), resource("a", "s3://b/a"))
    _wait_for(space, name, "s3://b/a", served)
    space.apply(resource("b", "s3://b/b"))
    _wait_for(space, name, "s3://b/b", served)
    space.apply(resource("b", "oci://registry/b"))
    _wait_for(space, name, "oci://registry/b", None)
    assert "and not oci. Use status.uri." in _wait_for_reasons(space, name, 1)[0]
    space.delete("ModelArtifact", f"{name}-b")
    _wait_for(space, name, "s3://b/a", None)
    space.wait_gone("ModelArtifact", f"{name}-b")
    assert "which no resource declares any more" in _wait_for_reasons(space, name, 2)[1]
    assert _addresses(space, name) == ("s3://b/a", None)


@pytest.mark.usefixtures("operator")
def test_the_addresses_reach_the_aliases_of_the_model(space: Namespace, unique: Unique) -> None:
    name = unique("version")
    model, version = _chain(name, artifacts=[FIRST])
    model["spec"]["aliases"] = {"champion": name}

    def names(uri: str, storage_uri: str | None) -> None:
        def has(resource: Manifest) -> bool:
            aliases = resource["status"].get("aliases", [{}])
            return (aliases[0].get("uri"), aliases[0].get("storageUri")) == (uri, storage_uri)

        space.wait("RegisteredModel", name, has)

    space.apply(model, version)
    names("s3://b/1", f"model-registry://{name}/{name}")
    space.apply(_chain(name, artifacts=[{**FIRST, "uri": "hf://o/m"}])[1])
    names("hf://o/m", None)


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize("is_moving", [False, True])
def test_an_archived_version_has_no_address_nor_has_an_alias_that_still_names_it(
    space: Namespace, unique: Unique, *, is_moving: bool
) -> None:
    """KServe's initializer loads an archived version like any other."""
    name = unique("version")
    model, version = _chain(name, artifacts=[FIRST])
    model["spec"]["aliases"] = {"champion": name}
    served = ("s3://b/1", f"model-registry://{name}/{name}")

    def reports(*addresses: str | None) -> Callable[[Manifest], bool]:
        def has(resource: Manifest) -> bool:
            aliases = resource["status"].get("aliases", [])
            rows = [(alias["version"], alias.get("uri"), alias.get("storageUri")) for alias in aliases]
            return rows == [(name, *addresses)]

        return has

    def waits(reason: str) -> Callable[[Manifest], bool]:
        return lambda resource: condition(resource, "AliasesResolved")["reason"] == reason

    space.apply(model, version)
    space.wait("RegisteredModel", name, reports(*served))
    if is_moving:
        # Until the next version is there, the alias names this one.
        model["spec"]["aliases"] = {"champion": "missing"}
        space.apply(model)
        space.wait("RegisteredModel", name, waits("VersionMissing"))
    version["spec"]["state"] = "ARCHIVED"
    space.apply(version)
    assert _addresses(space, name) == (None, None)
    message = "status.uri and status.storageUri are not set, because the version is ARCHIVED."
    assert _wait_for_reasons(space, name, 1) == [message]
    found = space.wait("RegisteredModel", name, reports(None, None))
    if not is_moving:
        found = space.wait("RegisteredModel", name, waits("VersionArchived"))
        why = f"the version {name!r} is ARCHIVED, so status.aliases has no address for it"
        assert why in condition(found, "AliasesResolved")["message"]
    del version["spec"]["state"]
    space.apply(version)
    assert _addresses(space, name) == served
    space.wait("RegisteredModel", name, reports(*served))


async def test_what_is_archived_by_hand_has_no_address_either(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    """Also while the operator is down, and where the drift policy lets it stay."""
    name = unique("version")
    operator = start_operator(registry_url, own_space, "--feed-interval=0.3")
    own_space.apply(*_chain(name, artifacts=[FIRST], driftPolicy="Report"))
    _wait_for(own_space, name, "s3://b/1", f"model-registry://{name}/{name}")
    version_id = own_space.get("ModelVersion", name)["status"]["id"]
    operator.stop()
    await registry.upsert_model_version(ModelVersion(name, id=version_id, state="ARCHIVED"))
    start_operator(registry_url, own_space, "--feed-interval=0.3")
    _wait_for(own_space, name, None, None)
    await registry.upsert_model_version(ModelVersion(name, id=version_id, state="LIVE"))
    _wait_for(own_space, name, "s3://b/1", f"model-registry://{name}/{name}")


@pytest.mark.usefixtures("operator")
def test_a_name_with_a_slash_has_no_address_for_kserve(space: Namespace, unique: Unique) -> None:
    name = unique("version")
    space.apply(*_chain(name, model=unique("org/model"), artifacts=[FIRST]))
    assert _addresses(space, name) == ("s3://b/1", None)
    message = _wait_for_reasons(space, name, 1)[0]
    assert message.startswith("status.storageUri is not set, because model-registry://")


async def test_what_a_restart_cannot_see_is_in_the_status(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    """An artifact of a deleted resource names no version any more."""
    name = unique("version")
    operator = start_operator(registry_url, own_space)
    later = manifest("ModelArtifact", f"{name}-later", uri="s3://b/later", modelVersionRef={"name": name})
    own_space.apply(*_chain(name, artifacts=[FIRST]), later)
    _wait_for(own_space, name, "s3://b/later", f"model-registry://{name}/{name}")
    own_space.delete("ModelArtifact", f"{name}-later")
    own_space.wait_gone("ModelArtifact", f"{name}-later")
    _wait_for(own_space, name, "s3://b/1", None)
    operator.stop()
    operator.start()
    own_space.annotate("ModelVersion", name, reconcile_requested_at="restarted")
    own_space.wait("ModelVersion", name, lambda found: found["status"].get("lastHandledReconcileAt") == "restarted")
    assert _addresses(own_space, name) == ("s3://b/1", None)
    # The registry agrees: the newest artifact of the version is the one that was retired.
    status = own_space.get("ModelVersion", name)["status"]
    newest = (await registry.get_model_version_artifacts(status["id"]))[-1]
    assert isinstance(newest, ModelArtifact)
    assert (newest.id, newest.state) == (status["newestArtifactId"], "MARKED_FOR_DELETION")
