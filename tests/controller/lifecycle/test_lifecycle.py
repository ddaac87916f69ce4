"""Create, update, archive and restore entries: the operator's main job."""

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelVersion, RegisteredModel
from tests.support.entries import model_named
from tests.support.fixtures import Unique
from tests.support.resources import Manifest, Namespace, condition, manifest

pytestmark = pytest.mark.usefixtures("operator")


async def test_a_model_becomes_an_entry_with_its_id_in_the_status(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    fields = {"description": "first", "owner": "ml", "language": ["en", "de"], "licenseLink": "https://example.org/l"}
    space.apply(manifest("RegisteredModel", name, **fields))
    resource = space.ready("RegisteredModel", name)
    entry = await model_named(registry, name)
    assert resource["status"]["id"] == entry.id
    assert (entry.description, entry.owner, entry.language) == ("first", "ml", ["en", "de"])
    assert (entry.license_link, entry.state) == ("https://example.org/l", "LIVE")
    assert resource["status"]["state"] == "LIVE"
    assert condition(resource, "Ready")["reason"] == "Synced"
    assert not condition(resource, "Reconciling")
    assert not condition(resource, "Stalled")
    assert resource["metadata"]["finalizers"] == ["model-registrar.dev/archive"]
    assert entry.custom_properties == {"model-registrar.dev/owner": f"created:tests/{space.name}/{space.name}/{name}"}


async def test_spec_name_may_contain_what_kubernetes_names_may_not(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    entry_name = unique("Ünlock 100%_of: it")
    space.apply(manifest("RegisteredModel", unique("odd"), name=entry_name))
    resource = space.ready("RegisteredModel", unique("odd"))
    assert (await model_named(registry, entry_name)).id == resource["status"]["id"]


async def test_an_update_changes_declared_fields_and_leaves_the_rest(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    space.apply(manifest("RegisteredModel", name, description="first"))
    entry_id = space.ready("RegisteredModel", name)["status"]["id"]
    await registry.upsert_registered_model(RegisteredModel(name, id=entry_id, provider="set by hand"))
    space.apply(manifest("RegisteredModel", name, description="second"))
    space.ready("RegisteredModel", name)
    entry = await model_named(registry, name)
    assert (entry.id, entry.description, entry.provider) == (entry_id, "second", "set by hand")


def _status_writers(resource: Manifest) -> dict[str, str]:
    """Return who wrote the status, and when."""
    written = [entry for entry in resource["metadata"]["managedFields"] if "subresource" in entry]
    return {entry["manager"]: entry["time"] for entry in written}


async def test_nothing_is_written_when_nothing_changes(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name, marker = unique("model"), unique("marker")
    space.apply(manifest("RegisteredModel", name, description="same", customProperties={"whole": {"double": 2}}))
    resource = space.ready("RegisteredModel", name)
    before = await model_named(registry, name)
    space.patch("RegisteredModel", name, {"metadata": {"labels": {"team": "a"}}})
    # Both pass through the same queue: once the later resource is ready, the label has been processed.
    space.apply(manifest("RegisteredModel", marker))
    space.ready("RegisteredModel", marker)
    after = await model_named(registry, name)
    assert after.last_update_time_since_epoch == before.last_update_time_since_epoch
    labelled = space.get("RegisteredModel", name)
    assert labelled["status"] == resource["status"]
    assert _status_writers(labelled) == _status_writers(resource)


async def test_deletion_archives_and_applying_again_restores_the_same_id(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    written = manifest("RegisteredModel", name, description="kept")
    space.apply(written)
    entry_id = space.ready("RegisteredModel", name)["status"]["id"]
    space.delete("RegisteredModel", name)
    space.wait_gone("RegisteredModel", name)
    archived = await model_named(registry, name)
    assert (archived.id, archived.state, archived.description) == (entry_id, "ARCHIVED", "kept")
    space.apply(written)
    restored = space.ready("RegisteredModel", name)
    assert restored["status"]["id"] == entry_id
    assert (await model_named(registry, name)).state == "LIVE"


async def test_an_orphaned_entry_stays_live(space: Namespace, registry: ModelRegistryAPIClient, unique: Unique) -> None:
    name = unique("model")
    space.apply(manifest("RegisteredModel", name, deletionPolicy="Orphan"))
    resource = space.ready("RegisteredModel", name)
    assert "finalizers" not in resource["metadata"]
    space.delete("RegisteredModel", name)
    space.wait_gone("RegisteredModel", name)
    assert (await model_named(registry, name)).state == "LIVE"


async def test_a_state_in_the_spec_is_kept(space: Namespace, registry: ModelRegistryAPIClient, unique: Unique) -> None:
    name = unique("model")
    space.apply(manifest("RegisteredModel", name, state="ARCHIVED"))
    assert space.ready("RegisteredModel", name)["status"]["state"] == "ARCHIVED"
    space.apply(manifest("RegisteredModel", name, description="an update keeps it", state="ARCHIVED"))
    space.ready("RegisteredModel", name)
    assert (await model_named(registry, name)).state == "ARCHIVED"
    space.apply(manifest("RegisteredModel", name, description="an update keeps it"))
    assert space.ready("RegisteredModel", name)["status"]["state"] == "LIVE"


def _version(name: str, model: str, **spec: object) -> Manifest:
    return manifest("ModelVersion", name, registeredModelRef={"name": model}, **spec)


async def test_children_may_be_applied_first(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, version, artifact = unique("model"), unique("version"), unique("artifact")
    space.apply(
        manifest("ModelArtifact", artifact, uri="s3://b/m.onnx", modelVersionRef={"name": version}),
        _version(version, model, author="ada"),
        manifest("RegisteredModel", model),
    )
    child = space.ready("ModelArtifact", artifact)
    parent = space.wait("ModelVersion", version, lambda found: "storageUri" in found["status"])
    grandparent = space.ready("RegisteredModel", model)
    assert parent["status"]["parentId"] == grandparent["status"]["id"]
    assert child["status"]["parentId"] == parent["status"]["id"]
    assert parent["status"]["storageUri"] == f"model-registry://{model}/{version}"
    assert parent["status"]["uri"] == "s3://b/m.onnx"
    entry = await registry.get_model_version_by_id(parent["status"]["id"])
    assert entry == ModelVersion(**{**entry.model_dump(), "author": "ada", "name": version}) if entry else False
    artifacts = await registry.get_model_version_artifacts(parent["status"]["id"])
    assert [(found.id, found.name, found.uri, found.state) for found in artifacts] == [
        (child["status"]["id"], artifact, "s3://b/m.onnx", "LIVE")
    ]


async def test_a_chain_is_archived_from_the_artifact_up_and_restored(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, version, artifact = unique("model"), unique("version"), unique("artifact")
    chain = [
        manifest("RegisteredModel", model),
        _version(version, model),
        manifest("ModelArtifact", artifact, uri="s3://b/m", modelVersionRef={"name": version}),
    ]
    names = {"RegisteredModel": model, "ModelVersion": version, "ModelArtifact": artifact}
    space.apply(*chain)
    ids = {kind: space.ready(kind, name)["status"]["id"] for kind, name in names.items()}
    # Parents first, as the deletion of a namespace may order it: no deletion of a child waits for its parent.
    for kind, name in names.items():
        space.delete(kind, name)
    for kind, name in names.items():
        space.wait_gone(kind, name)
    gone = await registry.get_artifact_by_id(ids["ModelArtifact"])
    assert gone is not None
    assert gone.state == "MARKED_FOR_DELETION"
    archived = await registry.get_model_version_by_id(ids["ModelVersion"])
    assert archived is not None
    assert archived.state == "ARCHIVED"
    space.apply(*chain)
    restored = {kind: space.ready(kind, name)["status"] for kind, name in names.items()}
    assert {kind: status["id"] for kind, status in restored.items()} == ids
    assert {status["state"] for status in restored.values()} == {"LIVE"}


async def test_the_state_of_an_artifact_is_left_alone_unless_it_means_deletion(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, version, artifact = unique("model"), unique("version"), unique("artifact")
    written = manifest("ModelArtifact", artifact, uri="s3://b/m", modelVersionRef={"name": version})
    space.apply(manifest("RegisteredModel", model), _version(version, model), written)
    entry_id = space.ready("ModelArtifact", artifact)["status"]["id"]
    for by_hand, expected in (("PENDING", "PENDING"), ("ABANDONED", "LIVE")):
        entry = await registry.get_artifact_by_id(entry_id)
        assert entry is not None
        await registry.upsert_artifact(type(entry)(artifact, id=entry_id, state=by_hand))
        space.patch("ModelArtifact", artifact, {"spec": {"description": f"after {by_hand}"}})
        assert space.ready("ModelArtifact", artifact)["status"]["state"] == expected
