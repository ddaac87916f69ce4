"""References to parents: to resources from memory, to entries of other writers from a real registry."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelVersion, RegisteredModel
from registrar.api.bodies import ResourceKey
from registrar.api.conditions import Reason
from registrar.cluster.cache import ResourceCache
from registrar.kinds.base import Identity
from registrar.planning.problems import Disposition, ReconcileError
from registrar.reconcile.memory import Memory
from registrar.reconcile.resolve import EXTERNAL_REQUEUE_SECONDS, resolve_parent
from registrar.reconcile.resource import read_resource
from registrar.registries.kubeflow.backend import KubeflowBackend
from registrar.registries.registry import Registry
from tests.unit.build import OWNER_ID, RecordingQueue, body, identity, model_key, stamp

VERSION = ResourceKey("ModelVersion", "team", "v1")
ABSENT = "2147483646"


@dataclass(frozen=True)
class World:
    """A registry, and what is known of the cluster."""

    client: ModelRegistryAPIClient
    registry: Registry
    memory: Memory

    async def resolve(self, kind: str, name: str, known: str | None = None, **parts: Any) -> Identity | None:
        declared = read_resource(body(kind, name, **parts)).require_spec()
        return await resolve_parent(declared, known, self.memory, self.registry)

    async def refused(self, kind: str, name: str, known: str | None = None, **parts: Any) -> ReconcileError:
        with pytest.raises(ReconcileError) as refusal:
            await self.resolve(kind, name, known, **parts)
        return refusal.value


@pytest.fixture
async def world(registry_url: str) -> AsyncIterator[World]:
    async with ModelRegistryAPIClient.connect(registry_url) as client:
        registry = Registry(KubeflowBackend(client), registry_url, OWNER_ID)
        yield World(client, registry, Memory(ResourceCache(), RecordingQueue(), registry.view.unpin))


@pytest.fixture
def name() -> str:
    return f"resolve-{uuid.uuid4().hex[:8]}"


async def test_a_model_has_no_parent(world: World) -> None:
    assert await world.resolve("RegisteredModel", "fraud") == identity("", None)


async def test_a_parent_resource_is_found_in_memory(world: World) -> None:
    world.memory.cache.put(body())
    world.memory.identify(model_key(), identity("7"))
    assert await world.resolve("ModelVersion", "v1") == identity("7")
    assert await world.resolve("ModelVersion", "v1", "7") == identity("7")


async def test_a_child_waits_for_its_parent_and_is_woken_when_that_has_an_id(world: World) -> None:
    error = await world.refused("ModelVersion", "v1")
    assert (error.problem.disposition, error.problem.reason) == (
        Disposition.WAITING,
        Reason.WAITING_FOR_REGISTERED_MODEL,
    )
    assert "RegisteredModel team/fraud does not exist" in error.problem.message
    assert error.problem.requeue_after is None
    world.memory.cache.put(body())
    error = await world.refused("ModelVersion", "v1")
    assert "RegisteredModel team/fraud has no ID yet" in error.problem.message
    assert world.memory.dependencies.identify(model_key(), identity("7")) == {VERSION}
    error = await world.refused("ModelArtifact", "weights")
    assert (error.problem.disposition, error.problem.reason) == (Disposition.WAITING, Reason.WAITING_FOR_MODEL_VERSION)


async def test_a_vanished_parent_changes_nothing_for_an_entry_that_exists(world: World, name: str) -> None:
    model = await world.client.upsert_registered_model(RegisteredModel(name))
    version = await world.client.upsert_model_version(ModelVersion("v1"), model.id)
    status = {"id": version.id, "parentId": model.id, "observedGeneration": 1}
    assert await world.resolve("ModelVersion", "v1", model.id, status=status) == identity(str(model.id), None)
    world.memory.cache.put(body())
    assert (
        await world.refused("ModelVersion", "v1", model.id, status=status)
    ).problem.disposition is Disposition.WAITING


async def test_the_id_of_a_vanished_parent_proves_nothing_for_an_entry_that_is_gone(world: World) -> None:
    status = {"id": ABSENT, "parentId": "7", "observedGeneration": 1}
    error = await world.refused("ModelVersion", "v1", "7", status=status)
    assert "RegisteredModel team/fraud does not exist" in error.problem.message


async def test_an_external_parent_is_found_by_id_and_by_name(world: World, name: str) -> None:
    model = await world.client.upsert_registered_model(RegisteredModel(name))
    version = await world.client.upsert_model_version(ModelVersion(name), model.id)
    for reference in ({"id": model.id}, {"name": name}):
        found = await world.resolve("ModelVersion", "v1", None, registeredModelRef={"external": reference})
        assert found == identity(str(model.id), name)
    for reference in ({"id": version.id}, {"registeredModelName": name, "name": name}):
        found = await world.resolve("ModelArtifact", "a", None, modelVersionRef={"external": reference})
        assert found == identity(str(version.id), name)


@pytest.mark.parametrize(
    ("kind", "field", "reference", "message"),
    [
        ("ModelVersion", "registeredModelRef", {"id": ABSENT}, f"no RegisteredModel with id '{ABSENT}'"),
        ("ModelVersion", "registeredModelRef", {"name": "no such"}, "no RegisteredModel with name 'no such'"),
        ("ModelArtifact", "modelVersionRef", {"id": ABSENT}, f"no ModelVersion with id '{ABSENT}'"),
        (
            "ModelArtifact",
            "modelVersionRef",
            {"registeredModelName": "no such", "name": "v"},
            "no ModelVersion with registeredModelName 'no such', name 'v'",
        ),
    ],
)
async def test_a_missing_external_parent_is_looked_up_again_later(
    world: World, kind: str, field: str, reference: dict[str, str], message: str
) -> None:
    error = await world.refused(kind, "child", None, **{field: {"external": reference}})
    assert error.problem.disposition is Disposition.WAITING
    assert error.problem.requeue_after == EXTERNAL_REQUEUE_SECONDS
    assert message in error.problem.message


async def test_loading_the_view_drops_what_is_known_of_external_parents(world: World, name: str) -> None:
    model = await world.client.upsert_registered_model(RegisteredModel(name))
    reference = {"registeredModelRef": {"external": {"name": name}}}
    await world.resolve("ModelVersion", "v1", None, **reference)
    world.registry._external[("RegisteredModel", "", name)] = identity("1", "stale")
    assert await world.resolve("ModelVersion", "v1", None, **reference) == identity("1", "stale")
    await world.registry.load()
    assert await world.resolve("ModelVersion", "v1", None, **reference) == identity(str(model.id), name)


async def test_an_entry_cannot_move_to_another_parent(world: World, name: str) -> None:
    model = await world.client.upsert_registered_model(RegisteredModel(name))
    version = await world.client.upsert_model_version(
        ModelVersion("v1", custom_properties=stamp(reference="team/v1")), model.id
    )
    world.memory.cache.put(body())
    world.memory.identify(model_key(), identity(ABSENT))
    status = {"id": version.id, "parentId": model.id, "observedGeneration": 1}
    error = await world.refused("ModelVersion", "v1", model.id, status=status)
    assert (error.problem.disposition, error.problem.reason) == (Disposition.TERMINAL, Reason.PARENT_CHANGED)
    assert ABSENT in error.problem.message
    assert str(model.id) in error.problem.message


async def test_an_entry_that_is_gone_may_be_created_under_another_parent(world: World) -> None:
    """A registry that was reset gives parents new IDs, and has no entry that would have to move."""
    world.memory.cache.put(body())
    world.memory.identify(model_key(), identity("7"))
    status = {"id": ABSENT, "parentId": "2147483645", "observedGeneration": 1}
    assert await world.resolve("ModelVersion", "v1", "2147483645", status=status) == identity("7")
