"""Entries that an earlier resource of the same name has left behind, in other places of the registry."""

import pytest

from model_registry import ModelRegistryAPIClient
from tests.support.fixtures import Unique
from tests.support.resources import Namespace, manifest

pytestmark = pytest.mark.usefixtures("operator")


async def test_an_artifact_that_is_applied_again_for_another_version_is_made_there(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, one, two, name = unique("model"), unique("one"), unique("two"), unique("artifact")
    space.apply(manifest("RegisteredModel", model))
    for version in (one, two):
        space.apply(manifest("ModelVersion", version, registeredModelRef={"name": model}))
    space.apply(manifest("ModelArtifact", name, uri="s3://b/1", modelVersionRef={"name": one}))
    left = space.ready("ModelArtifact", name)["status"]
    space.delete("ModelArtifact", name)
    space.wait_gone("ModelArtifact", name)
    space.apply(manifest("ModelArtifact", name, uri="s3://b/2", modelVersionRef={"name": two}))
    status = space.ready("ModelArtifact", name)["status"]
    assert status["id"] != left["id"]
    assert [entry.id for entry in await registry.get_model_version_artifacts(status["parentId"])] == [status["id"]]
    before = await registry.get_artifact_by_id(left["id"])
    assert before is not None
    assert (before.uri, before.state) == ("s3://b/1", "MARKED_FOR_DELETION")


async def test_a_version_that_is_applied_again_for_another_model_gets_its_artifacts_there(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    one, two, version = unique("one"), unique("two"), unique("version")
    artifacts = [{"name": "weights", "uri": "s3://b/w"}]
    space.apply(manifest("RegisteredModel", one), manifest("RegisteredModel", two))
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": one}, artifacts=artifacts))
    left = space.ready("ModelVersion", version)["status"]
    space.delete("ModelVersion", version)
    space.wait_gone("ModelVersion", version)
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": two}, artifacts=artifacts))
    status = space.ready("ModelVersion", version)["status"]
    assert [entry.id for entry in await registry.get_model_version_artifacts(status["id"])] == [
        one["id"] for one in status["artifacts"]
    ]
    assert [entry.state for entry in await registry.get_model_version_artifacts(left["id"])] == ["MARKED_FOR_DELETION"]


async def test_deleting_the_second_leaves_what_the_first_was_to_leave(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    one, two, version = unique("one"), unique("two"), unique("version")
    artifacts = [{"name": "weights", "uri": "s3://b/w"}]
    space.apply(manifest("RegisteredModel", one), manifest("RegisteredModel", two))
    space.apply(
        manifest(
            "ModelVersion", version, registeredModelRef={"name": one}, artifacts=artifacts, deletionPolicy="Orphan"
        )
    )
    orphan = space.ready("ModelVersion", version)["status"]
    space.delete("ModelVersion", version)
    space.wait_gone("ModelVersion", version)
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": two}, artifacts=artifacts))
    status = space.ready("ModelVersion", version)["status"]
    space.delete("ModelVersion", version)
    space.wait_gone("ModelVersion", version)
    for version_id, states in ((orphan["id"], ("LIVE", "LIVE")), (status["id"], ("ARCHIVED", "MARKED_FOR_DELETION"))):
        entry = await registry.get_model_version_by_id(version_id)
        assert entry is not None
        [artifact] = await registry.get_model_version_artifacts(version_id)
        assert (entry.state, artifact.state) == states
