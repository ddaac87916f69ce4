"""Intake: a resource that the API server shows is kept and enqueued, or forgotten."""

from __future__ import annotations

from registrar.api.bodies import Body, is_edited, is_unanswered, key_of, uid_of, was_never_finalized
from registrar.fencing import Leadership
from registrar.reconcile.memory import Memory
from registrar.reconcile.monitor import ReconcileMonitor
from registrar.reconcile.sync_gate import SyncGate


class Intake:
    """Takes resources from the watch and from lists (`registrar.cluster.sink.ResourceSink`).

    Args:
        memory: what is known of all resources.
        gate: the way into the work queue.
        leadership: whether this replica leads.
        monitor: is shown resources that become Ready.
    """

    def __init__(self, memory: Memory, gate: SyncGate, leadership: Leadership, monitor: ReconcileMonitor) -> None:
        self._memory = memory
        self._gate = gate
        self._leadership = leadership
        self._monitor = monitor

    def on_change(self, body: Body) -> None:
        """Keep the latest body and enqueue the resource; a user's edit ends an old back-off."""
        cache, key = self._memory.cache, key_of(body)
        before = cache.get(key)
        if not self._memory.keep(body):
            return
        self.note_readiness(body)
        edited = before is None or is_edited(before, cache.get(key) or body)
        if edited:
            self._gate.forget(key)
        # A list brings thousands of resources that are new only to this process.
        self._gate.add(key, urgent=is_unanswered(body) or (edited and before is not None))

    def on_delete(self, body: Body) -> None:
        """Forget a deleted resource, unless a successor of the same name is known already."""
        key = key_of(body)
        known = self._memory.cache.get(key)
        if known is None or uid_of(known) == uid_of(body):
            self._memory.forget(key)
            if was_never_finalized(body):
                self._memory.depart(body)

    def on_synced(self) -> None:
        """Compare what waited for the cache, and what found something missing that may only have been unread."""
        self._gate.open()
        self._memory.wake(self._memory.sync_waits.end())

    def note_readiness(self, body: Body) -> None:
        """Measure how long a resource took to become Ready; on a standby that is the leader's work, and only noted."""
        seconds = self._memory.note_readiness(body)
        if seconds is not None and self._leadership.is_held:
            self._monitor.became_ready(body["kind"], seconds)
