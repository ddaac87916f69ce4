"""Resources that are only compared wait until the cache has synced, as workers wait for informers elsewhere.

Whatever a reconcile needs of other resources is known then: a restart compares each resource once, its parent first.
What a user waits for is reconciled at once all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from registrar.api.bodies import ResourceKey
from registrar.kinds.table import kind_order

LIMIT_SECONDS = 30.0
"""After that, resources are compared with what is known: a kind that cannot be listed must not stop the others."""


class Queue(Protocol):
    """The part of the work queue that the gate needs."""

    def add(self, key: ResourceKey, *, urgent: bool = False, front: bool = False) -> None:
        """Reconcile a resource as soon as a worker is free."""

    def forget(self, key: ResourceKey) -> None:
        """Drop the failures of a resource."""


class SyncGate:
    """The way into the work queue.

    Args:
        queue: the work queue.
        call_later: calls a function after some seconds; the running loop's by default.
    """

    def __init__(self, queue: Queue, call_later: Callable[[float, Callable[[], None]], object] | None = None) -> None:
        self._queue = queue
        self._call_later = call_later
        self._held: set[ResourceKey] = set()
        self._is_open = False

    def add(self, key: ResourceKey, *, urgent: bool = False, front: bool = False) -> None:
        """Reconcile a resource as soon as a worker is free, or hold it until the gate opens."""
        if urgent or self._is_open:
            self._held.discard(key)
            self._queue.add(key, urgent=urgent, front=front)
            return
        if not self._held:
            (self._call_later or asyncio.get_running_loop().call_later)(LIMIT_SECONDS, self.open)
        self._held.add(key)

    def release(self, key: ResourceKey) -> None:
        """Reconcile a resource now if it is held: another one, which is not held, needs its entry."""
        if key in self._held:
            self.add(key, urgent=True, front=True)

    def forget(self, key: ResourceKey) -> None:
        """Drop the failures of a resource, and hold it no longer."""
        self._held.discard(key)
        self._queue.forget(key)

    def open(self) -> None:
        """Reconcile what was held, parents before children, and hold nothing from now on."""
        self._is_open = True
        held, self._held = self._held, set()
        for key in sorted(held, key=kind_order):
            self._queue.add(key)
