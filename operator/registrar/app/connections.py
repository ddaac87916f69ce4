"""All registries of an operator: to which one a resource belongs, and what is known of all resources together."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from registrar.api.bodies import Body, ResourceKey, key_of, uid_of
from registrar.app.connection import Connection, ConnectionMonitor, Process, connection_to
from registrar.cluster.cache import PendingReads, ResourceCache
from registrar.reconcile.sync_gate import SyncGate
from registrar.registries.registry import Registry
from registrar.workqueue.queue import DONE, Monitor, Result, WorkQueue

Counted = TypeVar("Counted")
RegistryOf = Callable[[Body], str]
"""Returns the name of the registry to which a resource belongs."""


class Connections:
    """The connections of an operator; takes the resources of the cluster (`registrar.cluster.sink.ResourceSink`).

    Each resource is in the memory of one connection. So no connection can touch what belongs to another one.

    Args:
        registry_of: returns the name of the registry to which a resource belongs.
        process: the parts of the process that they share.
        monitor: counts what happens in the work queue.

    Attributes:
        synced: set once every resource that existed at the start is known.
        queue: the work queue, with a share for each registry.
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
        self._connections: dict[str, Connection] = {}

    def serve(self, registry: Registry, monitor: ConnectionMonitor) -> None:
        """Serve one more registry."""
        self.queue.open_share(registry.name)
        cache = ResourceCache(self.synced, self._reads)
        connection = connection_to(registry, cache, self._gate, self.queue, self._process, monitor)
        self._connections[registry.name] = connection

    def start(self) -> list[asyncio.Task[None]]:
        """Start the workers, and return the tasks that work for each registry.

        The workers of a registry wait for the first attempt to read it, and for no other registry.
        """
        begin = {name: asyncio.Event() for name in self._connections}
        self.queue.start(begin)
        leadership = self._process.leadership
        return [task for connection in self.all() for task in connection.start(begin[connection.name], leadership)]

    def all(self) -> tuple[Connection, ...]:
        """Return all connections."""
        return tuple(self._connections.values())

    async def run(self, key: ResourceKey) -> Result:
        """Reconcile a resource; returns when to run again.

        It belongs to one connection, but for a moment: its entries in one registry may not be released yet when a
        successor of the same name belongs to another.
        """
        results = [await connection.run(key) for connection in self._having(key)]
        return min(results, key=_urgency, default=DONE)

    def share_of(self, key: ResourceKey) -> str:
        """Return the share of the work queue in which a resource waits: the name of its registry."""
        return next((connection.name for connection in self._having(key)), next(iter(self._connections)))

    def on_change(self, body: Body) -> None:
        """Hand a resource to its connection; one that had it before, or its predecessor, forgets it."""
        key, home = key_of(body), self._connections[self._registry_of(body)]
        for other in self._connections.values():
            if other is home or (known := other.cache.get(key)) is None:
                continue
            if not other.cache.is_news(body):
                return
            if uid_of(known) == uid_of(body):
                other.context.memory.forget(key)
            else:
                other.intake.on_delete(known)
        home.intake.on_change(body)

    def on_delete(self, body: Body) -> None:
        """Have the connection of a deleted resource forget it."""
        key = key_of(body)
        known_to = [connection for connection in self.all() if connection.cache.get(key) is not None]
        for connection in known_to or [self._connections[self._registry_of(body)]]:
            connection.intake.on_delete(body)

    def on_synced(self) -> None:
        """Compare what waited for the cache."""
        for connection in self.all():
            connection.intake.on_synced()

    def __len__(self) -> int:
        return sum(len(connection.cache) for connection in self.all())

    def __iter__(self) -> Iterator[ResourceKey]:
        for connection in self.all():
            yield from connection.cache

    def get(self, key: ResourceKey) -> Body | None:
        """Return the latest body of a resource; None if it does not exist."""
        bodies = (connection.cache.get(key) for connection in self.all())
        return next((body for body in bodies if body is not None), None)

    async def read(self, key: ResourceKey, get: Callable[[ResourceKey], Awaitable[Body | None]]) -> Body | None:
        """Return a resource as the API server has it now, as `ResourceCache.read` does."""
        return await self._reads.read(key, get)

    def count_ready(self) -> Mapping[tuple[str, str, str], int]:
        """Return how many resources exist by kind, and by status and reason of Ready."""
        return _sum(connection.cache.count_ready() for connection in self.all())

    def count_yielded(self) -> Mapping[str, int]:
        """Return how many resources another installation manages, by kind."""
        return _sum(connection.context.memory.count_yielded() for connection in self.all())

    def _having(self, key: ResourceKey) -> list[Connection]:
        return [connection for connection in self._connections.values() if connection.has(key)]


def _urgency(result: Result) -> tuple[bool, float]:
    """Order results: a failure before all others, and of those the one that is due first."""
    return not result.failed, math.inf if result.requeue_after is None else result.requeue_after


def _sum(counts: Iterable[Mapping[Counted, int]]) -> Counter[Counted]:
    total: Counter[Counted] = Counter()
    for count in counts:
        total.update(count)
    return total
