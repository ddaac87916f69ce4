"""The metrics of the requests to servers."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Seconds: buckets of what mostly takes milliseconds."""


class RequestFamilies:
    """The families of metrics of the requests to servers of one sort.

    Args:
        server: ``registry`` or ``kubernetes``.
        labels: what distinguishes servers of the sort. A histogram has many series, so that it has none of these.
        collected: what collects them.
    """

    def __init__(self, server: str, labels: tuple[str, ...], collected: CollectorRegistry) -> None:
        self.requests = Counter(
            f"registrar_{server}_requests",
            f"Requests by {', '.join((*labels, 'method'))} and status; the code is 'error' if there was no response.",
            [*labels, "method", "code"],
            registry=collected,
        )
        self.seconds = Histogram(
            f"registrar_{server}_request_duration_seconds",
            "Time until the response is complete; for a watch, until it starts.",
            ["method"],
            buckets=FAST,
            registry=collected,
        )


class RequestMetrics:
    """The requests to one server.

    Args:
        families: where they are collected.
        labels: the values of the families' labels.
    """

    def __init__(self, families: RequestFamilies, *labels: str) -> None:
        self._families = families
        self._labels = labels

    def ended(self, method: str, status: int | None, seconds: float) -> None:
        """Count one request; its status is None if no answer came."""
        code = "error" if status is None else str(status)
        self._families.requests.labels(*self._labels, method, code).inc()
        self._families.seconds.labels(method).observe(seconds)
