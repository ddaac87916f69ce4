"""Where an entry is found, on a real registry: in the view, by its ID, by its stamp, or by its name."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelVersion, RegisteredModel, RegistryEntry
from registrar.api.conditions import Reason
from registrar.api.meta import OWNER_PROPERTY
from registrar.api.v1alpha1 import AdoptionPolicy
from registrar.kinds.artifacts import DOC_ARTIFACT, MODEL_ARTIFACT
from registrar.kinds.base import Desired, EntryKind
from registrar.kinds.model_version import MODEL_VERSION
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.kinds.table import ENTRY_KINDS
from registrar.planning.actions import Action, Create, FieldSet, Patch, Policies, RecordedState, RecordOwnership, Refuse
from registrar.planning.plan import plan
from registrar.reconcile.observe import Observation, observe
from registrar.registries.kubeflow.backend import KubeflowBackend
from registrar.registries.registry import Registry
from tests.unit.build import OWNER_ID, desired, policies, stamp

ABSENT = "2147483646"
MODEL, VERSION = REGISTERED_MODEL.entry, MODEL_VERSION.entry
UNRECORDED = RecordedState()
each_kind = pytest.mark.parametrize("kind", ENTRY_KINDS.values(), ids=list(ENTRY_KINDS))


class Reads:
    """A client's monitor that counts reads, and lets no write begin."""

    def __init__(self) -> None:
        self.count = 0

    def request_starts(self, method: str) -> None:
        assert method == "GET", "observing writes nothing"
        self.count += 1

    def request_ended(self, method: str, status: int | None, seconds: float) -> None:
        """Count nothing more."""


@dataclass(frozen=True)
class World:
    """A registry with a model and a version of it, and what the operator knows of the registry."""

    writer: ModelRegistryAPIClient
    registry: Registry
    reads: Reads
    name: str
    model_id: str
    version_id: str

    def place(self, kind: EntryKind, name: str = "", /, **parts: Any) -> Desired:
        """An entry of that kind, in the model or version."""
        parent_id = {MODEL: "", VERSION: self.model_id}.get(kind, self.version_id)
        return desired(kind, name=name or self.name, parent_id=parent_id, **parts)

    async def write(self, place: Desired, /, **fields: Any) -> RegistryEntry:
        """Have another writer create an entry there."""
        uri = {"uri": "s3://bucket/model"} if place.kind in {MODEL_ARTIFACT, DOC_ARTIFACT} else {}
        entry: Any = place.kind.entry(place.name, **uri, **fields)
        return await KubeflowBackend(self.writer).create(place.kind, entry, place.parent_id)

    async def observe(
        self,
        place: Desired,
        recorded: RecordedState = UNRECORDED,
        *,
        force_read: bool = False,
        by_name: bool = False,
        reads: int,
    ) -> Observation:
        """Observe a place with that many requests."""
        self.reads.count = 0
        found = await observe(place, recorded, self.registry, force_read=force_read, by_name=by_name)
        assert self.reads.count == reads
        return found

    async def plan(self, place: Desired, using: Policies, recorded: RecordedState = UNRECORDED) -> Action:
        """Say what would be written, without a write."""
        found = await observe(place, recorded, self.registry, force_read=False, by_name=True)
        return plan(place, found.entry, recorded, using, OWNER_ID)


@pytest.fixture
async def world(registry_url: str) -> AsyncIterator[World]:
    name, reads = f"observe-{uuid.uuid4().hex[:8]}", Reads()
    async with (
        ModelRegistryAPIClient.connect(registry_url) as writer,
        ModelRegistryAPIClient.connect(registry_url, monitor=reads) as reader,
    ):
        model = await writer.upsert_registered_model(RegisteredModel(f"{name}-parent"))
        version = await writer.upsert_model_version(ModelVersion("parent"), str(model.id))
        registry = Registry(KubeflowBackend(reader), registry_url, OWNER_ID)
        # The client finds out which API the registry speaks with its first request.
        await registry.get(MODEL, str(model.id))
        yield World(writer, registry, reads, name, str(model.id), str(version.id))


@each_kind
async def test_a_place_of_which_nothing_is_known_costs_no_request(world: World, kind: EntryKind) -> None:
    place = world.place(kind)
    await world.write(place)
    assert await world.observe(place, reads=0) == Observation(None), "a creation meets the entry as a conflict"


@each_kind
async def test_by_name_finds_what_exists_before_anything_is_created(world: World, kind: EntryKind) -> None:
    place = world.place(kind)
    assert await world.observe(place, by_name=True, reads=1) == Observation(None, fresh=True)
    entry = await world.write(place)
    found = await world.observe(place, by_name=True, reads=1)
    assert found.fresh
    assert found.entry is not None
    assert (found.entry.id, type(found.entry)) == (entry.id, kind.entry)
    assert (await world.observe(world.place(kind, f"{world.name}-other"), by_name=True, reads=1)).entry is None


@each_kind
async def test_a_dry_run_distinguishes_create_adopt_and_refuse(world: World, kind: EntryKind) -> None:
    place = world.place(kind)
    assert isinstance(await world.plan(place, policies(adoption=AdoptionPolicy.FAIL)), Create)
    await world.write(place)
    adopts = await world.plan(place, policies())
    assert isinstance(adopts, Patch)
    assert (adopts.adopts, adopts.changes) == (True, ())
    declaring = world.place(kind, fields={"description": "mine"})
    assert isinstance(await world.plan(declaring, policies()), RecordOwnership)
    refused = await world.plan(place, policies(adoption=AdoptionPolicy.FAIL))
    assert isinstance(refused, Refuse)
    assert refused.problem.reason is Reason.ADOPTION_REFUSED


@each_kind
async def test_a_dry_run_refuses_the_entry_of_another_installation(world: World, kind: EntryKind) -> None:
    place = world.place(kind)
    await world.write(place, custom_properties={OWNER_PROPERTY: "created:others/team/fraud"})
    refused = await world.plan(place, policies())
    assert isinstance(refused, Refuse)
    assert refused.problem.reason is Reason.OWNED_BY_OTHER
    assert isinstance(await world.plan(place, policies(take_over=True)), Patch)


@each_kind
async def test_a_recorded_entry_in_the_view_costs_no_request_until_a_read_is_forced(
    world: World, kind: EntryKind
) -> None:
    place = world.place(kind)
    entry = await world.write(place, custom_properties=stamp())
    recorded = RecordedState(entry.id)
    first = await world.observe(place, recorded, reads=1)
    assert (first.fresh, first.entry and first.entry.id) == (True, entry.id)
    known = await world.observe(place, recorded, reads=0)
    assert known == Observation(first.entry)
    assert await world.observe(place, recorded, by_name=True, reads=0) == known
    forced = await world.observe(place, recorded, force_read=True, reads=1)
    assert forced == Observation(first.entry, fresh=True)


async def test_a_stamp_finds_an_entry_that_no_status_records(world: World) -> None:
    for kind in (MODEL, VERSION):
        place = world.place(kind, reference=f"team/{world.name}")
        entry = await world.write(place, custom_properties=stamp(reference=place.reference))
        await world.registry.get(kind, str(entry.id))
        found = await world.observe(place, reads=0)
        assert (found.fresh, found.entry and found.entry.id) == (False, entry.id)
        assert (await world.observe(place, force_read=True, reads=1)).fresh
        elsewhere = world.place(kind, f"{world.name}-other", reference=place.reference)
        assert await world.observe(elsewhere, reads=0) == Observation(None)


async def test_a_stamp_does_not_prove_an_artifact_whose_version_is_unknown(world: World) -> None:
    place = world.place(MODEL_ARTIFACT, reference=f"team/{world.name}")
    entry = await world.write(place, custom_properties=stamp(reference=place.reference))
    await world.registry.get(MODEL_ARTIFACT, str(entry.id))
    assert await world.observe(place, reads=0) == Observation(None)
    assert (await world.observe(place, by_name=True, reads=1)).entry is not None


async def test_an_artifact_without_our_stamp_is_proved_by_the_list_of_its_version(world: World) -> None:
    place = world.place(MODEL_ARTIFACT)
    entry = await world.write(place)
    found = await world.observe(place, RecordedState(entry.id), reads=2)
    assert (found.fresh, found.entry and found.entry.id) == (True, entry.id)
    other = await world.writer.upsert_model_version(ModelVersion("other"), world.model_id)
    elsewhere = desired(MODEL_ARTIFACT, name=place.name, parent_id=str(other.id))
    assert await world.observe(elsewhere, RecordedState(entry.id), reads=2) == Observation(None, fresh=True)


@pytest.mark.parametrize("by_name", [False, True], ids=["by ID alone", "and by name"])
async def test_a_recorded_id_that_means_another_entry_now_does_not_count(world: World, *, by_name: bool) -> None:
    """As after a reset of the registry's database, which counts its IDs from 1 again."""
    place = world.place(MODEL)
    other = await world.write(world.place(MODEL, f"{world.name}-other"))
    recorded = RecordedState(other.id, owned=FieldSet(), had_entry=True)
    found = await world.observe(place, recorded, by_name=by_name, reads=1 + by_name)
    assert found == Observation(None, fresh=True)
    entry = await world.write(place)
    found = await world.observe(place, recorded, by_name=by_name, reads=1 + by_name)
    assert (found.entry and found.entry.id) == (entry.id if by_name else None)


@pytest.mark.parametrize("by_name", [False, True], ids=["by ID alone", "and by name"])
async def test_a_recorded_id_that_no_entry_has_finds_nothing(world: World, *, by_name: bool) -> None:
    place = world.place(VERSION)
    found = await world.observe(place, RecordedState(ABSENT), by_name=by_name, reads=1 + by_name)
    assert found == Observation(None, fresh=by_name)
    entry = await world.write(place)
    found = await world.observe(place, RecordedState(ABSENT), by_name=by_name, reads=1 + by_name)
    assert (found.entry and found.entry.id) == (entry.id if by_name else None)


async def test_a_version_of_another_model_is_another_entry(world: World) -> None:
    here = world.place(VERSION, "v1")
    entry = await world.write(here, custom_properties=stamp())
    other = await world.writer.upsert_registered_model(RegisteredModel(f"{world.name}-other"))
    there = desired(VERSION, name="v1", parent_id=str(other.id))
    assert await world.observe(there, RecordedState(entry.id), reads=1) == Observation(None, fresh=True)
    # The view knows the entry now, and that it is not the desired one.
    assert await world.observe(there, RecordedState(entry.id), reads=1) == Observation(None, fresh=True)
    assert await world.observe(here, reads=0) == await world.observe(here, RecordedState(entry.id), reads=0)
