"""The pipeline without an operator around it: what reconciling resources would do, until nothing is left to do.

The stages are the operator's own, so that a plan and the operator cannot disagree. Only their hands differ: a cluster
and a registry that take writes in memory, and a clock that jumps to the next turn instead of waiting for it.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial

from registrar.api.bodies import Body, ResourceKey, key_of
from registrar.cluster.cache import ResourceCache
from registrar.cluster.dry_run import DryRunCluster
from registrar.kinds.table import kind_of
from registrar.planning.ownership import held
from registrar.planning.problems import Problem
from registrar.reconcile import pipeline
from registrar.reconcile.context import Context
from registrar.reconcile.memory import Memory
from registrar.reconcile.monitor import ReconcileMonitor
from registrar.reconcile.resolve import parent_key
from registrar.reconcile.resource import read_resource
from registrar.reconcile.sync_gate import SyncGate
from registrar.registries.census import Census
from registrar.registries.registry import Registry
from registrar.registries.replacement import MassDeletionGuard
from registrar.settings import Settings
from registrar.workqueue.queue import Result

HORIZON_SECONDS = 60.0
"""Of the operator's time that are played, beyond the grace of a hand-over. What waits for longer waits for a person."""
RETRY_SECONDS = 1.0
MAX_TURNS = 100
"""Of one resource: a limit keeps a fault from going round for ever."""


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class _Queue:
    """Turns by time, those of one moment in the order of their addition. See `registrar.reconcile.sync_gate.Queue`."""

    def __init__(self, clock: _Clock) -> None:
        self._clock = clock
        self._numbers = itertools.count()
        self._due: dict[ResourceKey, tuple[float, int]] = {}
        # Earlier turns of a key make later ones void, which stay in the heap until they come up.
        self._heap: list[tuple[float, int, ResourceKey]] = []

    def add(self, key: ResourceKey, *, urgent: bool = False, front: bool = False) -> None:  # noqa: ARG002 - the protocol's
        self.add_at(key, self._clock.now)

    def add_at(self, key: ResourceKey, at: float) -> None:
        known = self._due.get(key)
        if known is None or at < known[0]:
            self._due[key] = turn = at, next(self._numbers)
            heapq.heappush(self._heap, (*turn, key))

    def forget(self, key: ResourceKey) -> None:
        """There are no failures to forget."""

    def take(self, until: float) -> ResourceKey | None:
        """Return the next key, at its time; None if none is due until then."""
        while self._heap and self._heap[0][0] <= until:
            at, number, key = heapq.heappop(self._heap)
            if self._due.get(key) == (at, number):
                del self._due[key]
                self._clock.now = max(self._clock.now, at)
                return key
        return None


class DryRun:
    """One operator that writes nothing.

    Args:
        settings: the operator's.
        cluster: the resources.
        registry: the registry, loaded, whose backend takes writes in memory.
        monitor: is shown each write.
    """

    def __init__(
        self, settings: Settings, cluster: DryRunCluster, registry: Registry, monitor: ReconcileMonitor
    ) -> None:
        self._clock = _Clock()
        self._queue = _Queue(self._clock)
        self._cluster = cluster
        self._registry = registry
        self._horizon = settings.handover_grace + HORIZON_SECONDS
        cache = ResourceCache()
        self._gate = SyncGate(self._queue, call_later=lambda _seconds, _open: None)
        self._memory = Memory(cache, self._gate, registry.view.unpin, monotonic=self._clock)
        guard = MassDeletionGuard(partial(cache.recorded_ids, registry.owner_id), registry)
        census = Census(registry, self._memory.cache.count_new)
        self._context = Context(settings, cluster, registry, self._memory, guard, census, monitor)

    async def run(self, bodies: Sequence[Body], turns: Iterable[ResourceKey]) -> frozenset[ResourceKey]:
        """Reconcile resources until nothing is left to do.

        Args:
            bodies: all resources of the cluster.
            turns: those to reconcile, in this order.

        Returns:
            The resources that had a turn: those, and others that they woke.
        """
        for body in bodies:
            self._memory.keep(body)
        # What is there from the beginning is no news to others, and gives none of them a turn.
        for body in bodies:
            self._gate.forget(key_of(body))
        self._gate.open()
        self._memory.cache.synced.set()
        keys = list(turns)
        self._identify_parents(keys)
        for waiting in keys:
            self._queue.add(waiting)
        numbers: Counter[ResourceKey] = Counter()
        while (key := self._queue.take(self._horizon)) is not None:
            numbers[key] += 1
            if numbers[key] <= MAX_TURNS:
                self._repeat(key, await pipeline.reconcile(key, self._context))
            if self._memory.cache.get(key) is not None and not self._cluster.has(key):
                # The watch would show its deletion.
                self._memory.forget(key)
            if self._registry.breaker.take_request() or not self._registry.loaded:
                await self._registry.load()
        return frozenset(numbers)

    def _repeat(self, key: ResourceKey, result: Result) -> None:
        if result.requeue_after is None and not result.failed:
            return
        delay = (result.requeue_after or 0.0) + (RETRY_SECONDS if result.failed else 0.0)
        self._queue.add_at(key, self._clock.now + delay)

    def _identify_parents(self, turns: Iterable[ResourceKey]) -> None:
        """Have children of resources without a turn find the entries of these by their stamps."""
        present = set(turns)
        bodies = (self._memory.cache.get(key) for key in present)
        resources = (read_resource(body).declared for body in bodies if body is not None)
        parents = {parent_key(declared) for declared in resources if not isinstance(declared, Problem)}
        for parent in filter(None, parents - present):
            kind = kind_of(parent.kind).entry
            stamped = self._registry.view.stamped(kind, parent.path)
            entries = held([entry for entry in stamped if type(entry) is kind.entry], self._registry.owner_id)
            if len(entries) == 1:
                self._memory.identify(parent, self._registry.identity_of(kind, entries[0]))
