"""The gate: what is only compared waits until the cache has synced; what someone waits for does not."""

from collections.abc import Callable

import pytest

from registrar.api.bodies import ResourceKey
from registrar.cluster.cache import ResourceCache
from registrar.fencing import Leadership
from registrar.reconcile.intake import Intake
from registrar.reconcile.memory import Memory
from registrar.reconcile.sync_gate import LIMIT_SECONDS, SyncGate
from registrar.telemetry.metrics import Metrics
from tests.unit.build import RecordingQueue, body, identity, model_key

ARTIFACT = ResourceKey("ModelArtifact", "team", "artifact")
VERSION = ResourceKey("ModelVersion", "team", "version")
MODEL = model_key()
SETTLED = {"id": "7", "observedGeneration": 1}


class World:
    """A gate that is shut, the queue behind it, and the calls that it has put off."""

    def __init__(self) -> None:
        self.queue = RecordingQueue()
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.gate = SyncGate(self.queue, lambda seconds, call: self.later.append((seconds, call)))
        self.memory = Memory(ResourceCache(), self.gate, lambda _: None)
        self.intake = Intake(self.memory, self.gate, Leadership.without_rivals(), Metrics().reconciles)


@pytest.fixture
def world() -> World:
    return World()


def test_what_is_settled_waits_and_follows_its_parent(world: World) -> None:
    for key in (ARTIFACT, VERSION, MODEL, ARTIFACT):
        world.gate.add(key)
    assert world.queue.added == []
    world.intake.on_synced()
    assert world.queue.added == [("fraud", False), ("version", False), ("artifact", False)]
    world.gate.add(VERSION)
    assert world.queue.added[3:] == [("version", False)]


def test_what_someone_waits_for_does_not_wait_and_has_one_turn(world: World) -> None:
    world.gate.add(MODEL)
    world.gate.add(MODEL, urgent=True)
    assert world.queue.added == [("fraud", True)]
    world.gate.open()
    assert world.queue.added == [("fraud", True)]


def test_a_list_is_held_and_an_edit_is_not(world: World) -> None:
    world.intake.on_change(body(status=SETTLED))
    world.intake.on_change(body("ModelVersion", "version"))
    assert world.queue.added == [("version", True)]
    world.intake.on_change(body(status=SETTLED, version=2, generation=2))
    assert world.queue.added == [("version", True), ("fraud", True)]


def test_a_parent_that_a_child_needs_does_not_wait(world: World) -> None:
    world.gate.add(MODEL)
    world.memory.depend(VERSION, MODEL)
    assert world.queue.added == [("fraud", True)]
    world.memory.identify(MODEL, identity("7"))
    world.memory.depend(VERSION, MODEL)
    assert world.queue.added == [("fraud", True)]
    world.memory.depend(ARTIFACT, VERSION)
    assert world.queue.added == [("fraud", True), ("version", True)]
    world.gate.forget(VERSION)
    world.gate.add(ARTIFACT)
    world.gate.forget(ARTIFACT)
    world.gate.open()
    assert world.queue.added == [("fraud", True), ("version", True)]


def test_a_kind_that_cannot_be_listed_stops_the_others_for_a_while_only(world: World) -> None:
    world.gate.add(VERSION)
    world.gate.add(MODEL)
    ((seconds, call),) = world.later
    assert seconds == LIMIT_SECONDS
    call()
    assert world.queue.added == [("fraud", False), ("version", False)]
