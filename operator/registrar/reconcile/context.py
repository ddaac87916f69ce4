"""The parts of one operator process that a reconcile joins."""

from __future__ import annotations

from dataclasses import dataclass

from registrar.cluster.api import ClusterAPI
from registrar.reconcile.memory import Memory
from registrar.reconcile.monitor import ReconcileMonitor
from registrar.registries.census import Census
from registrar.registries.registry import Registry
from registrar.registries.replacement import MassDeletionGuard
from registrar.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """What the stages that write need; the others take only what they use.

    Attributes:
        settings: the process settings.
        kube: the API server.
        registry: the registry.
        memory: what is known of all resources.
        guard: whether the registry is still the one that it was.
        census: which entries the registry may have, while many resources look for theirs.
        monitor: is shown reconciles, drift and writes.
    """

    settings: Settings
    kube: ClusterAPI
    registry: Registry
    memory: Memory
    guard: MassDeletionGuard
    census: Census
    monitor: ReconcileMonitor
