"""Entries that an earlier resource of the same name has left behind, elsewhere in the registry."""

import json

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelArtifact, ModelVersion, RegisteredModel
from tests.env.registry import EmbeddedServers
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Namespace, manifest


@pytest.mark.usefixtures("operator")
async def test_an_artifact_recreated_for_another_version_gets_an_entry_there(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, first, second, name = unique("model"), unique("first"), unique("second"), unique("artifact")
    space.apply(manifest("RegisteredModel", model))
    for version in (first, second):
        space.apply(manifest("ModelVersion", version, registeredModelRef={"name": model}))
    space.apply(manifest("ModelArtifact", name, uri="s3://b/1", modelVersionRef={"name": first}))
    left = space.ready("ModelArtifact", name)["status"]
    space.delete("ModelArtifact", name)
    space.wait_gone("ModelArtifact", name)
    space.apply(manifest("ModelArtifact", name, uri="s3://b/2", modelVersionRef={"name": second}))
    status = space.ready("ModelArtifact", name)["status"]
    assert status["id"] != left["id"]
    assert [entry.id for entry in await registry.get_model_version_artifacts(status["parentId"])] == [status["id"]]
    before = await registry.get_artifact_by_id(left["id"])
    assert before is not None
    assert (before.uri, before.state) == ("s3://b/1", "MARKED_FOR_DELETION")


@pytest.mark.usefixtures("operator")
async def test_a_version_recreated_for_another_model_gets_its_artifacts_there(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    first, second, version = unique("first"), unique("second"), unique("version")
    artifacts = [{"name": "weights", "uri": "s3://b/w"}]
    space.apply(manifest("RegisteredModel", first), manifest("RegisteredModel", second))
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": first}, artifacts=artifacts))
    left = space.ready("ModelVersion", version)["status"]
    space.delete("ModelVersion", version)
    space.wait_gone("ModelVersion", version)
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": second}, artifacts=artifacts))
    status = space.ready("ModelVersion", version)["status"]
    assert [entry.id for entry in await registry.get_model_version_artifacts(status["id"])] == [
        artifact["id"] for artifact in status["artifacts"]
    ]
    assert [entry.state for entry in await registry.get_model_version_artifacts(left["id"])] == ["MARKED_FOR_DELETION"]


@pytest.mark.usefixtures("operator")
async def test_deleting_the_second_version_leaves_the_orphan_of_the_first(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    first, second, version = unique("first"), unique("second"), unique("version")
    artifacts = [{"name": "weights", "uri": "s3://b/w"}]
    space.apply(manifest("RegisteredModel", first), manifest("RegisteredModel", second))
    space.apply(
        manifest(
            "ModelVersion", version, registeredModelRef={"name": first}, artifacts=artifacts, deletionPolicy="Orphan"
        )
    )
    orphan = space.ready("ModelVersion", version)["status"]
    space.delete("ModelVersion", version)
    space.wait_gone("ModelVersion", version)
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": second}, artifacts=artifacts))
    status = space.ready("ModelVersion", version)["status"]
    space.delete("ModelVersion", version)
    space.wait_gone("ModelVersion", version)
    for version_id, states in ((orphan["id"], ("LIVE", "LIVE")), (status["id"], ("ARCHIVED", "MARKED_FOR_DELETION"))):
        entry = await registry.get_model_version_by_id(version_id)
        assert entry is not None
        [artifact] = await registry.get_model_version_artifacts(version_id)
        assert (entry.state, artifact.state) == states


async def test_a_reset_registry_gets_parents_and_children_again(
    own_space: Namespace,
    start_operator: StartOperator,
    embedded_registry: EmbeddedServers,
) -> None:
    """The IDs in the status are void, or belong to other entries; no child waits for a parent that no longer exists."""
    server = embedded_registry()
    operator = start_operator(server.url, own_space)
    own_space.apply(
        manifest("RegisteredModel", "model"),
        manifest(
            "ModelVersion",
            "version",
            registeredModelRef={"name": "model"},
            artifacts=[{"name": "inline", "uri": "s3://b/i"}],
        ),
        manifest("ModelArtifact", "own", uri="s3://b/o", modelVersionRef={"name": "version"}),
    )
    before = own_space.ready("ModelArtifact", "own")["status"]
    own_space.ready("ModelVersion", "version")
    operator.stop()
    server.stop()
    for file in server.database.parent.glob(f"{server.database.name}*"):
        file.unlink()
    server.start()
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        for number in range(3):
            await registry.upsert_registered_model(RegisteredModel(f"other {number}"))
        operator.start()
        own_space.wait("ModelArtifact", "own", lambda resource: resource["status"]["parentId"] != before["parentId"])
        model, version, artifact = (
            own_space.ready(kind, name)["status"]
            for kind, name in (("RegisteredModel", "model"), ("ModelVersion", "version"), ("ModelArtifact", "own"))
        )
        assert (version["parentId"], artifact["parentId"]) == (model["id"], version["id"])
        entry = await registry.get_model_version_by_id(version["id"])
        assert entry is not None
        assert (entry.name, entry.registered_model_id) == ("version", model["id"])
        found = {artifact.name: artifact.id for artifact in await registry.get_model_version_artifacts(version["id"])}
        assert found == {"inline": version["artifacts"][0]["id"], "own": artifact["id"]}


@pytest.mark.usefixtures("operator")
async def test_a_version_recreated_for_another_model_releases_its_old_entry(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    first, second, holder, successor = unique("first"), unique("second"), unique("holder"), unique("successor")
    for model in (first, second):
        space.apply(manifest("RegisteredModel", model))
    spec = {"name": "1.0", "deletionPolicy": "Orphan", "artifacts": [{"name": "weights", "uri": "s3://b/1"}]}
    space.apply(manifest("ModelVersion", holder, registeredModelRef={"name": first}, **spec))
    left = space.ready("ModelVersion", holder)["status"]["id"]
    space.delete("ModelVersion", holder)
    space.wait_gone("ModelVersion", holder)
    space.apply(manifest("ModelVersion", holder, registeredModelRef={"name": second}, **spec))
    assert space.ready("ModelVersion", holder)["status"]["id"] != left
    # The stamps on the old entries still name the holder, which exists and declares entries of those names.
    space.apply(manifest("ModelVersion", successor, registeredModelRef={"name": first}, **spec))
    status = space.ready("ModelVersion", successor)["status"]
    assert status["id"] == left
    assert len(await registry.get_model_version_artifacts(left)) == 1
    entry = await registry.get_model_version_by_id(left)
    assert entry is not None
    stamp = (entry.custom_properties or {})["model-registrar.dev/owner"]
    assert str(stamp).endswith(f"/{space.name}/{successor}")


@pytest.mark.parametrize("is_there", [True, False], ids=["in its version", "in another"])
async def test_an_artifact_without_a_stamp_is_retired_only_in_its_version(
    own_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
    is_there: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    operator = start_operator(registry_url, own_space)
    own_space.apply(manifest("RegisteredModel", unique("model")))
    ref = {"registeredModelRef": {"name": unique("model")}}
    own_space.apply(manifest("ModelVersion", unique("version"), **ref))
    name = unique("artifact")
    spec = {"uri": "s3://b/1", "modelVersionRef": {"name": unique("version")}, "deletionPolicy": "Archive"}
    own_space.apply(manifest("ModelArtifact", name, **spec))
    status = own_space.ready("ModelArtifact", name)["status"]
    other = await registry.upsert_registered_model(RegisteredModel(unique("other")))
    version = await registry.upsert_model_version(ModelVersion("1"), str(other.id))
    stranger = await registry.upsert_model_version_artifact(ModelArtifact(name, uri="s3://b/2"), str(version.id))
    operator.stop()
    # As after a reset of the database: the ID belongs to another artifact, which has no stamp.
    entry_id = status["id"] if is_there else stranger.id
    await registry.upsert_model_artifact(ModelArtifact(name, id=status["id"], custom_properties={}))
    patch = json.dumps({"status": {"id": entry_id}})
    own_space.cluster.run_kubectl(
        "patch", "martifact", name, "--namespace", own_space.name, "--subresource=status", "--type=merge", "-p", patch
    )
    own_space.delete("ModelArtifact", name)
    operator.start()
    own_space.wait_gone("ModelArtifact", name)
    found = await registry.get_artifact_by_id(str(entry_id))
    assert found is not None
    assert (found.state == "MARKED_FOR_DELETION") == is_there
