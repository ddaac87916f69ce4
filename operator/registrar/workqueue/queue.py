"""The one queue of the operator: which key runs next, and when a key runs again.

A key is never in two workers at once: a key that is added while it runs, runs once more afterwards, however often it
was added. Each share of the keys has workers of its own (`registrar.workqueue.shares`). In a share, urgent keys go
before the background (`registrar.workqueue.lanes`). The queue retries failures with exponential back-off and full
jitter until the key is forgotten. Delays are timers of the event loop, which keeps them in a heap of its own; a key
whose delay has ended belongs to the background.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol

from registrar.workqueue.lanes import Key, Turn
from registrar.workqueue.shares import Share
from registrar.workqueue.workers import Workers

logger = logging.getLogger(__name__)

FIRST_BACKOFF = 0.5
"""Seconds: the ceiling of the first retry; it doubles with each further failure."""
MAX_BACKOFF = 300.0
"""Seconds: the highest ceiling."""
ALL = ""
"""The share of all keys, where there is only one."""


@dataclass(frozen=True, slots=True)
class Result:
    """What happens to a key after it ran.

    Attributes:
        requeue_after: seconds until it runs again; None when nothing is due.
        failed: run again after the key's back-off, which starts after those seconds, and count one more failure.
    """

    requeue_after: float | None = None
    failed: bool = False


DONE = Result()
NOW = Result(requeue_after=0.0)
RETRY = Result(failed=True)


def _spread(ceiling: float) -> float:
    """Return a delay between nothing and the ceiling, so that simultaneous failures do not retry at once."""
    return random.uniform(0, ceiling)  # noqa: S311 - spreads load, protects nothing


def _only_share(_: object) -> str:
    return ALL


class Monitor(Protocol):
    """Counts what happens in a queue."""

    def started(self, waited: float) -> None:
        """Count a key that a worker took after so many seconds."""

    def retried(self) -> None:
        """Count a failure that is retried."""


class _NoMonitor:
    """Counts nothing."""

    def started(self, waited: float) -> None:
        """Do nothing."""

    def retried(self) -> None:
        """Do nothing."""


class WorkQueue(Generic[Key]):
    """A deduplicating queue with bounded workers, per-key back-off and delayed runs.

    Args:
        process: reconciles one key; an exception from it is logged and counts as a failure.
        workers: how many keys of a share may run at once.
        shares: the names of the shares.
        share_of: returns the name of the share to which a key belongs now; by default, there is only one.
        jitter: draws a delay between 0 and its argument, both in seconds.
        monitor: counts what happens.
    """

    def __init__(
        self,
        process: Callable[[Key], Awaitable[Result]],
        *,
        workers: int,
        shares: Iterable[str] = (ALL,),
        share_of: Callable[[Key], str] | None = None,
        jitter: Callable[[float], float] = _spread,
        monitor: Monitor | None = None,
    ) -> None:
        self._process = process
        self._workers = workers
        self._shares: dict[str, Share[Key]] = {}
        self._share_of = share_of or _only_share
        self._crew: Workers[Key] = Workers(self._work)
        self._has_started = False
        for name in shares:
            self.open_share(name)
        self._jitter = jitter
        self._monitor = monitor or _NoMonitor()
        self._running: dict[Key, float] = {}
        self._again: dict[Key, Turn[Key]] = {}
        self._failures: dict[Key, int] = {}
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._idle = asyncio.Event()
        self._stopping = False

    def __len__(self) -> int:
        """Return how many keys wait for a worker now; delayed keys do not count."""
        return sum(map(len, self._shares.values()))

    def open_share(self, name: str, begin: asyncio.Event | None = None) -> None:
        """Open a share, before the start or while the queue runs.

        Args:
            name: its name, which no open share has.
            begin: an event before which its workers take no key.
        """
        share: Share[Key] = Share(self._workers)
        self._shares[name] = share
        if begin is not None:
            self._crew.wait_for(name, begin)
        if self._has_started:
            self._crew.start(name, share)

    async def close_share(self, name: str, timeout_seconds: float) -> None:
        """Close a share and drop the keys that wait in it; cancel those that still run after the time-out.

        Keys that have to run all the same belong to another share by now, and were added again.
        """
        await self._crew.end(name, self._shares.pop(name), timeout_seconds)

    @property
    def shares(self) -> tuple[str, ...]:
        """The names of the shares."""
        return tuple(self._shares)

    def depth(self, share: str) -> int:
        """Return how many keys of a share wait for a worker now; none in a share that is closed."""
        return len(self._shares.get(share, ()))

    def add(self, key: Key, *, urgent: bool = False, front: bool = False) -> None:
        """Run the key as soon as a worker is free; this cancels a delayed run of it.

        Args:
            key: the key.
            urgent: before the background, even if it waits there already; the key stays urgent until it runs.
            front: before all other urgent keys; of a key that is running, its next run.
        """
        self._cancel_timer(key)
        now = time.monotonic()
        if key in self._running:
            asked = self._again.get(key, Turn(key, now, urgent=False))
            self._again[key] = Turn(key, asked.since, urgent or asked.urgent, front or asked.front)
        else:
            self._wait(Turn(key, now, urgent, front))

    def add_after(self, key: Key, seconds: float) -> None:
        """Run the key in that many seconds, unless it is added before; the earlier of two delays counts."""
        if self._stopping or key in self._again or any(key in share for share in self._shares.values()):
            return
        if seconds <= 0:
            self.add(key)
            return
        loop = asyncio.get_running_loop()
        timer = self._timers.get(key)
        if timer is not None and timer.when() <= loop.time() + seconds:
            return
        self._cancel_timer(key)
        self._timers[key] = loop.call_later(seconds, self.add, key)

    def forget(self, key: Key) -> None:
        """Drop the failures of a key, so that its next failure starts at the shortest back-off."""
        self._failures.pop(key, None)

    def failures(self, key: Key) -> int:
        """Return how often the key has failed in a row."""
        return self._failures.get(key, 0)

    def is_running(self, key: Key) -> bool:
        """Return whether a worker runs the key now."""
        return key in self._running

    @property
    def active(self) -> int:
        """The number of keys that run now."""
        return len(self._running)

    def longest_run(self) -> tuple[Key | None, float]:
        """Return the key that has been running longest, and for how many seconds."""
        key = next(iter(self._running), None)
        return key, 0.0 if key is None else time.monotonic() - self._running[key]

    def standstill(self) -> float:
        """Return the seconds for which keys have been waiting though a worker is free; 0 in normal operation."""
        return max((share.standstill() for share in self._shares.values()), default=0.0)

    def has_workers(self) -> bool:
        """Return whether all workers live; none of them ends in normal operation."""
        return not any(task.done() for task in self._crew)

    def owns(self, task: object) -> bool:
        """Return whether a task is one of the workers."""
        return task in self._crew.everyone

    def start(self) -> None:
        """Start the workers in the running loop."""
        self._has_started = True
        for name, share in self._shares.items():
            self._crew.start(name, share)

    async def drain(self, timeout_seconds: float) -> None:
        """Start no further key, let running ones finish, and cancel those that still run after the time-out."""
        self._stopping = True
        for key in list(self._timers):
            self._cancel_timer(key)
        if self._running:
            self._idle.clear()
            try:
                # wait_for would create a task of its own, which kopf would cancel at its end.
                async with asyncio.timeout(timeout_seconds):
                    await self._idle.wait()
            except TimeoutError:
                logger.warning("Stopped while still reconciling: %s", ", ".join(map(str, self._running)))
        await self._crew.cancel()

    def _cancel_timer(self, key: Key) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

    async def _work(self, share: Share[Key]) -> None:
        share.begin()
        while True:
            # Resources in sync are compared without any pause: thousands of them must not delay lease and watch.
            await asyncio.sleep(0)
            turn = await share.next()
            if turn is None or self._stopping:
                return
            try:
                outcome = await self._run(share, turn)
            except asyncio.CancelledError:
                again = self._again.pop(turn.key, None)
                if again is not None and not self._stopping:
                    # The share was closed. The key belongs to another one now.
                    self._wait(again)
                raise
            self._follow_up(turn, outcome)

    async def _run(self, share: Share[Key], turn: Turn[Key]) -> Result:
        key = turn.key
        self._running[key] = now = time.monotonic()
        self._monitor.started(now - turn.since)
        try:
            return await self._process(key)
        except Exception:
            logger.exception("Reconciling %s failed unexpectedly; retrying", key)
            return RETRY
        finally:
            share.done()
            del self._running[key]
            if not self._running:
                self._idle.set()

    def _wait(self, turn: Turn[Key]) -> None:
        share = self._shares[self._share_of(turn.key)]
        for other in self._shares.values():
            if other is not share and (left := other.withdraw(turn.key)) is not None:
                turn = Turn(turn.key, left.since, turn.urgent or left.urgent, turn.front)
        share.add(turn)

    def _follow_up(self, turn: Turn[Key], outcome: Result) -> None:
        key = turn.key
        if (again := self._again.pop(key, None)) is not None:
            self._wait(again)
        if outcome.failed:
            failures = self._failures.get(key, 0)
            self._failures[key] = failures + 1
            self._monitor.retried()
            ceiling = min(MAX_BACKOFF, FIRST_BACKOFF * 2 ** min(failures, 20))
            # Never at once: a failure that repeats without a pause would occupy its worker for good.
            self.add_after(key, (outcome.requeue_after or 0.0) + max(self._jitter(ceiling), 0.01))
            return
        self.forget(key)
        if outcome == NOW:
            self.add(key, urgent=turn.urgent)
        elif outcome.requeue_after is not None:
            self.add_after(key, outcome.requeue_after)
