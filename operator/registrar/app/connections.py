"""All registries of an operator: to which one a resource belongs, and what is known of all resources together."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Awaitable, Callable, Container, Iterable, Iterator
from functools import partial

from registrar.api.bodies import Body, ResourceKey, key_of, uid_of
from registrar.app.children import Children
from registrar.app.connection import Connection, Process, Served, connection_to
from registrar.app.endings import End, Endings
from registrar.app.neighbours import begins_to_leave, is_beside, wake_waiting
from registrar.app.own_tasks import OwnTasks
from registrar.app.places import Place, Places
from registrar.app.resolver import parent_of
from registrar.app.unserved import NO_REGISTRY, Unserved
from registrar.cluster.cache import PendingReads, ResourceCache
from registrar.planning.resolution import Resolution, Unresolved
from registrar.reconcile.sync_gate import SyncGate
from registrar.workqueue.queue import DONE, Monitor, Result, WorkQueue

RegistryOf = Callable[[Body], Resolution]
"""Returns the name of the registry to which a resource belongs, or why it belongs to none."""

CLOSE_SECONDS = 10.0
"""For the reconciles of a registry that is no longer served."""


class Connections:
    """The connections of an operator; takes the resources of the cluster (`registrar.cluster.sink.ResourceSink`).

    Each resource is in the memory of one connection. So no connection can touch what belongs to another one.

    Args:
        registry_of: returns the registry to which a resource belongs.
        process: the parts of the process that they share.
        monitor: counts what happens in the work queue.

    Attributes:
        synced: set once every resource that existed at the start is known.
        queue: the work queue, with a share for each registry.
        endings: the connections that are being ended.
        places: where resources are.
    """

    def __init__(self, registry_of: RegistryOf, process: Process, monitor: Monitor) -> None:
        self.synced = asyncio.Event()
        self.queue: WorkQueue[ResourceKey] = WorkQueue(
            self.run, workers=process.settings.workers, shares=(), share_of=self.share_of, monitor=monitor
        )
        self._gate = SyncGate(self.queue)
        self._registry_of = registry_of
        self._process = process
        self._reads = PendingReads()
        self._numbers = itertools.count(1)
        self.endings = Endings()
        self.places = Places(Unserved(ResourceCache(self.synced, self._reads), self._gate, process))
        self._tasks: dict[str, list[asyncio.Task[None]]] = {}
        self._has_started = False
        self._children = Children()
        self._moving: set[ResourceKey] = set()

    def serve(self, served: Served) -> Connection:
        """Serve one more registry, under a name that no other one has; its tasks begin with the others."""
        name = served.registry.name
        share = name if name not in self.queue.shares else f"{name} {next(self._numbers)}"
        cache = ResourceCache(self.synced, self._reads)

        def beside(key: ResourceKey) -> bool:
            # One without a registry exists all the same, and has not lost its entry.
            return self.places.unserved.has(key) or is_beside(served.registry, key, self.all())

        connection = connection_to(served, share, cache, self._gate, self.queue, self._process, beside)
        self.queue.open_share(share, connection.begin)
        served.monitor.observe_depth(partial(self.queue.depth, share))
        self.places.served[name] = connection
        if self._has_started:
            self._tasks[share] = connection.start(self._process.leadership)
        return connection

    def start(self) -> list[asyncio.Task[None]]:
        """Start the workers, and what works for each registry; returns the tasks that never end in normal operation.

        The workers of a registry wait for the first attempt to read it, and for no other registry.
        """
        self._has_started = True
        self.queue.start()
        for connection in self.all():
            self._tasks[connection.share] = connection.start(self._process.leadership)
        return [task for connection in self.all() if connection.is_required for task in self._tasks[connection.share]]

    def tasks(self) -> Iterator[asyncio.Task[None]]:
        """Yield every task that works for a registry that is served, but for the workers."""
        for tasks in self._tasks.values():
            yield from tasks

    @property
    def own_tasks(self) -> Container[asyncio.Task[None]]:
        """The tasks that work for registries at any time, workers among them."""
        return OwnTasks(self.queue.owns, lambda: itertools.chain(self.tasks(), self.endings))

    def retire(self, name: str, close: End) -> None:
        """Serve a registry no longer; its resources go where they belong now.

        Args:
            name: the registry's name.
            close: closes its client; is called once nothing of the connection runs any more. Reconciles that take too
                long are cancelled.
        """
        self._end(self.places.served.pop(name), close)

    def replace(self, served: Served, close: End) -> Connection:
        """Serve a registry by another connection; the first one ends as `retire` says."""
        before = self.places.served[served.registry.name]
        connection = self.serve(served)
        self._end(before, close)
        return connection

    def _end(self, connection: Connection, close: End) -> None:
        """Let nothing more be written, which was judged by former settings; move its resources, and end its tasks."""
        connection.fence.close()
        self.places.retiring.append(connection)
        tasks = self._tasks.pop(connection.share, [])
        for task in tasks:
            task.cancel()
        self._settle(connection.cache)
        self.endings.begin(connection.name, partial(self._finish, connection, tasks, close))

    async def _finish(self, connection: Connection, tasks: Iterable[asyncio.Task[None]], close: End) -> None:
        await self.queue.close_share(connection.share, CLOSE_SECONDS)
        await asyncio.gather(*tasks, return_exceptions=True)
        self.places.retiring.remove(connection)
        # Also what a worker of another share runs: nothing remembers it once the connection is closed.
        for body in connection.bodies():
            self.on_change(body)
        for departed in connection.memory.departures:
            self._depart(departed, self._target_of(departed))
        await close()

    def all(self) -> tuple[Connection, ...]:
        """Return all connections."""
        return tuple(self.places.served.values())

    async def run(self, key: ResourceKey) -> Result:
        """Reconcile a resource; returns when to run again.

        It belongs to one connection, but for a moment: its entries in one registry may not be released yet when a
        successor of the same name belongs to another.
        """
        try:
            results = [await place.run(key) for place in self.places.having(key)]
        finally:
            if key in self._moving:
                self._moving.discard(key)
                self._move(key)
                self._settle(self._children.of(key))
        return min(results, key=_urgency, default=DONE)

    def share_of(self, key: ResourceKey) -> str:
        """Return the share of the work queue in which a resource waits: that of its registry."""
        places = (place for place in (*self.places.having(key), *self.all()) if place not in self.places.retiring)
        place = next(places, self.places.unserved)
        return self._unserved_share() if place is self.places.unserved else place.share

    def _unserved_share(self) -> str:
        if NO_REGISTRY not in self.queue.shares:
            self.queue.open_share(NO_REGISTRY)
        return NO_REGISTRY

    def on_change(self, body: Body) -> None:
        """Hand a resource to its connection; one that had it before, or its predecessor, forgets it."""
        key, target = key_of(body), self._target_of(body)
        for other in self.places:
            if other is target or (known := other.cache.get(key)) is None:
                continue
            if not other.cache.is_news(body):
                return
            if uid_of(known) != uid_of(body):
                other.intake.on_delete(known)
            elif self.queue.is_running(key):
                # Its run may record an ID, which decides where it belongs.
                other.intake.on_change(body)
                self._moving.add(key)
                return
            else:
                self._hand_over(key, other, target)
        known, parent = target.cache.get(key), parent_of(body)
        self._enter(target, body)
        self._children.move(key, None if known is None else parent_of(known), parent)
        if known is None or target is self.places.unserved:
            self._settle(self._children.of(key))

    def _hand_over(self, key: ResourceKey, place: Place, target: Place) -> None:
        """Have a place forget a resource that belongs to another one now."""
        # The other one would claim it from this very installation, or from one to which this one has yielded.
        holding = place.memory.holding(key)
        place.forget(key)
        if holding.held or holding.yielded is not None:
            target.memory.hold(key, holding)

    def _enter(self, target: Place, body: Body) -> None:
        if target is self.places.unserved:
            self._unserved_share()
            self._note(body)
        before = target.cache.get(key_of(body))
        target.intake.on_change(body)
        if begins_to_leave(before, body):
            self._wake_waiting(target)

    def _wake_waiting(self, place: Place) -> None:
        if isinstance(place, Connection):
            wake_waiting(place.context.registry, self.all())

    def _target_of(self, body: Body) -> Place:
        target = self._registry_of(body)
        return self.places.unserved if isinstance(target, Unresolved) else self.places.served[target]

    def _note(self, body: Body) -> None:
        """Have the status of a resource without a registry say why it has none."""
        why = self._registry_of(body)
        if isinstance(why, Unresolved):
            self.places.unserved.note(key_of(body), why)

    def settle(self, namespaces: Container[str] | None = None) -> None:
        """Have each resource of these namespaces, all by default, where it belongs now: the registries have changed."""
        self._settle(key for key in self if namespaces is None or key.namespace in namespaces)
        for body in self.places.unserved.memory.departures:
            # Its entry could not be released while nobody served its registry.
            if (target := self._target_of(body)) is not self.places.unserved:
                self.places.unserved.memory.released(key_of(body))
                self._depart(body, target)

    def _depart(self, body: Body, target: Place) -> None:
        """Have a place release the entries of a resource that is gone."""
        if target is self.places.unserved and self.get(key_of(body)) is None:
            # The reason of a successor is its own.
            self._note(body)
        target.memory.depart(body)

    def _settle(self, keys: Iterable[ResourceKey]) -> None:
        for key in list(keys):
            if self.queue.is_running(key):
                self._moving.add(key)
            else:
                self._move(key)

    def _move(self, key: ResourceKey) -> None:
        """Move a resource to where it belongs, and its children after it."""
        place = self.places.of(key)
        body = None if place is None else place.cache.get(key)
        if place is None or body is None:
            return
        if (target := self._target_of(body)) is place:
            if place is self.places.unserved:
                self._note(body)
            return
        self._hand_over(key, place, target)
        self._enter(target, body)
        self._settle(self._children.of(key))

    def on_delete(self, body: Body) -> None:
        """Have the connection of a deleted resource forget it."""
        key = key_of(body)
        known_to = [place for place in self.places if place.cache.get(key) is not None]
        for place in known_to or [self._target_of(body)]:
            place.intake.on_delete(body)
            self._wake_waiting(place)
        if self.get(key) is not None:
            return
        self.places.unserved.forget(key)
        self._children.move(key, parent_of(body), None)
        self._settle(self._children.of(key))

    def on_synced(self) -> None:
        """Compare what waited for the cache."""
        for place in self.places:
            place.intake.on_synced()

    def __len__(self) -> int:
        return sum(len(place.cache) for place in self.places)

    def __iter__(self) -> Iterator[ResourceKey]:
        return self.places.resources()

    def get(self, key: ResourceKey) -> Body | None:
        """Return the latest body of a resource; None if it does not exist."""
        return self.places.get(key)

    async def read(self, key: ResourceKey, get: Callable[[ResourceKey], Awaitable[Body | None]]) -> Body | None:
        """Return a resource as the API server has it now, as `ResourceCache.read` does."""
        return await self._reads.read(key, get)


def _urgency(result: Result) -> tuple[bool, float]:
    """Order results: a failure before all others, and of those the one that is due first."""
    return not result.failed, math.inf if result.requeue_after is None else result.requeue_after
