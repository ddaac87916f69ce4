"""The shares of the work queue: keys of one share wait for its workers only.

A registry that accepts requests and never answers occupies its workers until they time out. The resources of the other
registries have workers of their own.
"""

from __future__ import annotations

import asyncio
import time
from typing import Generic

from registrar.workqueue.lanes import Key, Lanes, Turn


class Share(Generic[Key]):
    """The keys of one share that wait for a worker, and how many of its workers are busy.

    Args:
        workers: how many of its keys may run at once.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._lanes: Lanes[Key] = Lanes()
        self._ready = asyncio.Semaphore(0)
        self._busy = 0
        self._has_begun = False
        self._is_closed = False
        self._moved_at = time.monotonic()

    def __len__(self) -> int:
        """Return how many keys wait."""
        return len(self._lanes)

    def __contains__(self, key: Key) -> bool:
        return key in self._lanes

    def add(self, turn: Turn[Key]) -> None:
        """Have a key wait; `Lanes.add` says where."""
        if not self._lanes:
            self._moved_at = time.monotonic()
        if self._lanes.add(turn.key, turn.since, urgent=turn.urgent, front=turn.front):
            self._ready.release()

    def withdraw(self, key: Key) -> Turn[Key] | None:
        """Remove a key that waits, which belongs to another share by now; returns its turn, if it waits here."""
        # The worker that is woken for it finds one key less, and waits again.
        return self._lanes.withdraw(key)

    def begin(self) -> None:
        """Count from now how long keys wait although a worker is free."""
        self._has_begun = True
        self._moved_at = time.monotonic()

    def close(self) -> None:
        """Have its workers end: those that wait now, and the others after the key that they run."""
        self._is_closed = True
        for _ in range(self.workers):
            self._ready.release()

    async def next(self) -> Turn[Key] | None:
        """Return the next key, which occupies a worker until `done`; None once the share is closed."""
        while True:
            await self._ready.acquire()
            if self._is_closed:
                # Others wait for the same.
                self._ready.release()
                return None
            if self._lanes:
                self._busy += 1
                self._moved_at = time.monotonic()
                return self._lanes.take()

    def done(self) -> None:
        """Free the worker of a key."""
        self._busy -= 1

    def standstill(self) -> float:
        """Return the seconds for which keys have been waiting though a worker is free; 0 in normal operation."""
        is_due = self._has_begun and bool(self._lanes) and self._busy < self.workers
        return time.monotonic() - self._moved_at if is_due else 0.0
