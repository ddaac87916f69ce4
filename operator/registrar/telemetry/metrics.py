"""What the operator counts and measures, named after controller-runtime and Crossplane; docs/operations.md lists it.

They have a collector registry of their own, so that a process can hold several operators (tests do) and no other
metrics.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import metadata
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector, generate_latest

from registrar.kinds.table import ENTRY_KINDS, KINDS
from registrar.reporting.outcome import OperationResult
from registrar.reporting.writes import EntryWrite
from registrar.telemetry.registries import RegistryFamilies, RegistryMetrics
from registrar.telemetry.requests import FAST, RequestFamilies, RequestMetrics
from registrar.telemetry.resources import CountReady, ResourceCollector

SLOW = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
"""Seconds: buckets of what waits for people, parents or outages."""

RESULTS = ("success", "requeue_after", "error")
"""How a reconcile can end: nothing is due, it runs again later, or it is retried after a failure."""


class ObservedQueue(Protocol):
    """What the metrics show of the work queue."""

    @property
    def active(self) -> int:
        """The number of resources that are reconciled now."""

    def longest_run(self) -> tuple[object, float]:
        """Return the resource that has been reconciled longest, and the seconds."""


class ObservedLeadership(Protocol):
    """What the metrics show of the election."""

    @property
    def is_held(self) -> bool:
        """Whether this replica leads."""


class QueueMetrics:
    """The work queue."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.longest = Gauge(
            "registrar_workqueue_longest_running_processor_seconds",
            "Duration so far of the longest reconcile in progress.",
            registry=registry,
        )
        self.active = Gauge("registrar_active_workers", "Reconciles in progress.", registry=registry)
        self._waited = Histogram(
            "registrar_workqueue_queue_duration_seconds",
            "Time spent waiting for a worker.",
            buckets=FAST,
            registry=registry,
        )
        self._retries = Counter("registrar_workqueue_retries", "Retries after a failure.", registry=registry)

    def started(self, waited: float) -> None:
        """Count a key that a worker took after so many seconds."""
        self._waited.observe(waited)

    def retried(self) -> None:
        """Count a failure that is retried."""
        self._retries.inc()


class ReconcileMetrics:
    """The reconciles of the resources, and their results."""

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
            "Time from when a generation is first seen until it is Ready.",
            kind,
            buckets=SLOW,
            registry=registry,
        )
        self._drift_found = Counter(
            "registrar_drift_found",
            "Drifted entries found.",
            kind,
            registry=registry,
        )
        self._drift_corrected = Counter(
            "registrar_drift_corrected",
            "Drifted entries corrected.",
            kind,
            registry=registry,
        )

        self._writes = Counter(
            "registrar_entry_writes",
            "Writes to entries of the registry by operation, such as Created or Corrected.",
            ["kind", "operation"],
            registry=registry,
        )

        # Series start at 0, so that the first event of each is an increase.
        for entry_kind in ENTRY_KINDS:
            for operation in OperationResult:
                self._writes.labels(entry_kind, operation.value)
        for known in KINDS:
            for result in RESULTS:
                self._total.labels(known.name, result)
            for family in (self._errors, self._seconds, self._to_ready, self._drift_found, self._drift_corrected):
                family.labels(known.name)

    def ended(self, kind: str, result: str, seconds: float) -> None:
        """Count a reconcile by one of the `RESULTS`."""
        self._total.labels(kind, result).inc()
        self._seconds.labels(kind).observe(seconds)
        if result == "error":
            self._errors.labels(kind).inc()

    def became_ready(self, kind: str, seconds: float) -> None:
        """Count a resource that became Ready so many seconds after its generation was first seen."""
        self._to_ready.labels(kind).observe(seconds)

    def wrote(self, write: EntryWrite) -> None:
        """Count a write by the kind of the entry."""
        self._writes.labels(write.kind.name, write.operation.value).inc()

    def found_drift(self, kind: str, *, corrected: bool) -> None:
        """Count an entry that was changed outside; and corrected, or reported."""
        self._drift_found.labels(kind).inc()
        if corrected:
            self._drift_corrected.labels(kind).inc()


class Metrics:
    """All metrics of one operator.

    Attributes:
        to_kubernetes, queue, reconciles: as their classes say.
        leader: 1 while this replica leads.
    """

    def __init__(self) -> None:
        self._collected = CollectorRegistry()
        self._registries = RegistryFamilies(self._collected)
        self.to_kubernetes = RequestMetrics(RequestFamilies("kubernetes", (), self._collected))
        self.queue = QueueMetrics(self._collected)
        self.reconciles = ReconcileMetrics(self._collected)
        self.leader = Gauge(
            "registrar_leader_election_master_status",
            "1 while this replica leads, else 0.",
            registry=self._collected,
        )
        self._yielded = Gauge(
            "registrar_managed_by_other_resources",
            "Resources that this installation leaves alone, because another one manages them.",
            ["kind"],
            registry=self._collected,
        )
        ProcessCollector(registry=self._collected)
        version = Info("registrar_build", "The running version.", registry=self._collected)
        version.info({"version": metadata.version("model-registrar")})

    def of_registry(self, name: str) -> RegistryMetrics:
        """Return the metrics of one registry."""
        return RegistryMetrics(name, self._registries)

    def observe(
        self,
        queue: ObservedQueue,
        leadership: ObservedLeadership,
        count_ready: CountReady,
    ) -> None:
        """Read these at each scrape."""
        self.queue.active.set_function(lambda: queue.active)
        self.queue.longest.set_function(lambda: queue.longest_run()[1])
        self.leader.set_function(lambda: leadership.is_held)
        self._collected.register(ResourceCollector(count_ready))

    def observe_yielded(self, count: Callable[[], Mapping[str, int]]) -> None:
        """Read the number of resources that another installation manages, by kind, at each scrape."""

        def number(kind: str) -> float:
            return count().get(kind, 0)

        for kind in KINDS:
            self._yielded.labels(kind.name).set_function(partial(number, kind.name))

    def text(self) -> bytes:
        """Return all metrics in Prometheus's text format."""
        return generate_latest(self._collected)
