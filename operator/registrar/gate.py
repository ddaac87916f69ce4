"""The one place that every request passes, to the registry or the API server: it lets writes begin, and counts all."""

from __future__ import annotations

from registrar.leadership import Leadership
from registrar.metrics import RequestMetrics

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
