"""The metrics of each registry: its requests, its feed, and what is left over in it. Their label is its name."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from registrar.kinds.table import ENTRY_KINDS


class RegistryFamilies:
    """The families of metrics that all registries share.

    Args:
        collected: what collects them.
        buckets: seconds, for the time of a request.
    """

    def __init__(self, collected: CollectorRegistry, buckets: tuple[float, ...]) -> None:
        self.requests = Counter(
            "registrar_registry_requests",
            "Requests by registry, method and status; the code is 'error' if there was no response.",
            ["registry", "method", "code"],
            registry=collected,
        )
        # A histogram has many series, so that one for each registry would be too many.
        self.seconds = Histogram(
            "registrar_registry_request_duration_seconds",
            "Time until the response is complete.",
            ["method"],
            buckets=buckets,
            registry=collected,
        )
        self.polls = Counter(
            "registrar_feed_polls",
            "Polls of the change feed by registry and result: success or error.",
            ["registry", "result"],
            registry=collected,
        )
        self.last_poll = Gauge(
            "registrar_feed_last_success_timestamp_seconds",
            "When the last poll succeeded.",
            ["registry"],
            registry=collected,
        )
        self.orphans = Gauge(
            "registrar_orphaned_entries",
            "Entries with a stamp of this installation whose resource does not exist, at the last resync.",
            ["registry", "kind"],
            registry=collected,
        )


class RegistryMetrics:
    """The metrics of one registry.

    Args:
        name: the registry's name in the operator.
        families: where they are collected.

    Attributes:
        requests, feed, orphans: as their classes say.
    """

    def __init__(self, name: str, families: RegistryFamilies) -> None:
        self.requests = RegistryRequests(name, families)
        self.feed = FeedMetrics(name, families)
        self.orphans = OrphanMetrics(name, families)


class RegistryRequests:
    """The requests to a registry."""

    def __init__(self, name: str, families: RegistryFamilies) -> None:
        self._name = name
        self._families = families

    def ended(self, method: str, status: int | None, seconds: float) -> None:
        """Count one request; its status is None if no answer came."""
        self._families.requests.labels(self._name, method, "error" if status is None else str(status)).inc()
        self._families.seconds.labels(method).observe(seconds)


class FeedMetrics:
    """The polls of a registry's change feed."""

    def __init__(self, name: str, families: RegistryFamilies) -> None:
        # Series start at 0, so that the first event of each is an increase.
        self._success, self._error = (families.polls.labels(name, result) for result in ("success", "error"))
        self._last = families.last_poll.labels(name)

    def polled(self) -> None:
        """Count a poll, or a load of the view, that succeeded."""
        self._success.inc()
        self._last.set_to_current_time()

    def failed(self) -> None:
        """Count one that failed."""
        self._error.inc()


class OrphanMetrics:
    """The entries of a registry whose resource does not exist."""

    def __init__(self, name: str, families: RegistryFamilies) -> None:
        self._kinds = {kind: families.orphans.labels(name, kind) for kind in ENTRY_KINDS}

    def found(self, orphans: Mapping[str, int]) -> None:
        """Take the number of orphaned entries by entry kind; kinds without any are left out."""
        for kind, gauge in self._kinds.items():
            gauge.set(orphans.get(kind, 0))
