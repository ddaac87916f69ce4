"""References to parents: to resources from memory, to entries of other writers from a real registry."""

import math
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelVersion, RegisteredModel, RegistryEntry
from registrar.api.bodies import ResourceKey
from registrar.api.conditions import Reason
from registrar.cluster.cache import ResourceCache
from registrar.kinds.base import EntryKind, Identity
from registrar.kinds.model_version import MODEL_VERSION
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.planning.problems import Disposition, ReconcileError
from registrar.reconcile.memory import Memory
from registrar.reconcile.resolve import EXTERNAL_REQUEUE_SECONDS, follow_parent, resolve_parent
from registrar.reconcile.resource import read_resource
from registrar.registries.kubeflow.backend import KubeflowBackend
from registrar.registries.registry import Registry
from registrar.registries.view import EntryView
from tests.unit.build import OWNER_ID, body, identity, model_key, open_gate, stamp

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
        follow_parent(declared, self.memory)
        return await resolve_parent(declared, known, self.memory, self.registry)

    async def refused(self, kind: str, name: str, known: str | None = None, **parts: Any) -> ReconcileError:
        with pytest.raises(ReconcileError) as refusal:
            await self.resolve(kind, name, known, **parts)
        return refusal.value


@pytest.fixture
async def world(registry_url: str) -> AsyncIterator[World]:
    async with ModelRegistryAPIClient.connect(registry_url) as client:
        registry = Registry(KubeflowBackend(client), registry_url, OWNER_ID)
        yield World(client, registry, Memory(ResourceCache(), open_gate(), registry.view.leave))


@pytest.fixture
def name() -> str:
    return f"resolve-{uuid.uuid4().hex[:8]}"


async def test_a_model_has_no_parent(world: World) -> None:
    assert await world.resolve("RegisteredModel", "fraud") is None


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
    assert "Waiting for RegisteredModel team/fraud to get an ID" in error.problem.message
    # A paused parent, or one of a registry that was replaced, shows an ID that proves nothing.
    world.memory.cache.put(body(version=2, status={"id": "3"}))
    error = await world.refused("ModelVersion", "v1")
    assert "Waiting for RegisteredModel team/fraud: the operator has not found its entry 3" in error.problem.message
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
        assert found == world.registry.identity_of(REGISTERED_MODEL.entry, model)
    for reference in ({"id": version.id}, {"registeredModelName": name, "name": name}):
        found = await world.resolve("ModelArtifact", "a", None, modelVersionRef={"external": reference})
        assert found == world.registry.identity_of(MODEL_VERSION.entry, version)


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
    found = world.registry.identity_of(REGISTERED_MODEL.entry, model)
    assert await world.resolve("ModelVersion", "v1", None, **reference) == found


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


async def test_a_parent_that_was_proved_before_the_epoch_ended_has_to_be_proved_again(world: World) -> None:
    """After a reset its ID can belong to another entry, of another kind even."""
    world.memory.cache.put(body())
    world.memory.identify(model_key(), identity("7"))
    world.registry.end_epoch()
    error = await world.refused("ModelVersion", "v1")
    assert error.problem.disposition is Disposition.WAITING
    again = replace(identity("7"), epoch=world.registry.epoch)
    world.memory.identify(model_key(), again)
    assert await world.resolve("ModelVersion", "v1") == again


@pytest.mark.parametrize("successor", ["another name", "another creation time", "another kind", "nothing"])
async def test_nothing_is_written_below_an_entry_that_is_another_one_now(
    world: World, name: str, successor: str
) -> None:
    model = await world.client.upsert_registered_model(RegisteredModel(name))
    parent = world.registry.identity_of(REGISTERED_MODEL.entry, model)
    await world.registry.confirm(parent)
    if successor == "another kind":
        version = await world.client.upsert_model_version(ModelVersion(name), model.id)
        parent = replace(parent, id=str(version.id))
    changes = {"another name": {"name": "other"}, "another creation time": {"created": "1"}, "nothing": {"id": ABSENT}}
    epoch = world.registry.epoch
    world.registry.view = EntryView(OWNER_ID)
    with pytest.raises(ReconcileError) as refused:
        await world.registry.confirm(replace(parent, **changes.get(successor, {})))  # type: ignore[arg-type]  # a table
    assert refused.value.problem.disposition is Disposition.WAITING
    assert (world.registry.epoch, world.registry.loaded) == (epoch + 1, False)


async def test_a_parent_is_read_at_most_once_a_second(world: World, name: str) -> None:
    model = await world.client.upsert_registered_model(RegisteredModel(name))
    parent = world.registry.identity_of(REGISTERED_MODEL.entry, model)
    clock = [0.0]
    world.registry.view = EntryView(OWNER_ID, lambda: clock[0])
    reads = 0
    read = world.registry.backend.get

    async def counted(kind: EntryKind, entry_id: str) -> RegistryEntry | None:
        nonlocal reads
        reads += 1
        return await read(kind, entry_id)

    world.registry.backend.get = counted  # type: ignore[method-assign]  # counts, and reads for real
    for clock[0], expected in ((0.0, 1), (0.9, 1), (2.0, 2)):
        await world.registry.confirm(parent)
        assert reads == expected


async def test_an_answer_about_another_entry_under_the_id_proves_nothing(world: World, name: str) -> None:
    """The parent's own reconcile may have read its ID just after a reset, and found a stranger's entry there."""
    model = await world.client.upsert_registered_model(RegisteredModel(name))
    parent = world.registry.identity_of(REGISTERED_MODEL.entry, model)
    for changed in ({"name": "other"}, {"create_time_since_epoch": "1"}):
        world.registry.view.keep(model.model_copy(update=changed))
        assert world.registry.view.seconds_since_answer(parent) == math.inf
        await world.registry.confirm(parent)
        assert world.registry.view.seconds_since_answer(parent) < 1
