"""A registry that is reset, restored or moved while the operator runs: every tree is right, no stranger is touched."""

import asyncio
import shutil

import pytest

from devcluster.embedded_registry import EmbeddedRegistry
from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelArtifact, ModelVersion, RegisteredModel
from tests.env.registry import EmbeddedServers
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Manifest, Namespace, has_reason, is_ready, manifest

SOON = "--feed-interval=0.3"
LETTERS = ("a", "b", "c")
Trees = dict[str, dict[str, list[str]]]
"""Names of artifacts by version's name, by model's name."""


def family(prefix: str, letter: str) -> list[Manifest]:
    """A model, a version and a document of it: artifacts, versions, then the model, as Helm and Argo CD sort."""
    model, version = f"{prefix}-m{letter}", f"{prefix}-v{letter}"
    artifact = {"name": "weights", "uri": f"s3://models/{letter}"}
    return [
        manifest(
            "ModelVersion", version, name="v1", registeredModelRef={"name": model}, artifacts=[artifact], author=letter
        ),
        manifest("RegisteredModel", model, description=letter),
    ]


async def trees(registry: ModelRegistryAPIClient) -> Trees:
    """What is below each model of the registry."""
    return {
        str(model.name): {
            f"{version.name} by {version.author}": sorted(
                str(artifact.uri) for artifact in await registry.get_model_version_artifacts(str(version.id))
            )
            for version in await registry.get_model_versions(str(model.id))
        }
        for model in await registry.get_registered_models()
    }


def right_trees(prefix: str) -> Trees:
    """What the manifests of all families declare."""
    return {f"{prefix}-m{letter}": {f"v1 by {letter}": [f"s3://models/{letter}"]} for letter in LETTERS}


def reset(server: EmbeddedRegistry) -> None:
    """Empty the database under the running operator."""
    server.stop()
    for file in server.database.parent.glob(f"{server.database.name}*"):
        file.unlink()


async def until_trees(url: str, expected: Trees) -> None:
    async with ModelRegistryAPIClient.connect(url) as registry:
        found: Trees = {}
        for _ in range(300):
            found = await trees(registry)
            if found == expected:
                return
            await asyncio.sleep(0.1)
        assert found == expected


@pytest.mark.parametrize("interval", ["0.3", "3600"], ids=["seen by the feed", "met by a change before the feed"])
async def test_after_a_reset_every_child_is_below_its_own_parent(
    own_space: Namespace,
    start_operator: StartOperator,
    embedded_registry: EmbeddedServers,
    unique: Unique,
    interval: str,
) -> None:
    server, prefix = embedded_registry(), unique("reset")
    start_operator(server.url, own_space, f"--feed-interval={interval}")
    for letter in LETTERS:
        own_space.apply(*family(prefix, letter))
        own_space.ready("ModelVersion", f"{prefix}-v{letter}")
    reset(server)
    server.start()
    # In another order, so that the same IDs belong to other entries.
    for letter in reversed(LETTERS):
        patch = {"spec": {"customProperties": {"touched": letter}}}
        own_space.patch("ModelVersion", f"{prefix}-v{letter}", patch)
        own_space.patch("RegisteredModel", f"{prefix}-m{letter}", patch)
    await until_trees(server.url, right_trees(prefix))
    for letter in LETTERS:
        own_space.ready("RegisteredModel", f"{prefix}-m{letter}")
        own_space.ready("ModelVersion", f"{prefix}-v{letter}")


async def test_a_restored_registry_in_which_strangers_took_the_ids(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers, unique: Unique
) -> None:
    server, prefix = embedded_registry(), unique("restore")
    start_operator(server.url, own_space, SOON)
    own_space.apply(*family(prefix, "a"))
    own_space.ready("ModelVersion", f"{prefix}-va")
    server.stop()
    backup = server.database.with_suffix(".backup")
    shutil.copy(server.database, backup)
    server.start()
    for letter in ("b", "c"):
        own_space.apply(*family(prefix, letter))
        own_space.ready("ModelVersion", f"{prefix}-v{letter}")
    reset(server)
    shutil.copy(backup, server.database)
    server.start()
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        stranger = await registry.upsert_registered_model(RegisteredModel("zz1", description="theirs"))
        version = await registry.upsert_model_version(ModelVersion("v1", author="theirs"), str(stranger.id))
        await until_trees(server.url, {**right_trees(prefix), "zz1": {"v1 by theirs": []}})
        assert await registry.get_registered_model_by_id(str(stranger.id)) == stranger
        assert await registry.get_model_version_by_id(str(version.id)) == version


async def test_the_same_database_under_another_address(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers, unique: Unique
) -> None:
    """Among them more than ten artifacts, which no list by parent proves; and one field leaves a spec meanwhile."""
    server, prefix = embedded_registry(), unique("moved")
    operator = start_operator(server.url, own_space, SOON)
    resources = [*family(prefix, "a")]
    resources += [
        manifest("ModelArtifact", f"{prefix}-{n}", uri=f"s3://{n}", modelVersionRef={"name": f"{prefix}-va"})
        for n in range(12)
    ]
    own_space.apply(*resources)
    keys = [(resource["kind"], resource["metadata"]["name"]) for resource in resources]
    before = {key: own_space.ready(*key)["status"] for key in keys}
    operator.stop()
    own_space.patch("RegisteredModel", f"{prefix}-ma", {"spec": {"description": None}})
    start_operator(server.url.replace("127.0.0.1", "localhost"), own_space, SOON)
    for key in keys:
        status = own_space.wait(*key, lambda found: is_ready(found) and "localhost" in found["status"]["registryUrl"])[
            "status"
        ]
        assert status["id"] == before[key]["id"]
        if key[0] == "ModelArtifact":
            assert status["lastSyncTime"] == before[key]["lastSyncTime"], "nothing was written"
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        model = await registry.get_registered_model_by_params(name=f"{prefix}-ma")
        assert model is not None
        assert not model.description


async def test_another_database_at_the_start_in_which_strangers_have_the_ids_of_vanished_parents(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers, unique: Unique
) -> None:
    """The parent's ID in a status proves nothing there: neither the version nor the artifact is the resource's."""
    server, name = embedded_registry(), unique("gone")
    operator = start_operator(server.url, own_space, SOON)
    below, vanishing = {"registeredModelRef": {"name": name}}, f"{name}-vanishing"
    resources = [
        manifest("RegisteredModel", name),
        manifest("ModelVersion", name, name="v1", author="ours", **below),
        manifest("ModelVersion", vanishing, name="v2", **below),
        manifest("ModelArtifact", name, name="weights", uri="s3://ours", modelVersionRef={"name": vanishing}),
    ]
    for resource in resources:
        own_space.apply(resource)
        own_space.ready(resource["kind"], resource["metadata"]["name"])
    statuses = {kind: own_space.get(kind, name)["status"] for kind in ("ModelVersion", "ModelArtifact")}
    for kind, parent in (("ModelVersion", vanishing), ("RegisteredModel", name)):
        own_space.delete(kind, parent)
        own_space.wait_gone(kind, parent)
    operator.stop()
    reset(server)
    server.start()
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        # As in the first database, by other people: a model, two versions, and an artifact below the second one.
        model = await registry.upsert_registered_model(RegisteredModel("theirs"))
        first = await registry.upsert_model_version(ModelVersion("v1", author="theirs"), str(model.id))
        second = await registry.upsert_model_version(ModelVersion("v2", author="theirs"), str(model.id))
        weights = await registry.upsert_model_version_artifact(
            ModelArtifact("weights", uri="s3://theirs"), str(second.id)
        )
        assert [(status["id"], status["parentId"]) for status in statuses.values()] == [
            (first.id, model.id),
            (weights.id, second.id),
        ]
        start_operator(server.url, own_space, SOON)
        for kind, reason in (
            ("ModelVersion", "WaitingForRegisteredModel"),
            ("ModelArtifact", "WaitingForModelVersion"),
        ):
            own_space.wait(kind, name, has_reason(reason))
        assert await registry.get_model_version_by_id(str(first.id)) == first
        assert await registry.get_model_version_artifacts(str(second.id)) == [weights]
