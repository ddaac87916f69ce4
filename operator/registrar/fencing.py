"""Write fencing: whether this process may write, to the registry or to the API server.

Every request passes a fence. Reads always do; a write may begin only while this replica leads, and to a registry only
while that is served as it was when its client was opened.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import Protocol

READS = frozenset({"GET", "HEAD", "OPTIONS"})


class NotLeadingError(Exception):
    """A write did not begin, because another replica may lead by now."""


class NotServedError(Exception):
    """A write did not begin, because its registry is reached in another way by now, or not at all."""


class Leadership:
    """The right to write, which ends unless it is renewed.

    Attributes:
        begun: set when this replica leads for the first time.

    Args:
        monotonic: a clock in seconds that never goes back.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.begun = asyncio.Event()
        self._monotonic = monotonic
        self._until = -math.inf

    @classmethod
    def without_rivals(cls) -> Leadership:
        """Return the leadership of an operator without other replicas; it never ends."""
        leadership = cls()
        leadership.extend(math.inf)
        return leadership

    @property
    def is_held(self) -> bool:
        """Whether a write may begin now."""
        return self._monotonic() < self._until

    @property
    def overdue(self) -> float:
        """Seconds since leadership ended; 0 while it is held, and before this replica ever led."""
        return max(0.0, self._monotonic() - self._until) if self.begun.is_set() else 0.0

    def extend(self, until: float) -> None:
        """Lead until then, on the monotonic clock."""
        self._until = until
        self.begun.set()

    def end(self) -> None:
        """Stop leading."""
        self._until = -math.inf

    def ensure_leading(self) -> None:
        """Let a write begin.

        Raises:
            NotLeadingError: this replica does not lead.
        """
        if not self.is_held:
            raise NotLeadingError("This replica does not hold the lease, so it writes nothing")


class RequestMonitor(Protocol):
    """Counts the requests to one server."""

    def ended(self, method: str, status: int | None, seconds: float) -> None:
        """Count a request; its status is None if no answer came."""


class WriteFence:
    """Lets requests to one server begin, and has them counted.

    Args:
        leadership: whether writes may begin.
        monitor: counts the requests.
    """

    def __init__(self, leadership: Leadership, monitor: RequestMonitor) -> None:
        self._leadership = leadership
        self._monitor = monitor
        self._is_closed = False

    def close(self) -> None:
        """Let no further write begin."""
        self._is_closed = True

    def request_starts(self, method: str) -> None:
        """Let a request begin.

        Raises:
            NotLeadingError: it is a write, and this replica does not lead.
            NotServedError: it is a write, and the fence is closed.
        """
        if method in READS:
            return
        self._leadership.ensure_leading()
        if self._is_closed:
            raise NotServedError("Its registry is not served in this way any more, so nothing is written")

    def request_ended(self, method: str, status: int | None, seconds: float) -> None:
        """Count a request; its status is None if no answer came."""
        self._monitor.ended(method, status, seconds)
