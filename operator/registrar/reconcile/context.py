"""What every reconcile works with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Protocol

from registrar.api.bodies import Body, ResourceKey, is_awaited
from registrar.cluster.cache import ResourceStore
from registrar.cluster.client import KubernetesAPI
from registrar.cluster.liveness import Watches
from registrar.fencing import Leadership
from registrar.reconcile.claim_index import ClaimIndex
from registrar.reconcile.drift import Corrections
from registrar.reconcile.unreported import Untold
from registrar.registries.registry import Registry
from registrar.registries.replacement import Census
from registrar.settings import Settings
from registrar.telemetry.metrics import Metrics
from registrar.telemetry.readiness import Readiness


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Enqueue(Protocol):
    """Has the queue run a resource soon: before or after what is not urgent, and before all others."""

    def __call__(self, key: ResourceKey, *, urgent: bool = False, first: bool = False) -> None:
        """Add it to the queue."""


@dataclass(frozen=True)
class Context:
    """The parts of one operator process.

    Attributes:
        settings: what it was told.
        kube: our own calls to the API server.
        registry: the registry.
        enqueue: has the queue run a resource soon.
        leadership: whether this replica may write.
        metrics: what it counts.
        resources: what is known of the cluster.
        claims: who wants which entry.
        corrections: what was written back lately.
        readiness: since when resources are not Ready.
        untold: what no status tells yet.
        watches: when the API server was asked for what.
        listed: set once the watch has delivered all resources that were there.
        now: wall clock, for what people read.
        monotonic: seconds that never go back, for waiting.
    """

    settings: Settings
    kube: KubernetesAPI
    registry: Registry
    enqueue: Enqueue
    leadership: Leadership
    metrics: Metrics
    resources: ResourceStore = field(default_factory=ResourceStore)
    claims: ClaimIndex = field(default_factory=ClaimIndex)
    now: Callable[[], datetime] = _utc_now
    monotonic: Callable[[], float] = time.monotonic
    corrections: Corrections = field(default_factory=Corrections)
    readiness: Readiness = field(default_factory=Readiness)
    untold: Untold = field(default_factory=Untold)
    watches: Watches = field(default_factory=Watches)
    listed: asyncio.Event = field(default_factory=asyncio.Event)

    @cached_property
    def census(self) -> Census:
        """How many of the entries that resources had the registry lacks."""
        return Census(self.resources, self.registry)

    def wake(self, keys: Iterable[ResourceKey]) -> None:
        """Have these run soon, because what they depend on has changed; before all others those that wait for it."""
        for key in keys:
            body = self.resources.get(key)
            self.enqueue(key, urgent=body is not None and is_awaited(body), first=True)

    def note_readiness(self, body: Body) -> None:
        """Measure how long a resource took to become Ready; on a standby that is the leader's, and only noted."""
        seconds = self.readiness.saw(body, self.monotonic())
        if seconds is not None and self.leadership.is_held:
            self.metrics.reconciles.became_ready(body["kind"], seconds)
