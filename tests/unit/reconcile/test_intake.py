"""Intake: what the API server shows is kept and enqueued, in the lane that it deserves, or forgotten."""

import dataclasses
from typing import Any

import pytest

from registrar.api.bodies import ResourceKey, key_of
from registrar.cluster.cache import ResourceCache
from registrar.fencing import Leadership
from registrar.reconcile.intake import Intake
from registrar.reconcile.memory import Memory
from registrar.telemetry.metrics import Metrics
from tests.unit.build import RecordingQueue, body, claim, claimant, identity, model_key, open_gate

SYNCED = {"id": "7", "observedGeneration": 1}
CHILD = ResourceKey("ModelVersion", "team", "child")


@dataclasses.dataclass
class World:
    """An intake, and what it fills."""

    queue: RecordingQueue
    memory: Memory
    intake: Intake

    def show(self, *resources: dict[str, Any]) -> None:
        for resource in resources:
            self.intake.on_change(resource)

    def clear(self) -> None:
        """Forget what was enqueued so far."""
        self.queue.added.clear()
        self.queue.forgotten.clear()
        self.queue.front.clear()


@pytest.fixture
def world() -> World:
    queue = RecordingQueue()
    gate = open_gate(queue)
    memory = Memory(ResourceCache(), gate, lambda _: None, lambda: 0.0)
    return World(queue, memory, Intake(memory, gate, Leadership.without_rivals(), Metrics().reconciles))


@pytest.mark.parametrize(
    ("after", "urgent"),
    [
        ({"status": {"observedGeneration": -1}}, True),
        ({"status": {**SYNCED, "conditions": []}}, False),
        ({"status": SYNCED, "generation": 2}, True),
        ({"status": SYNCED, "annotations": {"model-registrar.dev/take-over": "true"}}, True),
        ({"status": SYNCED, "uid": "uid-2"}, True),
    ],
    ids=["never reconciled", "another status", "edited", "annotated", "created again"],
)
def test_an_edit_is_urgent_and_ends_an_old_back_off(world: World, after: dict[str, Any], *, urgent: bool) -> None:
    world.show(body(status=SYNCED))
    world.clear()
    world.show(body(version=2, **after))
    assert world.queue.added == [("fraud", urgent)]
    if after["status"]["observedGeneration"] == 1:
        assert set(world.queue.forgotten) == ({"fraud"} if urgent else set())


def test_what_a_list_brings_is_urgent_only_where_it_is_unanswered(world: World) -> None:
    requested = {"model-registrar.dev/reconcile-requested-at": "now"}
    terminating = body("RegisteredModel", "terminating", status=SYNCED)
    terminating["metadata"]["deletionTimestamp"] = "2026-11-23T12:00:00Z"
    world.show(
        body("RegisteredModel", "new"),
        body("RegisteredModel", "in-sync", status=SYNCED),
        body("RegisteredModel", "refused", status={"observedGeneration": 1}),
        body("RegisteredModel", "requested", status=SYNCED, annotations=requested),
        body("RegisteredModel", "answered", status={**SYNCED, "lastHandledReconcileAt": "now"}, annotations=requested),
        terminating,
    )
    assert world.queue.added == [
        ("new", True),
        ("in-sync", False),
        ("refused", False),
        ("requested", True),
        ("answered", False),
        ("terminating", True),
    ]


def test_a_body_that_is_known_already_enqueues_nothing(world: World) -> None:
    for version in (2, 2, 1):
        world.show(body(version=version, status=SYNCED))
    assert world.queue.added == [("fraud", False)]


def test_a_deletion_hurries_those_that_wait_for_it_and_not_those_that_have_their_entry(world: World) -> None:
    rival = body("RegisteredModel", "rival", status={"observedGeneration": 1})
    world.show(body(), rival, body("ModelVersion", "child", status=SYNCED))
    world.memory.claims.register(claim(), claimant("fraud"))
    world.memory.claims.register(claim(), claimant("rival"))
    world.memory.dependencies.depend(CHILD, model_key())
    world.clear()
    world.intake.on_delete(body())
    assert sorted(world.queue.added) == [("child", False), ("rival", True)]
    assert model_key() not in world.memory.cache
    world.clear()
    world.intake.on_delete(body("RegisteredModel", "rival", uid="an-earlier-one"))
    assert world.queue.added == []
    assert model_key("rival") in world.memory.cache


def test_a_waiting_resource_goes_to_the_front_once_what_it_waits_for_exists(world: World) -> None:
    world.show(
        body("RegisteredModel", "waits", status={"observedGeneration": 1}),
        body("RegisteredModel", "has-its-entry", status=SYNCED),
    )
    world.clear()
    world.memory.wake([model_key("waits"), model_key("has-its-entry"), model_key("gone")])
    assert world.queue.added == [("waits", True), ("has-its-entry", False), ("gone", False)]
    assert "waits" in world.queue.front


def test_a_new_parent_wakes_its_children_whatever_becomes_of_it_and_their_wait_begins_again(world: World) -> None:
    world.show(body("ModelVersion", "child"))
    world.memory.dependencies.depend(CHILD, model_key())
    world.memory.waited(CHILD)
    world.clear()
    world.show(body())
    assert sorted(world.queue.added) == [("child", True), ("fraud", True)]
    assert CHILD not in world.memory._waiting_since
    world.clear()
    world.show(body(version=2))
    assert [name for name, _ in world.queue.added] == ["fraud"]


def test_what_may_only_have_been_unread_is_looked_at_once_more_when_the_cache_has_synced(world: World) -> None:
    world.show(body())
    world.memory.sync_waits.begin(model_key())
    world.clear()
    world.intake.on_synced()
    world.intake.on_synced()
    assert world.queue.front == ["fraud"]


def test_a_successor_of_the_same_name_inherits_nothing(world: World) -> None:
    world.show(body(version=1, uid="first"))
    world.memory.identify(model_key(), identity("7"))
    world.show(body(version=2, uid="first"))
    assert world.memory.dependencies.identity(model_key()) == identity("7")
    world.show(body(version=3, uid="second"))
    assert world.memory.dependencies.identity(model_key()) is None
    found = world.memory.cache.get(model_key())
    assert found is not None
    assert key_of(found) == model_key()
    assert found["metadata"]["uid"] == "second"
