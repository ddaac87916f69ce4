"""What the operator counts and measures, named after controller-runtime and Crossplane; docs/operations.md lists it.

All in one registry of our own, so that a process can hold several operators (tests do) and nothing else's numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import metadata

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from registrar.api.bodies import ResourceKey
from registrar.api.v1alpha1 import KINDS
from registrar.cluster.cache import ResourceStore
from registrar.fencing import Leadership
from registrar.workqueue.queue import WorkQueue

FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Seconds: buckets of what mostly takes milliseconds."""
SLOW = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
"""Seconds: buckets of what waits for people, parents or outages."""

RESULTS = ("success", "requeue_after", "error")
"""How a reconcile can end: nothing is due, it is looked at again later, or it is tried again."""


class RequestMetrics:
    """The requests to one server.

    Args:
        server: ``registry`` or ``kubernetes``.
        registry: where to be collected.
    """

    def __init__(self, server: str, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            f"registrar_{server}_requests",
            "Requests by method and status; code is 'error' where none was answered.",
            ["method", "code"],
            registry=registry,
        )
        self._seconds = Histogram(
            f"registrar_{server}_request_duration_seconds",
            "Time until the answer's end; of a watch until its beginning.",
            ["method"],
            buckets=FAST,
            registry=registry,
        )

    def ended(self, method: str, status: int | None, seconds: float) -> None:
        """Count one request; its status is None if there was no answer."""
        self._requests.labels(method, "error" if status is None else str(status)).inc()
        self._seconds.labels(method).observe(seconds)


class QueueMetrics:
    """The work queue."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.depth = Gauge("registrar_workqueue_depth", "Resources that wait for a worker.", registry=registry)
        self.longest = Gauge(
            "registrar_workqueue_longest_running_processor_seconds",
            "For how long the reconcile runs that has been running longest.",
            registry=registry,
        )
        self.active = Gauge("registrar_active_workers", "Reconciles that run now.", registry=registry)
        self._waited = Histogram(
            "registrar_workqueue_queue_duration_seconds",
            "Time from being due to a worker's taking it up.",
            buckets=FAST,
            registry=registry,
        )
        self._retries = Counter("registrar_workqueue_retries", "Failures that are tried again.", registry=registry)

    def started(self, waited: float) -> None:
        """A worker has taken a key up that waited that many seconds."""
        self._waited.observe(waited)

    def retried(self) -> None:
        """A key failed and is tried again."""
        self._retries.inc()


class ReconcileMetrics:
    """The reconciles of the resources, and what they came to."""

    def __init__(self, registry: CollectorRegistry) -> None:
        kind = ["kind"]
        self._total = Counter(
            "registrar_reconcile",
            f"Reconciles by result: {', '.join(RESULTS)}.",
            ["kind", "result"],
            registry=registry,
        )
        self._errors = Counter("registrar_reconcile_errors", "Reconciles that failed.", kind, registry=registry)
        self._seconds = Histogram(
            "registrar_reconcile_time_seconds", "Time of one reconcile.", kind, buckets=FAST, registry=registry
        )
        self._to_ready = Histogram(
            "registrar_managed_resource_time_to_readiness_seconds",
            "Time from the watch's showing a new generation to its being Ready.",
            kind,
            buckets=SLOW,
            registry=registry,
        )
        self._drift_found = Counter(
            "registrar_drift_found", "Times that an entry was found changed outside.", kind, registry=registry
        )
        self._drift_corrected = Counter(
            "registrar_drift_corrected", "Times that an entry was set back to its resource.", kind, registry=registry
        )

        for known in KINDS:
            # From 0 on, so that the first of each is an increase.
            for result in RESULTS:
                self._total.labels(known.KIND, result)
            for family in (self._errors, self._seconds, self._to_ready, self._drift_found, self._drift_corrected):
                family.labels(known.KIND)

    def ended(self, kind: str, result: str, seconds: float) -> None:
        """Count a reconcile by one of the `RESULTS`."""
        self._total.labels(kind, result).inc()
        self._seconds.labels(kind).observe(seconds)
        if result == "error":
            self._errors.labels(kind).inc()

    def became_ready(self, kind: str, seconds: float) -> None:
        """A resource is Ready as written, so long after it was first seen so."""
        self._to_ready.labels(kind).observe(seconds)

    def found_drift(self, kind: str, *, corrected: bool) -> None:
        """An entry was changed outside; and set back, or left and told."""
        self._drift_found.labels(kind).inc()
        if corrected:
            self._drift_corrected.labels(kind).inc()


class FeedMetrics:
    """The looks at what has changed in the registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._polls = Counter(
            "registrar_feed_polls", "Looks at what changed, by result: success or error.", ["result"], registry=registry
        )
        self._last = Gauge(
            "registrar_feed_last_success_timestamp_seconds", "When the last look succeeded.", registry=registry
        )
        for result in ("success", "error"):
            self._polls.labels(result)

    def polled(self) -> None:
        """A look, or a full comparison, succeeded."""
        self._polls.labels("success").inc()
        self._last.set_to_current_time()

    def failed(self) -> None:
        """A look did not succeed."""
        self._polls.labels("error").inc()


class _Resources(Collector):
    """Tells how many resources there are when it is asked."""

    def __init__(self, count: Callable[[], Mapping[tuple[str, str], int]]) -> None:
        self._count = count

    def collect(self) -> list[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "registrar_managed_resources",
            "Resources by kind and by Ready: True, False, or Unknown while there is none for what is written.",
            labels=["kind", "ready"],
        )
        for labels, number in self._count().items():
            family.add_metric(labels, number)
        return [family]


class Metrics:
    """All metrics of one operator.

    Attributes:
        to_registry, to_kubernetes: requests.
        queue, reconciles, feed: as their classes say.
        leader: 1 while this replica may write.
    """

    def __init__(self) -> None:
        self._collected = CollectorRegistry()
        self.to_registry = RequestMetrics("registry", self._collected)
        self.to_kubernetes = RequestMetrics("kubernetes", self._collected)
        self.queue = QueueMetrics(self._collected)
        self.reconciles = ReconcileMetrics(self._collected)
        self.feed = FeedMetrics(self._collected)
        self.leader = Gauge(
            "registrar_leader_election_master_status",
            "1 while this replica may write, else 0.",
            registry=self._collected,
        )
        ProcessCollector(registry=self._collected)
        version = Info("registrar_build", "The version that runs.", registry=self._collected)
        version.info({"version": metadata.version("model-registrar")})

    def observe(self, queue: WorkQueue[ResourceKey], leadership: Leadership, resources: ResourceStore) -> None:
        """Have these looked at whenever the metrics are asked for."""
        self.queue.depth.set_function(lambda: len(queue))
        self.queue.active.set_function(lambda: queue.active)
        self.queue.longest.set_function(lambda: queue.longest_run()[1])
        self.leader.set_function(lambda: leadership.is_held)
        self._collected.register(_Resources(resources.count_ready))

    def text(self) -> bytes:
        """All metrics in Prometheus's text format."""
        return generate_latest(self._collected)
