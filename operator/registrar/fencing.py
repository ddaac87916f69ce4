"""The one place that every request passes, to the registry or the API server: it lets writes begin, and counts all."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

from registrar.telemetry.metrics import RequestMetrics


class NotLeadingError(Exception):
    """A write was not begun, because another replica may be the writer by now."""


class Leadership:
    """The right to write, which ends by itself unless it is prolonged.

    Attributes:
        begun: set when the right is had for the first time.

    Args:
        monotonic: seconds that never go back.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.begun = asyncio.Event()
        self._monotonic = monotonic
        self._until = -math.inf

    @classmethod
    def without_rivals(cls) -> Leadership:
        """The right of an operator that is the only one; it never ends."""
        leadership = cls()
        leadership.prolong(math.inf)
        return leadership

    @property
    def is_held(self) -> bool:
        """Whether a write may begin now."""
        return self._monotonic() < self._until

    @property
    def overdue(self) -> float:
        """Seconds since the right ended; 0 while it is held, and before it was ever had."""
        return max(0.0, self._monotonic() - self._until) if self.begun.is_set() else 0.0

    def prolong(self, until: float) -> None:
        """Hold the right until then, on the monotonic clock."""
        self._until = until
        self.begun.set()

    def end(self) -> None:
        """Give the right up."""
        self._until = -math.inf

    def require(self) -> None:
        """Let a write begin.

        Raises:
            NotLeadingError: it must not.
        """
        if not self.is_held:
            raise NotLeadingError("This replica does not hold the lease (any more): nothing is written")


READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Gate:
    """Lets requests to one server begin, and counts how they end.

    Args:
        leadership: whether writes may begin.
        metrics: of the requests to that server.
    """

    def __init__(self, leadership: Leadership, metrics: RequestMetrics) -> None:
        self._leadership = leadership
        self._metrics = metrics

    def request_starts(self, method: str) -> None:
        """Let a request begin.

        Raises:
            NotLeadingError: it is a write, and must not.
        """
        if method not in READS:
            self._leadership.require()

    def request_ended(self, method: str, status: int | None, seconds: float) -> None:
        """Count a request; its status is None if there was no answer."""
        self._metrics.ended(method, status, seconds)
