"""When something that has failed is tried again."""

from __future__ import annotations

import math

from registrar.workqueue.delays import spread


class Backoff:
    """Tries again later with each failure in a row.

    Args:
        first: seconds after the first failure; they double with each further one.
        limit: the most seconds.
    """

    def __init__(self, first: float, limit: float) -> None:
        self._first = first
        self._limit = limit
        self._failures = 0
        self._until = -math.inf

    def is_over(self, now: float) -> bool:
        """Return whether it may be tried at that time, in seconds of a monotonic clock."""
        return now >= self._until

    def fail(self, now: float) -> None:
        """Note a failure."""
        self._until = now + spread(min(self._limit, self._first * 2 ** min(self._failures, 20)))
        self._failures += 1

    def succeed(self) -> None:
        """Forget all failures."""
        self._failures = 0
        self._until = -math.inf
