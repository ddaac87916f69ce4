"""A parent that is deleted and created again while its children stay."""

import pytest

from model_registry import ModelRegistryAPIClient
from tests.support.fixtures import Unique
from tests.support.resources import Manifest, Namespace, condition, has_reason, is_ready, manifest

pytestmark = pytest.mark.usefixtures("operator")


def _family(model: str, version: str, artifact: str) -> tuple[Manifest, Manifest, Manifest]:
    return (
        manifest("RegisteredModel", model, description="d"),
        manifest("ModelVersion", version, registeredModelRef={"name": model}, author="me"),
        manifest("ModelArtifact", artifact, modelVersionRef={"name": version}, uri="s3://b/a"),
    )


@pytest.mark.parametrize("stripped", [False, True], ids=["archived", "finalizer stripped"])
async def test_recreated_parents_find_their_children_unchanged(
    space: Namespace,
    registry: ModelRegistryAPIClient,
    unique: Unique,
    stripped: bool,  # noqa: FBT001 - a table
) -> None:
    names = {"RegisteredModel": unique("model"), "ModelVersion": unique("version"), "ModelArtifact": unique("artifact")}
    family = _family(*names.values())
    space.apply(*family)
    before = {kind: space.ready(kind, name) for kind, name in names.items()}
    artifact = await registry.get_artifact_by_id(before["ModelArtifact"]["status"]["id"])
    for kind in ("RegisteredModel", "ModelVersion"):
        if stripped:
            space.patch(kind, names[kind], {"spec": {"deletionPolicy": "Orphan"}})
            space.wait(kind, names[kind], lambda resource: not resource["metadata"].get("finalizers"))
        space.delete(kind, names[kind])
        space.wait_gone(kind, names[kind])
    # A change of the child is reconciled without its parent.
    space.patch("ModelArtifact", names["ModelArtifact"], {"metadata": {"labels": {"seen": "yes"}}})
    space.apply(*family[:2])
    for kind in ("RegisteredModel", "ModelVersion"):
        again = space.ready(kind, names[kind])
        assert again["metadata"]["uid"] != before[kind]["metadata"]["uid"]
        assert again["status"]["id"] == before[kind]["status"]["id"]
    child = space.ready("ModelArtifact", names["ModelArtifact"])
    assert child["status"] == before["ModelArtifact"]["status"]
    assert await registry.get_artifact_by_id(child["status"]["id"]) == artifact
    version = await registry.get_model_version_by_id(before["ModelVersion"]["status"]["id"])
    assert version is not None
    assert version.state == "LIVE"


async def test_a_parent_recreated_for_another_entry_does_not_move_its_child(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, version, other = unique("model"), unique("version"), unique("other")
    parent, child, _ = _family(model, version, "unused")
    space.apply(parent, child)
    before = space.ready("ModelVersion", version)["status"]
    entry = await registry.get_model_version_by_id(before["id"])
    space.delete("RegisteredModel", model)
    space.wait_gone("RegisteredModel", model)
    space.apply(manifest("RegisteredModel", model, name=other))
    space.ready("RegisteredModel", model)
    stalled = space.wait("ModelVersion", version, has_reason("ParentChanged"))
    assert condition(stalled, "Stalled")["status"] == "True"
    assert f"this entry belongs to {before['parentId']}" in condition(stalled, "Ready")["message"]
    assert (stalled["status"]["id"], stalled["status"]["parentId"]) == (before["id"], before["parentId"])
    assert await registry.get_model_version_by_id(before["id"]) == entry
    # The former name repairs it.
    space.delete("RegisteredModel", model)
    space.wait_gone("RegisteredModel", model)
    space.apply(parent)
    healed = space.wait("ModelVersion", version, is_ready)
    assert (healed["status"]["id"], healed["status"]["parentId"]) == (before["id"], before["parentId"])
    assert await registry.get_model_version_by_id(before["id"]) == entry
