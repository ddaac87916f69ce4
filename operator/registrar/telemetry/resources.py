"""How many resources exist and are Ready, counted at each scrape."""

from __future__ import annotations

from collections import Counter as Numbers
from collections.abc import Callable, Mapping

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

CountReady = Callable[[], Mapping[tuple[str, str, str], int]]
"""Returns how many resources exist by kind, and by status and reason of Ready."""


class ResourceCollector(Collector):
    """Reads the number of resources at each scrape.

    Args:
        count: counts them.
    """

    def __init__(self, count: CountReady) -> None:
        self._count = count

    def collect(self) -> list[GaugeMetricFamily]:
        """Return the gauges as they are now."""
        by_ready: Numbers[tuple[str, str]] = Numbers()
        by_reason: Numbers[tuple[str, str]] = Numbers()
        for (kind, ready, reason), number in self._count().items():
            by_ready[kind, ready] += number
            if ready != "True":
                by_reason[kind, reason] += number
        return [
            _family(
                "registrar_managed_resources",
                "Resources by kind and status of Ready; Unknown until the condition covers the current generation.",
                ["kind", "ready"],
                by_ready,
            ),
            _family(
                "registrar_managed_resources_not_ready",
                "Resources that are not Ready, by kind and by the condition's reason; Unknown as for Ready.",
                ["kind", "reason"],
                by_reason,
            ),
        ]


def _family(name: str, text: str, labels: list[str], values: Mapping[tuple[str, str], int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=labels)
    for each, number in values.items():
        family.add_metric(each, number)
    return family
