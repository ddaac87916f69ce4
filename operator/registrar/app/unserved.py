"""The resources that belong to no registry now, and why."""

from __future__ import annotations

from registrar.api.bodies import ResourceKey
from registrar.app.connection import Process
from registrar.cluster.cache import ResourceCache
from registrar.planning.resolution import Unresolved
from registrar.reconcile.intake import Intake
from registrar.reconcile.memory import Memory
from registrar.reconcile.resource import read_resource
from registrar.reconcile.sync_gate import SyncGate
from registrar.reconcile.unserved import leave_unserved
from registrar.workqueue.queue import DONE, Result

NO_REGISTRY = "none"
"""What takes the place of a registry's name for resources that belong to none; also their share of the work queue."""


class Unserved:
    """What is known of the resources without a registry; the counterpart of `Connection`.

    Args:
        cache: holds their bodies.
        gate: the way into the work queue.
        process: the parts of the process.

    Attributes:
        name, share, memory, intake: as those of a connection.
    """

    name = share = NO_REGISTRY

    def __init__(self, cache: ResourceCache, gate: SyncGate, process: Process) -> None:
        self.memory = Memory(cache, gate, _leave_nothing)
        self.intake = Intake(self.memory, gate, process.leadership, process.reconciles)
        self._gate = gate
        self._process = process
        self._why: dict[ResourceKey, Unresolved] = {}

    @property
    def cache(self) -> ResourceCache:
        """The latest bodies of these resources."""
        return self.memory.cache

    def has(self, key: ResourceKey) -> bool:
        """Return whether a resource is among them."""
        return self.cache.get(key) is not None or self.memory.departures.get(key) is not None

    def note(self, key: ResourceKey, why: Unresolved) -> None:
        """Note why a resource has no registry; its status says so if that is news."""
        before, self._why[key] = self._why.get(key), why
        if before != why and self.cache.get(key) is not None:
            self._gate.add(key, urgent=True)

    def forget(self, key: ResourceKey) -> None:
        """Forget a resource that belongs to a registry now, or is gone."""
        self._why.pop(key, None)
        if self.cache.get(key) is not None:
            self.memory.forget(key)

    async def run(self, key: ResourceKey) -> Result:
        """Report why a resource has no registry; returns when to run again."""
        body, why = self.cache.get(key), self._why.get(key)
        if self.memory.departures.get(key) is not None and (why is None or why.is_let_go):
            # The entry of one that is gone is left: no registry is known in which it could be released.
            self.memory.released(key)
        if body is None or why is None:
            return DONE
        return await leave_unserved(read_resource(body), why, self.memory, self._process.kube, self._process.settings)


def _leave_nothing(_: ResourceKey) -> None:
    """Forget nothing: there is no view of a registry."""
