"""The metrics of each registry: its requests, its feed, and what is left over in it. Their label is its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge

from registrar.kinds.table import ENTRY_KINDS
from registrar.telemetry.requests import RequestFamilies, RequestMetrics


class RegistryFamilies:
    """The families of metrics that all registries share.

    Args:
        collected: what collects them.
    """

    def __init__(self, collected: CollectorRegistry) -> None:
        self.requests = RequestFamilies("registry", ("registry",), collected)
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
        self.depth = Gauge(
            "registrar_workqueue_depth",
            "Resources waiting for a worker, by registry.",
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
        self.requests = RequestMetrics(families.requests, name)
        self.feed = FeedMetrics(name, families)
        self.orphans = OrphanMetrics(name, families)
        self._name = name
        self._families = families

    def observe_depth(self, depth: Callable[[], float]) -> None:
        """Read at each scrape how many of its resources wait for a worker."""
        self._families.depth.labels(self._name).set_function(depth)

    def remove(self) -> None:
        """Show nothing of the registry any more: it is not served."""
        families = self._families
        named = (families.requests.requests, families.polls, families.last_poll, families.depth, families.orphans)
        for family in named:
            family.remove_by_labels({"registry": self._name})


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
