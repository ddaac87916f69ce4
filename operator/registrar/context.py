"""What every reconcile works with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from registrar.claims import ClaimIndex
from registrar.config import Settings
from registrar.kube import KubernetesAPI
from registrar.registry import Registry
from registrar.resources import ResourceKey, ResourceStore


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of one operator process.

    Attributes:
        settings: what it was told.
        kube: our own calls to the API server.
        registry: the registry.
        wake: has the queue run a resource soon.
        resources: what is known of the cluster.
        claims: who wants which entry.
        now: wall clock, for what people read.
        monotonic: seconds that never go back, for waiting.
    """

    settings: Settings
    kube: KubernetesAPI
    registry: Registry
    wake: Callable[[ResourceKey], None]
    resources: ResourceStore = field(default_factory=ResourceStore)
    claims: ClaimIndex = field(default_factory=ClaimIndex)
    now: Callable[[], datetime] = _utc_now
    monotonic: Callable[[], float] = time.monotonic
