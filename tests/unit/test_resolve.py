"""References to parents: of resources from memory, of entries made elsewhere from a real registry."""

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
from registrar.reconcile.resolve import EXTERNAL_REQUEUE_SECONDS, NO_PARENT, resolve_parent
from registrar.reconcile.resource import parse
from registrar.registries.registry import Registry
from tests.unit.build import OWNER_ID, body, model_key, stamp

VERSION = ResourceKey("ModelVersion", "team", "v1")
ABSENT = "2147483646"


@dataclass(frozen=True)
class World:
    """A registry, and what is known of the cluster."""

    client: ModelRegistryAPIClient
    registry: Registry
    resources: ResourceCache

    async def resolve(self, kind: str, name: str, known: str | None = None, **parts: Any) -> Identity:
        return await resolve_parent(parse(body(kind, name, **parts)), known, self.resources, self.registry)

    async def refused(self, kind: str, name: str, known: str | None = None, **parts: Any) -> ReconcileError:
        with pytest.raises(ReconcileError) as refusal:
            await self.resolve(kind, name, known, **parts)
        return refusal.value


@pytest.fixture
async def world(registry_url: str) -> AsyncIterator[World]:
    async with ModelRegistryAPIClient.connect(registry_url) as client:
        yield World(client, Registry(client, registry_url, OWNER_ID), ResourceCache())


@pytest.fixture
def name() -> str:
    return f"resolve-{uuid.uuid4().hex[:8]}"


async def test_a_model_has_no_parent(world: World) -> None:
    assert await world.resolve("RegisteredModel", "fraud") is NO_PARENT


async def test_a_parent_resource_is_found_in_memory(world: World) -> None:
    world.resources.put(body())
    world.resources.identify(model_key(), Identity("7", "fraud"))
    assert await world.resolve("ModelVersion", "v1") == Identity("7", "fraud")
    assert await world.resolve("ModelVersion", "v1", "7") == Identity("7", "fraud")


async def test_a_child_waits_for_its_parent_and_is_told_when_it_is_there(world: World) -> None:
    error = await world.refused("ModelVersion", "v1")
    assert (error.problem.disposition, error.problem.reason) == (
        Disposition.WAITING,
        Reason.WAITING_FOR_REGISTERED_MODEL,
    )
    assert "There is no RegisteredModel team/fraud" in error.problem.message
    assert error.problem.requeue_after is None
    world.resources.put(body())
    error = await world.refused("ModelVersion", "v1")
    assert "RegisteredModel team/fraud has no ID yet" in error.problem.message
    assert world.resources.identify(model_key(), Identity("7", "fraud")) == {VERSION}
    error = await world.refused("ModelArtifact", "weights")
    assert (error.problem.disposition, error.problem.reason) == (Disposition.WAITING, Reason.WAITING_FOR_MODEL_VERSION)


async def test_a_parent_that_vanished_changes_nothing_for_an_entry_that_is_there(world: World, name: str) -> None:
    model = await world.client.upsert_registered_model(RegisteredModel(name))
    version = await world.client.upsert_model_version(ModelVersion("v1"), model.id)
    status = {"id": version.id, "parentId": model.id, "observedGeneration": 1}
    assert await world.resolve("ModelVersion", "v1", model.id, status=status) == Identity(str(model.id), None)
    world.resources.put(body())
    assert (
        await world.refused("ModelVersion", "v1", model.id, status=status)
    ).problem.disposition is Disposition.WAITING


async def test_a_vanished_parents_id_is_no_proof_for_an_entry_that_is_gone(world: World) -> None:
    status = {"id": ABSENT, "parentId": "7", "observedGeneration": 1}
    error = await world.refused("ModelVersion", "v1", "7", status=status)
    assert "There is no RegisteredModel team/fraud" in error.problem.message


async def test_an_external_parent_is_found_by_id_and_by_name(world: World, name: str) -> None:
    model = await world.client.upsert_registered_model(RegisteredModel(name))
    version = await world.client.upsert_model_version(ModelVersion(name), model.id)
    for reference in ({"id": model.id}, {"name": name}):
        found = await world.resolve("ModelVersion", "v1", None, registeredModelRef={"external": reference})
        assert found == Identity(str(model.id), name)
    for reference in ({"id": version.id}, {"registeredModelName": name, "name": name}):
        found = await world.resolve("ModelArtifact", "a", None, modelVersionRef={"external": reference})
        assert found == Identity(str(version.id), name)


@pytest.mark.parametrize(
    ("kind", "field", "reference", "told"),
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
async def test_an_external_parent_that_is_not_there_is_looked_for_again(
    world: World, kind: str, field: str, reference: dict[str, str], told: str
) -> None:
    error = await world.refused(kind, "child", None, **{field: {"external": reference}})
    assert error.problem.disposition is Disposition.WAITING
    assert error.problem.requeue_after == EXTERNAL_REQUEUE_SECONDS
    assert told in error.problem.message


async def test_an_external_parent_is_looked_up_anew_with_the_view(world: World, name: str) -> None:
    model = await world.client.upsert_registered_model(RegisteredModel(name))
    reference = {"registeredModelRef": {"external": {"name": name}}}
    await world.resolve("ModelVersion", "v1", None, **reference)
    world.registry._external[("model", "", name)] = Identity("1", "stale")
    assert await world.resolve("ModelVersion", "v1", None, **reference) == Identity("1", "stale")
    await world.registry.load()
    assert await world.resolve("ModelVersion", "v1", None, **reference) == Identity(str(model.id), name)


async def test_an_entry_cannot_move_to_another_parent(world: World, name: str) -> None:
    model = await world.client.upsert_registered_model(RegisteredModel(name))
    version = await world.client.upsert_model_version(
        ModelVersion("v1", custom_properties=stamp(reference="team/v1")), model.id
    )
    world.resources.put(body())
    world.resources.identify(model_key(), Identity(ABSENT, "fraud"))
    status = {"id": version.id, "parentId": model.id, "observedGeneration": 1}
    error = await world.refused("ModelVersion", "v1", model.id, status=status)
    assert (error.problem.disposition, error.problem.reason) == (Disposition.TERMINAL, Reason.PARENT_CHANGED)
    assert ABSENT in error.problem.message
    assert str(model.id) in error.problem.message


async def test_an_entry_that_is_gone_may_be_made_under_another_parent(world: World) -> None:
    """A registry that was reset gives parents new IDs; nothing is there that would have to move."""
    world.resources.put(body())
    world.resources.identify(model_key(), Identity("7", "fraud"))
    status = {"id": ABSENT, "parentId": "2147483645", "observedGeneration": 1}
    assert await world.resolve("ModelVersion", "v1", "2147483645", status=status) == Identity("7", "fraud")
