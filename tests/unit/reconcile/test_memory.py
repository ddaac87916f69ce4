"""What the operator remembers of resources between their reconciles, and that it can be forgotten."""

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime

from registrar.api.bodies import ResourceKey
from registrar.cluster.cache import ResourceCache
from registrar.planning.claims import Claimant
from registrar.reconcile.external_id_waits import ExternalIdWait
from registrar.reconcile.memory import Memory
from registrar.reporting.outcome import EventNote, Facts, OperationResult, Outcome
from registrar.workqueue.queue import ALL, DONE, Result, WorkQueue
from tests.unit.build import artifact, body, claim, claimant, identity, metadata_of, model_key, open_gate

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = ResourceKey("ModelVersion", "team", "v1")
PARENT, RIVAL = model_key("parent"), ResourceKey("ModelVersion", "team", "rival")
HOLDER, WAITER = model_key("holder"), model_key("waiter")
CHILD = ResourceKey("ModelArtifact", "team", "weights")
OWN, SHARED = claim("card", "doc-artifact", "7"), claim("v1", "ModelVersion", "3")


def test_waiting_is_counted_from_the_first_question() -> None:
    now = 10.0
    memory = Memory(ResourceCache(), open_gate(), lambda _: None, lambda: now)
    assert memory.waited(CHILD) == 0.0
    now = 11.5
    assert memory.waited(CHILD) == 1.5
    memory.stop_waiting(CHILD)
    now = 20.0
    assert memory.waited(CHILD) == 0.0
    now = 21.0
    memory.stop_waiting(model_key())
    assert memory.waited(CHILD) == 1.0


def _parts(thing: object, path: str = "memory") -> Iterator[tuple[str, object]]:
    """Every attribute of an object of the operator, and of the operator's objects in it, by its path."""
    for name, part in vars(thing).items():
        where = f"{path}.{name}"
        yield where, part
        if type(part).__module__.startswith("registrar.") and hasattr(part, "__dict__"):
            yield from _parts(part, where)


def _mentions(thing: object, wanted: object) -> bool:
    """Return whether a value contains another one, at any depth."""
    if thing == wanted:
        return True
    if dataclasses.is_dataclass(thing):
        return any(_mentions(getattr(thing, field.name), wanted) for field in dataclasses.fields(thing))
    if isinstance(thing, Mapping):
        return any(_mentions(part, wanted) for item in thing.items() for part in item)
    return (
        isinstance(thing, Collection) and not isinstance(thing, str) and any(_mentions(part, wanted) for part in thing)
    )


def _remembering(memory: Memory, wanted: object) -> set[str]:
    """The paths of the indexes that mention a value."""
    return {path for path, part in _parts(memory) if isinstance(part, Collection) and _mentions(part, wanted)}


WORK = {"_shares", "_running", "_again", "_timers", "_crew._tasks", "_crew._begin", "_crew._ending"}
"""Which key runs when is no memory of a resource: a run of a key that no longer exists ends at once."""
# A resource that vanished stays in departures until its entries are released; _reads has what is being read just now.
WITHOUT_KEYS = {
    "memory.cache._ready",
    "memory.cache._reads._reads",
    "memory.departures._bodies",
    *(f"memory._gate._queue.{name}" for name in WORK),
}


class World:
    """A memory in which every index holds something of `KEY`, and a queue without workers."""

    def __init__(self) -> None:
        async def process(_: ResourceKey) -> Result:
            return DONE

        self.queue: WorkQueue[ResourceKey] = WorkQueue(process, workers=1)
        self.memory = Memory(ResourceCache(), open_gate(self.queue), lambda _: None, lambda: 0.0)
        self._fill()

    def _fill(self) -> None:
        memory, resource = self.memory, body("ModelVersion", "v1", status={"id": "7", "observedGeneration": 1})
        memory.cache.put(resource)
        memory.cache.put(body("ModelVersion", "rival", status={"observedGeneration": 1}))
        memory.cache.put(body("ModelArtifact", "weights", status={"id": "9", "observedGeneration": 1}))
        memory.aliases.note(None, resource)
        memory.artifacts.note(None, resource, memory.dependencies.parent)
        memory.artifacts._announced[KEY] = ("ModelVersion", "7"), "7"
        memory.aliases.follow(KEY, ["v2"])
        memory.claims.register(SHARED, Claimant(KEY, None, "2026-11-23T12:00:00Z", "uid-1", terminating=False))
        memory.claims.register(OWN, Claimant(KEY, "card", "2026-11-23T12:00:00Z", "uid-1", terminating=False))
        memory.claims.register(SHARED, dataclasses.replace(claimant(), key=RIVAL))
        memory.dependencies.depend(KEY, PARENT)
        memory.dependencies.depend(CHILD, KEY)
        memory.dependencies.identify(KEY, identity("7", "v1"))
        memory.external_ids.begin(ExternalIdWait(KEY, None, HOLDER, None, "5", "x"))
        memory.external_ids.begin(ExternalIdWait(WAITER, None, KEY, "card", "9", "y"))
        for place in (OWN, SHARED):
            memory.corrections.record(place, ["description"], 0.0)
            memory.losses.notice(place, 0.0)
        memory.unreported.join(KEY, "uid-1", Outcome(Facts(), operation=OperationResult.CREATED))
        memory.note_readiness(resource)
        memory.events.correlate(KEY, metadata_of(resource), EventNote("Synced", "m"), NOW)
        memory.waited(KEY)
        memory.leaving(KEY, "card")
        memory.report_hold(KEY)
        memory.sync_waits.begin(KEY)
        memory._unclaimed.add(KEY)
        memory.cache._new.add(KEY)
        memory._gate._held.add(KEY)
        self.queue._failures[KEY] = 3

    def woken(self) -> list[tuple[ResourceKey, bool]]:
        """Empty the queue; returns the keys in it, and whether they are urgent."""
        turns = [self.queue._shares[ALL]._lanes.take() for _ in range(len(self.queue))]
        return [(turn.key, turn.urgent) for turn in turns]


def test_every_index_is_filled_by_these_tests() -> None:
    memory = World().memory
    indexes = {path for path, part in _parts(memory) if isinstance(part, Collection)} - WITHOUT_KEYS
    assert indexes == {path for value in (KEY, OWN) for path in _remembering(memory, value)}


def test_a_forgotten_resource_is_in_no_index() -> None:
    world = World()
    memory = world.memory
    indexes = (memory.claims, memory.dependencies, memory.external_ids, memory.unreported, memory.readiness)
    assert [KEY in index for index in indexes] == [True] * 5
    assert OWN in memory.corrections
    assert OWN in memory.losses
    memory.forget(KEY)
    assert [KEY in index for index in indexes] == [False] * 5
    assert OWN not in memory.corrections
    assert OWN not in memory.losses
    # What the others want is theirs.
    assert _remembering(world.memory, KEY) == {"memory.dependencies._children", "memory.dependencies._parents"}
    assert world.memory.dependencies.children(KEY) == {CHILD}
    assert _remembering(world.memory, OWN) == set()
    assert _remembering(world.memory, SHARED) == {"memory.claims._claimants", "memory.claims._claims"}
    assert [rival.key for rival in world.memory.claims.claimants(SHARED)] == [RIVAL]
    assert world.memory.cache.count_ready()["ModelVersion", "Unknown", "Unknown"] == 1
    world.memory.forget(CHILD)
    world.memory.forget(RIVAL)
    for gone in (KEY, PARENT, CHILD, RIVAL, HOLDER, WAITER, OWN, SHARED):
        assert _remembering(world.memory, gone) == set()
    assert KEY not in world.queue._shares[ALL]
    assert not any(world.memory.cache.count_ready().values())


def test_forgetting_wakes_those_that_wanted_its_entries_or_depend_on_it() -> None:
    world = World()
    world.memory.forget(KEY)
    # The rival has no entry yet, and someone waits for it; the child has its own.
    assert sorted(world.woken()) == [(CHILD, False), (RIVAL, True), (WAITER, False)]
    world.memory.forget(KEY)
    assert world.woken() == [(CHILD, False)], "it still depends on a resource that does not exist"


def test_forgetting_what_is_unknown_changes_nothing() -> None:
    world = World()
    before = {path: repr(part) for path, part in _parts(world.memory) if isinstance(part, Collection)}
    world.memory.forget(model_key("unknown"))
    assert {path: repr(part) for path, part in _parts(world.memory) if isinstance(part, Collection)} == before
    assert world.woken() == []


def test_a_successor_of_the_same_name_inherits_nothing() -> None:
    world = World()
    assert world.memory.keep(body("ModelVersion", "v1", version=2))
    assert world.memory.dependencies.identity(KEY) == identity("7", "v1"), "another version of the same resource"
    assert world.memory.keep(body("ModelVersion", "v1", version=3, uid="uid-2"))
    theirs = {"memory.dependencies._children", "memory.dependencies._parents"}
    assert _remembering(world.memory, KEY) == {
        "memory.cache._bodies",
        "memory.cache._new",
        "memory.aliases._versions",
        "memory._unclaimed",
        *theirs,
    }
    assert sorted(world.woken()) == [(CHILD, False), (RIVAL, True), (WAITER, False)]
    found = world.memory.cache.get(KEY)
    assert found is not None
    assert found["metadata"]["uid"] == "uid-2"


def test_an_older_body_is_not_kept_even_of_another_resource() -> None:
    world = World()
    world.memory.keep(body("ModelVersion", "v1", version=5))
    assert not world.memory.keep(body("ModelVersion", "v1", version=4, uid="uid-2"))
    assert world.memory.dependencies.identity(KEY) == identity("7", "v1")
    assert world.woken() == []


def test_a_changed_identity_wakes_the_children() -> None:
    world = World()
    world.memory.identify(KEY, identity("7", "v1"))
    assert world.woken() == []
    world.memory.identify(KEY, identity("8", "v1"))
    assert world.woken() == [(CHILD, False)]


def test_a_new_artifact_wakes_its_version_before_its_status_is_written() -> None:
    world = World()
    new = ResourceKey("ModelArtifact", "team", "new")
    world.memory.cache.put(body("ModelArtifact", "new", status={"observedGeneration": 1}))
    world.memory.dependencies.depend(new, KEY)
    world.memory.identify(new, identity("12", "new"), "7")
    assert [key for key, _ in world.woken()] == [KEY]
    assert world.memory.artifacts.artifacts("7") == {new}
    # Its status repeats what the version was woken for.
    recorded = body("ModelArtifact", "new", version=2, status={"observedGeneration": 1, "id": "12", "parentId": "7"})
    world.memory.keep_answer(recorded)
    assert world.woken() == []


def test_a_released_claim_wakes_its_rivals() -> None:
    world = World()
    world.memory.claim_only(KEY, [SHARED])
    assert world.woken() == []
    assert [rival.key for rival in world.memory.rivals(SHARED, KEY)] == [RIVAL]
    world.memory.claim_only(KEY, [])
    assert world.woken() == [(RIVAL, True)]


def test_those_that_wait_for_an_external_id_run_when_it_is_let_go() -> None:
    world = World()
    world.memory.let_go(KEY, None)
    world.memory.let_go(KEY, "card", artifact("9", external_id="y"))
    assert world.woken() == []
    world.memory.let_go(KEY, "card", artifact("9", external_id="z"))
    assert world.woken() == [(WAITER, False)]


def test_those_that_wait_for_each_other_are_woken_once_to_report_it() -> None:
    world = World()
    back = ExternalIdWait(HOLDER, None, KEY, None, "7", "z")
    assert world.memory.wait_for_external_id(back) == (KEY,)
    assert world.woken() == [(KEY, False)]
    assert world.memory.wait_for_external_id(back) == (KEY,)
    assert world.woken() == [], "they would wake each other for ever"


def test_those_that_wait_for_an_external_id_run_when_a_vanished_resource_is_released() -> None:
    world = World()
    world.memory.released(KEY)
    assert world.woken() == [(WAITER, False)]


def test_what_is_known_of_an_entry_goes_with_its_last_claim() -> None:
    memory = World().memory
    memory.claim_only(KEY, [SHARED])
    assert [OWN in memory.corrections, OWN in memory.losses] == [False, False]
    assert [SHARED in memory.corrections, SHARED in memory.losses] == [True, True]
    memory.claim_only(KEY, [])
    assert [SHARED in memory.corrections, SHARED in memory.losses] == [True, True], "the rival claims it still"
    memory.claim_only(RIVAL, [])
    assert [SHARED in memory.corrections, SHARED in memory.losses] == [False, False]


def test_an_answer_to_a_write_replaces_only_the_same_resource() -> None:
    memory = World().memory
    memory.keep_answer(body("ModelVersion", "v1", version=2))
    assert memory.cache.get(KEY) == body("ModelVersion", "v1", version=2)
    memory.keep(body("ModelVersion", "v1", version=3, uid="uid-2"))
    memory.keep_answer(body("ModelVersion", "v1", version=4))
    assert memory.cache.get(KEY) == body("ModelVersion", "v1", version=3, uid="uid-2")
    memory.forget(KEY)
    memory.keep_answer(body("ModelVersion", "v1", version=4, uid="uid-2"))
    assert memory.cache.get(KEY) is None


def test_a_successor_of_a_vanished_resource_has_a_grace_of_its_own() -> None:
    now = 0.0
    memory = Memory(ResourceCache(), open_gate(), lambda _: None, lambda: now)
    memory.depart(body("ModelVersion", "v1"))
    memory.keep(body("ModelVersion", "v1", version=2, uid="uid-2"))
    assert memory.leaving(KEY, None) == 0.0
    now = 9.0
    memory.released(KEY)
    assert memory.leaving(KEY, None) == 0.0
