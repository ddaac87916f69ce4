"""To which connection a resource belongs: it is in the memory of one, and moves or ends there cleanly."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from registrar.api.bodies import Body, ResourceKey, key_of
from registrar.api.conditions import Reason
from registrar.api.meta import FINALIZER
from registrar.api.tenants import Tenant
from registrar.app.connection import Connection, Process, Served
from registrar.app.connections import Connections
from registrar.app.neighbours import is_beside
from registrar.app.unserved import NO_REGISTRY
from registrar.cluster.client import ClusterLogin, KubernetesAPI
from registrar.fencing import Leadership, WriteFence
from registrar.planning.holding import Holding
from registrar.planning.problems import Disposition, Problem
from registrar.planning.resolution import Resolution, Unresolved
from registrar.registries.kubeflow.backend import KubeflowBackend
from registrar.registries.registry import Registry
from registrar.settings import Settings
from registrar.telemetry.metrics import Metrics
from registrar.workqueue.queue import DONE, Result
from tests.support.waiting import wait_for
from tests.unit.build import NOBODY, OWNER_ID, body, model_key

KEY = model_key()


@dataclass
class World:
    """Two connections, and a rule that is changed by hand."""

    connections: Connections = field(init=False)
    target: Resolution = "a"
    asked: list[ResourceKey] = field(default_factory=list)
    served: dict[str, Served] = field(default_factory=dict)

    def resolve(self, resource: Body) -> Resolution:
        self.asked.append(key_of(resource))
        return self.target

    def __getitem__(self, name: str) -> Connection:
        return {connection.name: connection for connection in self.connections.all()}[name]

    def known_to(self) -> list[str]:
        """The connections that have the resource's body."""
        return [connection.name for connection in self.connections.all() if connection.cache.get(KEY) is not None]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    metrics, leadership = Metrics(), Leadership.without_rivals()
    login = ClusterLogin(NOBODY, ssl.create_default_context(), {})
    kube = KubernetesAPI(login, WriteFence(leadership, metrics.to_kubernetes))
    process = Process(Settings(registry_url=NOBODY), kube, leadership, metrics.reconciles)
    made = World()
    connections = made.connections = Connections(made.resolve, process, metrics.queue)
    async with ModelRegistryAPIClient.connect(NOBODY) as client:
        for name in ("a", "b"):
            registry = Registry(KubeflowBackend(client), NOBODY, OWNER_ID, name)
            monitor = metrics.of_registry(name)
            made.served[name] = Served(registry, monitor, WriteFence(leadership, monitor.requests))
            connections.serve(made.served[name])
        connections.on_synced()
        yield made
    await kube.aclose()


def _finalized(**more: Any) -> dict[str, Any]:
    found = body(**more)
    return {**found, "metadata": {**found["metadata"], "finalizers": [FINALIZER]}}


async def test_a_resource_is_known_to_its_own_connection_only(world: World) -> None:
    world.connections.on_change(body())
    assert world.known_to() == ["a"]
    assert world.connections.share_of(KEY) == "a"
    assert (world.connections.queue.depth("a"), world.connections.queue.depth("b")) == (1, 0)
    assert (list(world.connections), len(world.connections)) == ([KEY], 1)
    assert world.connections.get(KEY) == body()
    assert world.connections.places.count_ready() == {("RegisteredModel", "Unknown", "Unknown"): 1}


async def test_a_resource_that_moves_is_forgotten_where_it_was(world: World) -> None:
    world.connections.on_change(_finalized())
    world["a"].context.memory.waited(KEY)
    world.target = "b"
    world.connections.on_change(_finalized(version=2))
    assert world.known_to() == ["b"]
    assert (world.connections.queue.depth("a"), world.connections.queue.depth("b")) == (0, 1)
    assert world["a"].context.memory.departures.get(KEY) is None, "it exists, so that nothing is released"
    assert world["a"].context.memory._waiting_since == {}
    assert len(world.connections) == 1


@pytest.mark.parametrize("is_seen", [True, False], ids=["by an event", "by the registries"])
async def test_a_resource_that_moves_stays_held(
    is_seen: bool,  # noqa: FBT001 - a parameter of the test
    world: World,
) -> None:
    """The installation would claim it from itself for 15 seconds, where the status names the former registry."""
    world.connections.on_change(body())
    world["a"].memory.report_hold(KEY)
    world.target = "b"
    if is_seen:
        world.connections.on_change(body(version=2))
    else:
        world.connections.settle()
    assert world["b"].memory.holding(KEY).held
    assert not world["a"].memory.holding(KEY).held
    world.connections.on_change(body("RegisteredModel", "churn"))
    world.target = "a"
    world.connections.settle()
    assert not world["a"].memory.holding(model_key("churn")).held, "another installation may hold it"
    # Nor does it take one back from the installation to which it has yielded.
    world["a"].memory.hold(KEY, Holding(yielded=1))
    world.target = "b"
    world.connections.settle()
    assert world["b"].memory.holding(KEY) == Holding(yielded=1)


async def test_an_older_event_moves_nothing(world: World) -> None:
    world.connections.on_change(body(version=5))
    world.target = "b"
    world.connections.on_change(body(version=5))
    world.connections.on_change(body(version=4))
    assert world.known_to() == ["a"]


async def test_entries_of_a_predecessor_in_another_registry_are_released_there(world: World) -> None:
    world.connections.on_change(_finalized())
    world.target = "b"
    world.connections.on_change(body(version=2, uid="uid-2"))
    assert world.known_to() == ["b"]
    departed = world["a"].context.memory.departures.get(KEY)
    assert departed is not None
    assert departed["metadata"]["uid"] == "uid-1"
    assert world["b"].context.memory.departures.get(KEY) is None
    assert [world[name].has(KEY) for name in ("a", "b")] == [True, True]


async def test_a_deletion_reaches_the_connection_that_has_the_resource(world: World) -> None:
    world.connections.on_change(_finalized())
    # What the rule says by now does not matter.
    world.target = "b"
    world.connections.on_delete(_finalized(version=2))
    assert world.known_to() == []
    assert world["a"].context.memory.departures.get(KEY) is not None
    assert world["b"].context.memory.departures.get(KEY) is None


async def test_the_deletion_of_a_predecessor_is_not_that_of_its_successor(world: World) -> None:
    world.target = "b"
    world.connections.on_change(body(version=2, uid="uid-2"))
    world.connections.on_delete(body(version=1))
    assert world.known_to() == ["b"]


async def test_a_resource_that_is_only_seen_at_its_end_is_released_by_its_connection(world: World) -> None:
    world.target = "b"
    world.connections.on_delete(_finalized())
    assert world["b"].context.memory.departures.get(KEY) is not None
    assert world["a"].context.memory.departures.get(KEY) is None
    assert world.connections.share_of(KEY) == "b"


async def test_a_resource_that_is_deleted_while_it_is_read_is_read_again(world: World) -> None:
    world.connections.on_change(body())
    answers = [body(version=2), None]

    async def get(_: object) -> Any:
        if len(answers) == 2:
            world.connections.on_delete(body(version=3))
        return answers.pop(0)

    assert await world.connections.read(KEY, get) is None
    assert answers == []


WAITING = Unresolved(Problem(Disposition.WAITING, Reason.WAITING_FOR_REGISTRY, "There is none yet."))


async def test_a_resource_without_a_registry_is_in_none_and_moves_once_it_has_one(world: World) -> None:
    world.target = WAITING
    world.connections.on_change(body())
    assert world.known_to() == []
    assert world.connections.get(KEY) == body()
    assert (len(world.connections), world.connections.share_of(KEY)) == (1, NO_REGISTRY)
    world.target = "b"
    world.connections.settle()
    assert (world.known_to(), world.connections.share_of(KEY), len(world.connections)) == (["b"], "b", 1)
    world.target = WAITING
    world.connections.settle()
    assert (world.known_to(), len(world.connections)) == ([], 1)
    world.connections.on_delete(body(version=2))
    assert len(world.connections) == 0


async def test_a_resource_that_runs_moves_after_its_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run may record an ID, which decides where the resource belongs."""
    world.connections.on_change(body())
    during: list[list[str]] = []

    async def run(connection: Connection, _: object) -> Result:
        world.target = "b"
        world.connections.settle()
        world.connections.on_change(body(version=2))
        during.append([connection.name, *world.known_to()])
        return DONE

    monkeypatch.setattr(Connection, "run", run)
    world["a"].begin.set()
    world.connections.queue.start()

    async def runs() -> int:
        return len(during)

    world["b"].begin.set()
    await wait_for(runs, lambda number: number > 1)
    await world.connections.queue.drain(5)
    assert during == [["a", "a"], ["b", "b"]]
    assert world.connections.get(KEY) == body(version=2)


async def test_the_resources_of_a_retired_connection_go_elsewhere(world: World) -> None:
    world.connections.on_change(body())
    world["b"].begin.set()
    world.connections.queue.start()
    world.target = WAITING
    closed: list[str] = []
    world.connections.retire("a", _note(closed, "a"))
    assert [connection.name for connection in world.connections.all()] == ["b"]
    assert (list(world.connections), world.connections.share_of(KEY)) == ([KEY], NO_REGISTRY)
    await world.connections.endings.finish(5)
    assert world.connections.queue.shares == ("b", NO_REGISTRY)
    assert world.connections.get(KEY) == body()
    assert closed == ["a"]
    await world.connections.queue.drain(5)


@pytest.mark.parametrize("is_replaced", [True, False], ids=["replaced", "retired"])
async def test_an_ending_looks_only_at_its_own_resources(
    is_replaced: bool,  # noqa: FBT001 - a parameter of the test
    world: World,
) -> None:
    """Others may have thousands, and the event loop waits for each look."""
    world.connections.on_change(body())
    world.target = "b"
    for number in range(3):
        world.connections.on_change(body("RegisteredModel", f"other-{number}"))
    world.asked.clear()
    if is_replaced:
        world.target = "a"
        world.connections.replace(world.served["a"], _note([], ""))
    else:
        world.connections.retire("a", _note([], ""))
    await world.connections.endings.finish(5)
    assert world.known_to() == [world.target]
    assert set(world.asked) == {KEY}


def _note(notes: list[str], note: str) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        notes.append(note)

    return close


@dataclass
class Held:
    """A resource of registry a whose run is held, as by a registry that does not answer."""

    world: World
    release: asyncio.Event = field(default_factory=asyncio.Event)
    notes: list[str] = field(default_factory=list)

    async def noted(self) -> list[str]:
        return self.notes


@pytest.fixture
async def held(world: World, monkeypatch: pytest.MonkeyPatch) -> Held:
    made = Held(world)

    async def run(connection: Connection, key: ResourceKey) -> Result:
        made.notes.append(f"{connection.name} runs {key.name}")
        if connection.name == "a":
            try:
                await made.release.wait()
            except asyncio.CancelledError:
                made.notes.append("cancelled")
                raise
        return DONE

    monkeypatch.setattr(Connection, "run", run)
    for name in ("a", "b"):
        world[name].begin.set()
    world.connections.queue.start()
    world.connections.on_change(body())
    await wait_for(made.noted, bool)
    return made


async def test_an_ending_waits_for_what_runs_and_nothing_waits_for_the_ending(held: Held) -> None:
    world = held.world
    world.target = "b"
    world.connections.retire("a", _note(held.notes, "closed"))
    assert [connection.name for connection in world.connections.all()] == ["b"]
    assert world.connections.places.resources_of("a") == [KEY], "its run may still record an ID"
    world.connections.on_change(body("RegisteredModel", "churn"))
    await wait_for(held.noted, lambda notes: "b runs churn" in notes)
    assert "closed" not in held.notes
    held.release.set()
    await wait_for(held.noted, lambda notes: "closed" in notes)
    assert "cancelled" not in held.notes
    assert world.connections.places.resources_of("a") == []
    await wait_for(held.noted, lambda notes: f"b runs {KEY.name}" in notes)
    await world.connections.queue.drain(5)


async def test_a_stop_waits_for_what_is_being_ended(held: Held) -> None:
    connections = held.world.connections
    held.world.target = "b"
    spared = {task for task in asyncio.all_tasks() if task in connections.own_tasks}
    connections.retire("a", _note(held.notes, "closed"))
    await asyncio.sleep(0)
    assert all(task in connections.own_tasks for task in spared), "kopf would cancel a write in progress"
    assert all(task in connections.own_tasks for task in connections.endings)
    await connections.queue.drain(0.01)
    assert "cancelled" in held.notes, "nothing may run once the lease is released"
    await connections.endings.finish(5)
    assert held.notes[-1] == "closed"


async def test_a_resource_of_another_connection_to_the_same_registry_is_beside(world: World) -> None:
    """Its entry has not lost its resource, although this connection does not know that."""
    registries = [world[name].context.registry for name in ("a", "b")]
    world.connections.on_change(body())
    connections = world.connections.all()
    assert [is_beside(registry, KEY, connections) for registry in registries] == [False, True]
    registries[1].url = "http://another"
    assert not is_beside(registries[1], KEY, connections)


async def test_a_connection_that_is_closed_leaves_nothing_behind(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither what a worker of another share runs just then, nor what is gone and not released yet."""
    churn = model_key("churn")
    world.connections.on_change(body("RegisteredModel", "churn"))
    world.connections.on_change(_finalized())
    world.connections.on_delete(_finalized(version=2))
    monkeypatch.setattr(world.connections.queue, "is_running", lambda _: True)
    world.connections.replace(world.served["a"], _note([], ""))
    await world.connections.endings.finish(5)
    assert world["a"].cache.get(churn) is not None
    assert world["a"].memory.departures.get(KEY) is not None
    assert world["a"].memory.departures.get(churn) is None, "it exists, so that nothing is released"


@pytest.mark.parametrize("is_let_go", [False, True])
async def test_the_release_of_what_is_gone_waits_for_its_registry(
    is_let_go: bool,  # noqa: FBT001 - a parameter of the test
    world: World,
) -> None:
    """Its registry may be back in a minute, such as after two edits of its ClusterRegistries."""
    world.connections.on_delete(_finalized())
    world.target = Unresolved(Problem(Disposition.WAITING, Reason.WAITING_FOR_REGISTRY, "gone"), is_let_go=is_let_go)
    world.connections.retire("a", _note([], ""))
    await world.connections.endings.finish(5)
    assert not [task for task in world.connections.endings if task.exception() is not None]
    assert world.connections.share_of(KEY) == NO_REGISTRY
    assert await world.connections.run(KEY) == DONE
    world.target = "b"
    world.connections.settle()
    assert (world["b"].memory.departures.get(KEY) is None) == is_let_go, "nobody can release it"
    assert len(world.connections.places.having(KEY)) == (0 if is_let_go else 1)


async def test_only_who_may_have_an_entry_uses_a_registry(world: World) -> None:
    """One that was refused would hold up the deletion of a ClusterRegistry, from any namespace."""
    world.connections.on_change(body())
    assert world.connections.places.users_of("a", lambda _: False) == []
    assert world.connections.places.users_of("a", lambda key: key == KEY) == [KEY], "it may be getting one"
    world.connections.on_change(_finalized(version=2))
    world.connections.on_change(body("RegisteredModel", "churn", status={"id": "7"}))
    assert world.connections.places.users_of("a", lambda _: False) == [KEY, model_key("churn")]
    assert world.connections.places.users_of("b", lambda _: False) == []


async def test_a_registry_is_used_as_long_as_a_deletion_changes_something_in_it(world: World) -> None:
    registry = world["a"].context.registry
    world.connections.on_change(_finalized())

    def users() -> list[ResourceKey]:
        return world.connections.places.users_of("a", lambda _: False)

    registry.tenants = [Tenant.model_validate({"namespaces": ["others"]})]
    assert users() == [], "a refused one is let go, and its entry is left as it is"
    registry.tenants = None
    assert users() == [KEY]
    leaving = body(version=3, status={"id": "7"})
    leaving["metadata"] |= {"deletionTimestamp": "2026-11-23T12:00:00Z", "finalizers": ["example.com/others"]}
    world.connections.on_change(leaving)
    assert users() == [], "it has let go of its entry"
    world.connections.on_change(_finalized(version=4, uid="uid-2"))
    world.connections.on_delete(_finalized(version=5, uid="uid-2"))
    assert users() == [KEY], "it is gone, and its entry is still to be archived"


async def test_a_resource_without_a_registry_has_not_lost_its_entry(world: World) -> None:
    """Its spec may name another ClusterRegistry for the same server; the entry is no orphan of it."""
    is_beside = world["a"].orphans._is_beside
    assert not is_beside(KEY)
    world.target = Unresolved(Problem(Disposition.WAITING, Reason.WAITING_FOR_REGISTRY, "gone"), is_let_go=True)
    world.connections.on_change(_finalized())
    assert is_beside(KEY)


async def test_a_child_learns_why_its_parent_has_no_registry_now(world: World) -> None:
    child = ResourceKey("ModelVersion", "team", "v1")
    first, second = (
        Unresolved(Problem(Disposition.WAITING, Reason.WAITING_FOR_REGISTRY, message)) for message in ("prdo", "stagin")
    )
    world.target = first
    world.connections.on_change(body())
    world.connections.on_change(body("ModelVersion", "v1", registeredModelRef={"name": "fraud"}))
    world.target = second
    world.connections.on_change(body(version=2))
    assert world.connections.places.unserved._why[child] == second


async def test_a_child_is_moved_after_the_run_of_a_parent_that_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its registry was another one for as long as its parent ran."""
    child = ResourceKey("ModelVersion", "team", "v1")
    world.connections.on_change(body())
    world.connections.on_change(body("ModelVersion", "v1", registeredModelRef={"name": "fraud"}))
    moved: list[ResourceKey] = []
    monkeypatch.setattr(world.connections, "_move", moved.append)
    world.connections._moving.add(KEY)
    await world.connections.run(KEY)
    assert moved == [KEY, child]


async def test_the_reason_of_what_is_gone_is_not_that_of_its_successor(world: World) -> None:
    reasons = [
        Unresolved(Problem(Disposition.WAITING, Reason.WAITING_FOR_REGISTRY, message), is_let_go=False)
        for message in ("of the successor", "of what is gone")
    ]
    world.connections.on_change(_finalized())
    world.target = reasons[0]
    world.connections.on_change(body(version=2, uid="uid-2"))
    world.target = reasons[1]
    world.connections.retire("a", _note([], ""))
    await world.connections.endings.finish(5)
    assert world.connections.places.unserved._why[KEY] == reasons[0]
    assert world.connections.places.unserved.memory.departures.get(KEY) is not None
