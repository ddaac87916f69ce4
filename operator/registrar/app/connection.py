"""One registry as the operator serves it: what is known of its resources, and the parts that work for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from model_registry.exceptions import NotARegistryError, RegistryError, UnusableProxy
from registrar.api.bodies import Body, ResourceKey, has_finalizer, is_terminating, may_have_entry
from registrar.api.tenants import admits
from registrar.cluster.api import ClusterAPI
from registrar.cluster.cache import ResourceCache
from registrar.fencing import Leadership, WriteFence
from registrar.reconcile import pipeline
from registrar.reconcile.context import Context
from registrar.reconcile.intake import Intake
from registrar.reconcile.memory import Memory
from registrar.reconcile.monitor import ReconcileMonitor
from registrar.reconcile.orphans import OrphanMonitor, OrphanSearch
from registrar.reconcile.sync_gate import SyncGate
from registrar.registries.census import Census
from registrar.registries.poller import FeedMonitor, Poller
from registrar.registries.registry import Registry
from registrar.registries.replacement import MassDeletionGuard
from registrar.settings import Settings, StartError
from registrar.workqueue.queue import Result, WorkQueue

logger = logging.getLogger(__name__)


class ConnectionMonitor(Protocol):
    """Measures what concerns one registry."""

    @property
    def feed(self) -> FeedMonitor:
        """Counts the polls of its change feed."""

    @property
    def orphans(self) -> OrphanMonitor:
        """Shows how many entries are left over in it."""

    def observe_depth(self, depth: Callable[[], float]) -> None:
        """Read how many of its resources wait for a worker."""

    def remove(self) -> None:
        """Show nothing of it any more."""


@dataclass(frozen=True, slots=True)
class Process:
    """The parts of one operator process that all connections share.

    Attributes:
        settings: the process settings.
        kube: the API server.
        leadership: whether this replica leads.
        reconciles: is shown reconciles, drift and writes.
    """

    settings: Settings
    kube: ClusterAPI
    leadership: Leadership
    reconciles: ReconcileMonitor


@dataclass(frozen=True, slots=True)
class Connection:
    """One registry and its resources. No resource of another registry is in its memory.

    Attributes:
        share: the name of its share of the work queue; another connection to the same registry has another one.
        context: the parts that a reconcile joins.
        fence: lets writes to the registry begin.
        intake: takes its resources from the watch.
        poller: keeps the view of the registry true.
        orphans: looks for entries whose resource does not exist.
        begin: set after the first attempt to read the registry, which needs leadership.
        is_required: whether the operator ends if the address cannot be that of a registry.
    """

    share: str
    context: Context
    fence: WriteFence
    intake: Intake
    poller: Poller
    orphans: OrphanSearch
    begin: asyncio.Event
    is_required: bool

    @property
    def name(self) -> str:
        """The registry's name in the operator."""
        return self.context.registry.name

    @property
    def memory(self) -> Memory:
        """What is known of its resources."""
        return self.context.memory

    @property
    def cache(self) -> ResourceCache:
        """The latest bodies of its resources."""
        return self.context.memory.cache

    def bodies(self) -> list[Body]:
        """Return all resources that belong to it, as they were last seen."""
        return [body for key in self.cache if (body := self.cache.get(key)) is not None]

    def is_used_by(self, key: ResourceKey, *, is_running: bool) -> bool:
        """Return whether a resource has an entry in the registry that its deletion would change, or may have one.

        One that the registry does not admit, or that has let go of its entry, is left alone.

        Args:
            key: the resource.
            is_running: whether it is being reconciled, and may be about to get an entry.
        """
        body = self.cache.get(key)
        if body is None or (is_terminating(body) and not has_finalizer(body)):
            return False
        return (is_running or may_have_entry(body)) and admits(key.namespace, self.context.registry.tenants)

    def has(self, key: ResourceKey) -> bool:
        """Return whether a resource belongs to it: one that exists, or one whose entries are not released yet."""
        return self.cache.get(key) is not None or self.context.memory.departures.get(key) is not None

    def start(self, leadership: Leadership) -> list[asyncio.Task[None]]:
        """Start what works for the registry for as long as it is served."""
        return [
            asyncio.create_task(self._lead(leadership), name=f"leading {self.name}"),
            asyncio.create_task(self.orphans.run(self.begin), name=f"orphans of {self.name}"),
        ]

    async def _lead(self, leadership: Leadership) -> None:
        """What only the leader does."""
        await leadership.begun.wait()
        if self.is_required:
            await _try_to_load(self.poller)
        else:
            await self.poller.look()
        self.begin.set()
        await self.poller.run()

    def forget(self, key: ResourceKey) -> None:
        """Forget a resource that belongs to another registry now."""
        self.memory.forget(key)

    async def run(self, key: ResourceKey) -> Result:
        """Reconcile one of its resources as a turn of a worker; returns when to run again."""
        result, memory = await pipeline.run(key, self.context), self.context.memory
        body = memory.cache.get(key)
        if body is not None:
            self.intake.note_readiness(body)
        elif memory.departures.get(key) is None:
            # It was deleted during the run, which may have remembered something of it after it was forgotten.
            memory.forget(key)
        return result


@dataclass(frozen=True, slots=True)
class Served:
    """A registry that the operator serves.

    Attributes:
        registry: the registry.
        monitor: measures what concerns it.
        fence: lets writes to it begin.
        renew: reads again what proves who asks; None where nothing has to be read.
        is_required: whether the operator ends if the address cannot be that of a registry.
    """

    registry: Registry
    monitor: ConnectionMonitor
    fence: WriteFence
    renew: Callable[[], Awaitable[object]] | None = None
    is_required: bool = True


def connection_to(
    served: Served,
    share: str,
    cache: ResourceCache,
    gate: SyncGate,
    queue: WorkQueue[ResourceKey],
    process: Process,
    is_beside: Callable[[ResourceKey], bool],
) -> Connection:
    """Join the parts that serve one registry.

    Args:
        served: the registry.
        share: the name of its share of the work queue.
        cache: holds the bodies of its resources, and of no others.
        gate: the way into the work queue.
        queue: the work queue.
        process: the parts of the process that all connections share.
        is_beside: returns whether a resource belongs to another connection to the same registry.
    """
    registry, monitor = served.registry, served.monitor
    settings, kube, reconciles = process.settings, process.kube, process.reconciles
    memory = Memory(cache, gate, registry.leave)
    guard = MassDeletionGuard(partial(cache.recorded_ids, registry.owner_id), registry)

    def resync() -> Iterator[ResourceKey]:
        memory.corrections.forget_all()
        return iter(cache)

    return Connection(
        share=share,
        context=Context(settings, kube, registry, memory, guard, Census(registry, memory.cache.count_new), reconciles),
        fence=served.fence,
        intake=Intake(memory, gate, process.leadership, reconciles),
        poller=Poller(
            registry,
            queue.add,
            resync,
            monitor.feed,
            settings.feed_interval,
            settings.resync_interval,
            served.renew,
        ),
        orphans=OrphanSearch(settings, kube, registry, memory, monitor.orphans, is_beside),
        begin=asyncio.Event(),
        is_required=served.is_required,
    )


async def _try_to_load(poller: Poller) -> None:
    """Load the view, or leave that to the poller where the registry does not answer yet.

    Raises:
        StartError: the address is not that of a registry, or the token, the certificate authorities or the proxy
            cannot be used.
    """
    registry = poller.registry
    try:
        await registry.load()
        poller.monitor.polled()
    except (ValueError, UnusableProxy) as error:
        raise StartError(f"The registry {registry.url} cannot be reached as it is configured: {error}.") from error
    except NotARegistryError as error:
        raise StartError(f"No model registry answers at {registry.url}: {error}. Check --registry-url.") from error
    except RegistryError as error:
        logger.warning("The registry %s cannot be read yet; retrying: %s", registry.url, error)
