"""The circuit breaker of a registry: while the registry is unavailable, one prober calls it and nobody else.

The first call that fails for that reason opens the breaker; the prober (`registrar.registries.poller`) probes at
once, so that a blip costs milliseconds. Resources with something to do are deferred, and woken when it closes. Where
that probe succeeds, the failure was the resource's own (`registrar.registries.outliers`), which opens nothing again.
"""

from __future__ import annotations

import asyncio
import contextlib

from registrar.api.bodies import ResourceKey
from registrar.planning.problems import Problem
from registrar.registries.outliers import Outliers
from registrar.registries.pauses import FIRST_PAUSE, Pauses

MAX_RETRY_AFTER = 300.0
"""Seconds of a ``Retry-After`` that are respected."""
REPORTS = 2
"""Resources that report an outage at once: thousands may have to, and others wait for the API server meanwhile."""
CALM_SECONDS = 60.0
"""Seconds without an outage after which the next one is new, and is probed at once."""


class CircuitBreaker:
    """Whether the registry is unavailable, why, and which resources wait for it.

    Attributes:
        problem: why it is open; None while it is closed.
        outliers: the resources whose failures open nothing.
        reports: is acquired to report an outage.
    """

    def __init__(self) -> None:
        self.problem: Problem | None = None
        self.outliers = Outliers()
        self.reports = asyncio.Semaphore(REPORTS)
        self._deferred: dict[ResourceKey, None] = {}
        self._probe_wanted = asyncio.Event()
        self._pause_ended = asyncio.Event()
        self._pauses = Pauses()
        self._retry_after = 0.0
        self._limited_for = 0.0
        self._closed_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether the registry is unavailable."""
        return self.problem is not None

    def open(self, problem: Problem, now: float, suspect: ResourceKey | None = None) -> None:
        """Open the breaker: the registry did not answer, or refused to.

        Args:
            problem: the reason. While the breaker is open, the first reason stays and all resources report it; only
                how long the registry asks for no requests is taken from the latest.
            now: monotonic seconds.
            suspect: the resource whose request failed.
        """
        self._retry_after = min(problem.retry_after or 0.0, MAX_RETRY_AFTER)
        if self.problem is not None:
            return
        if self._closed_at is None or now - self._closed_at > CALM_SECONDS:
            self._pauses.reset()
        self.problem = problem
        if suspect is not None:
            self.outliers.suspect(suspect)
        self._probe_wanted.set()

    def update(self, problem: Problem, now: float) -> tuple[ResourceKey, ...]:
        """Open the breaker, because a probe failed, or report another reason than before: an expired token, say.

        Returns:
            The deferred resources if the reason has changed, so that their statuses say what is true now.
        """
        before = self.problem
        self.outliers.confirm_outage()
        self.open(problem, now)
        if before is None or before.message == problem.message:
            return ()
        self.problem = problem
        return tuple(self._deferred)

    def defer(self, key: ResourceKey) -> None:
        """Have this resource woken when the breaker closes."""
        self._deferred[key] = None

    def close(self, now: float) -> tuple[ResourceKey, ...]:
        """Close the breaker: the registry answered. Returns the deferred resources, the first deferred first."""
        if self.problem is not None:
            self._closed_at = now
            if self.outliers.note_answer():
                # There was no outage, so the next one is new.
                self._pauses.reset()
        self.problem = None
        # What was fixed, or asked for, before this answer concerns no later outage.
        self._pause_ended.clear()
        self._limited_for = 0.0
        deferred, self._deferred = tuple(self._deferred), {}
        return deferred

    def next_pause(self) -> float:
        """Return the seconds until the next probe, at least as many as the registry asked for.

        An outage that returns at once keeps doubling the pause.
        """
        return max(self._pauses.next(), self._retry_after)

    async def pause(self, seconds: float) -> None:
        """Return after a pause between two probes, or once `end_pause` is called, or has been since the last pause."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._pause_ended.wait()
        self._pause_ended.clear()

    def end_pause(self) -> None:
        """Have the registry probed now: what kept it from answering may be fixed."""
        self._pause_ended.set()
        self._probe_wanted.set()

    def limit(self, retry_after: float | None) -> None:
        """Note that the registry asks the prober for fewer requests.

        It is available: the workers go on, as fast as it lets them.

        Args:
            retry_after: for how many seconds, if it says so.
        """
        seconds = min(retry_after or 0.0, MAX_RETRY_AFTER)
        if self.is_open:
            self._retry_after = seconds
        else:
            self._limited_for = max(FIRST_PAUSE, seconds)

    def request_probe(self) -> None:
        """Have the prober read the registry now, though it answers: a resource has to know what it holds."""
        self._probe_wanted.set()

    def take_request(self) -> bool:
        """Return whether a probe was requested, and take that as answered."""
        is_requested = self._probe_wanted.is_set()
        self._probe_wanted.clear()
        return is_requested

    async def wait_for_request(self, timeout_seconds: float) -> None:
        """Return when the breaker opens or a probe is requested, or after the time-out.

        Where the registry has asked for fewer requests, return after the time that it asked for instead, or when the
        breaker opens or `end_pause` is called: whatever resources have to know, waits for so long.
        """
        limited_for, self._limited_for = self._limited_for, 0.0
        with contextlib.suppress(TimeoutError):
            # wait_for would create a task of its own, for which kopf waits 5 s when it ends.
            async with asyncio.timeout(limited_for or timeout_seconds):
                await self._probe_wanted.wait()
                while limited_for and not self.is_open and not self._pause_ended.is_set():
                    self._probe_wanted.clear()
                    await self._probe_wanted.wait()
        self._probe_wanted.clear()
        if not self.is_open:
            self._pause_ended.clear()
