"""The circuit breaker of a registry: while it is away one prober asks for it, and nobody else calls.

The first call that fails because the registry is away opens the breaker; the prober (`registrar.follow`) looks at
once, so that a blip costs milliseconds. Resources with something to do are parked, and woken when it is back.
"""

from __future__ import annotations

import asyncio
import contextlib

from registrar.api.bodies import ResourceKey
from registrar.planning.problems import Problem

FIRST_PAUSE = 1.0
"""Seconds until the second look; each further one takes twice as long."""
LONGEST_PAUSE = 30.0
"""Seconds that the pause never passes."""
LONGEST_ASKED = 300.0
"""Seconds that the registry may ask to be left alone (``Retry-After``); of more, these are given."""
CALM = 60.0
"""Seconds without an outage after which the next one is a new one, and looked at at once."""


class Outage:
    """Whether the registry is away, why, and who waits for it."""

    def __init__(self) -> None:
        self.problem: Problem | None = None
        self._parked: dict[ResourceKey, None] = {}
        self._look_wanted = asyncio.Event()
        self._looks = 0
        self._asked = 0.0
        self._ended_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether the registry is away."""
        return self.problem is not None

    def begin(self, problem: Problem, now: float) -> None:
        """Open the breaker: the registry did not answer, or answered that it will not.

        Args:
            problem: what was seen; of an outage that is known already the first is kept, and told to all. How long the
                registry asks to be left alone is taken from the last.
            now: monotonic seconds.
        """
        self._asked = min(problem.retry_after or 0.0, LONGEST_ASKED)
        if self.problem is not None:
            return
        if self._ended_at is None or now - self._ended_at > CALM:
            self._looks = 0
        self.problem = problem
        self._look_wanted.set()

    def park(self, key: ResourceKey) -> None:
        """Have this resource woken when the registry is back."""
        self._parked[key] = None

    def end(self, now: float) -> tuple[ResourceKey, ...]:
        """Close the breaker: the registry answered. Returns the parked resources, in the order of their coming."""
        if self.problem is not None:
            self._ended_at = now
        self.problem = None
        parked, self._parked = tuple(self._parked), {}
        return parked

    def next_pause(self) -> float:
        """Seconds until the prober shall look (again), at least as many as the registry asked for.

        Also an outage that comes back at once pauses ever longer.
        """
        pause = 0.0 if self._looks == 0 else min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (self._looks - 1))
        self._looks += 1
        return max(pause, self._asked)

    def want_look(self) -> None:
        """Have the prober look now, though the registry answers: somebody has to know what it holds."""
        self._look_wanted.set()

    async def wait_until_wanted(self, timeout_seconds: float) -> None:
        """Return when an outage begins or a look is wanted, or after the time-out."""
        with contextlib.suppress(TimeoutError):
            # wait_for would make a task of its own, for which kopf waits 5 s when it ends.
            async with asyncio.timeout(timeout_seconds):
                await self._look_wanted.wait()
        self._look_wanted.clear()
