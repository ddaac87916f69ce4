"""The composition root: builds the parts of one operator process, runs them, and takes them down in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from prometheus_client import disable_created_metrics

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import ConnectionFailed, NotARegistryError, RegistryError, UnusableProxy
from registrar.address import wait_for_url
from registrar.api.bodies import ResourceKey
from registrar.cluster.cache import ResourceCache
from registrar.cluster.client import KubernetesAPI
from registrar.cluster.definitions import wait_for_definitions
from registrar.cluster.liveness import WatchLiveness
from registrar.cluster.login import log_in, own_namespace
from registrar.cluster.relist import keep_complete
from registrar.cluster.watch import watch
from registrar.election.elector import LeaderElector, LeaseDurations
from registrar.election.lease import KubernetesLease
from registrar.fencing import Leadership, WriteFence
from registrar.reconcile import pipeline
from registrar.reconcile.context import Context
from registrar.reconcile.intake import Intake
from registrar.reconcile.memory import Memory
from registrar.reconcile.orphans import OrphanSearch
from registrar.reconcile.sync_gate import SyncGate
from registrar.registries.kubeflow.backend import KubeflowBackend
from registrar.registries.kubeflow.connection import connect
from registrar.registries.poller import Poller
from registrar.registries.registry import Registry
from registrar.registries.replacement import MassDeletionGuard
from registrar.registries.token import token_of
from registrar.settings import Settings, StartError
from registrar.telemetry import probes
from registrar.telemetry.metrics import Metrics
from registrar.workqueue.queue import Result, WorkQueue

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 15.0
"""For writes in progress when the operator is asked to stop; a pod has 30."""
READY_INTERVAL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class _Operator:
    """The parts of one operator process, as `_build` joins them."""

    settings: Settings
    kube: KubernetesAPI
    leadership: Leadership
    metrics: Metrics
    registry: Registry
    cache: ResourceCache
    queue: WorkQueue[ResourceKey]
    intake: Intake
    poller: Poller
    orphans: OrphanSearch
    liveness: WatchLiveness


async def run(settings: Settings) -> None:
    """Run until a signal.

    Raises:
        StartError: the cluster or the registry is not what the operator needs.
        ElectionError: the lease was lost, or cannot be taken.
    """
    logger.info("Settings: %s (all others have their defaults)", settings.redacted())
    leadership = Leadership() if settings.leader_election else Leadership.without_rivals()
    # They would double the number of series.
    disable_created_metrics()  # type: ignore[no-untyped-call]  # not annotated
    metrics = Metrics()
    if settings.registry_url_file is not None:
        url = await wait_for_url(settings.registry_url_file, settings, metrics.text)
        if url is None:
            return
        settings = settings.model_copy(update={"registry_url": url})
    async with (
        _kubernetes(settings, WriteFence(leadership, metrics.to_kubernetes)) as kube,
        _registry_client(settings, WriteFence(leadership, metrics.to_registry), kube) as client,
    ):
        await wait_for_definitions(kube)
        operator = _build(settings, kube, client, leadership, metrics)
        async with _probes(operator):
            await _operate(operator)


def _build(
    settings: Settings,
    kube: KubernetesAPI,
    client: ModelRegistryAPIClient,
    leadership: Leadership,
    metrics: Metrics,
) -> _Operator:
    async def process(key: ResourceKey) -> Result:
        result = await pipeline.run(key, context)
        body = cache.get(key)
        if body is not None:
            intake.note_readiness(body)
        elif memory.departed(key) is None:
            # It was deleted during the run, which may have remembered something of it after it was forgotten.
            memory.forget(key)
        return result

    cache = ResourceCache()
    queue = WorkQueue(process, workers=settings.workers, monitor=metrics.queue)
    registry = Registry(KubeflowBackend(client), settings.registry_url, settings.owner_id)
    gate = SyncGate(queue)
    memory = Memory(cache, gate, registry.view.leave)
    guard = MassDeletionGuard(cache.recorded_ids, registry)
    context = Context(settings, kube, registry, memory, guard, metrics.reconciles)
    intake = Intake(memory, gate, leadership, metrics.reconciles)
    metrics.observe(queue, leadership, cache.count_ready)
    metrics.observe_yielded(memory.count_yielded)

    def resync() -> Iterator[ResourceKey]:
        memory.corrections.forget_all()
        return iter(cache)

    poller = Poller(registry, queue.add, resync, metrics.feed, settings.feed_interval, settings.resync_interval)
    orphans = OrphanSearch(settings, kube, registry, memory, metrics.orphans)
    liveness = WatchLiveness()
    return _Operator(settings, kube, leadership, metrics, registry, cache, queue, intake, poller, orphans, liveness)


async def _operate(operator: _Operator) -> None:
    """Watch the cluster all the time; work while leading. Ends with a signal, or with the first part that fails."""
    settings, queue = operator.settings, operator.queue
    begin = asyncio.Event()
    elector = _elector(operator) if settings.leader_election else None
    # kopf would cancel tasks that are created after its start (registrar.cluster.watch, quirk 9).
    queue.start(begin)
    leading = asyncio.create_task(_lead(operator, begin), name="leading")
    announcing = asyncio.create_task(_announce(operator), name="announcing")
    listing = asyncio.create_task(
        keep_complete(operator.cache, operator.intake, operator.kube, settings.namespaces, settings.resync_interval),
        name="listing",
    )
    searching = asyncio.create_task(operator.orphans.run(begin), name="orphans")
    parts = [leading, searching]
    if elector is not None:
        parts.append(asyncio.create_task(elector.run(), name="election"))
    watching = asyncio.create_task(
        watch(operator.intake, operator.kube, operator.liveness, settings.namespaces), name="watching"
    )
    try:
        await asyncio.wait({watching, *parts}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (leading, announcing, searching, listing, watching):
            task.cancel()
        # The lease is held until the last write has ended.
        await queue.drain(DRAIN_SECONDS if operator.leadership.is_held else settings.write_timeout or 0)
        if elector is not None:
            await elector.release()
        for part in parts:
            part.cancel()
        ends = await asyncio.gather(watching, listing, announcing, *parts, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end


async def _lead(operator: _Operator, begin: asyncio.Event) -> None:
    """What only the leader does."""
    await operator.leadership.begun.wait()
    await _try_to_load(operator.registry)
    if operator.registry.loaded:
        operator.metrics.feed.polled()
    begin.set()
    await operator.poller.run()


async def _announce(operator: _Operator) -> None:
    """Log once that the operator is ready, which is when ``/readyz`` first says so."""
    await operator.cache.synced.wait()
    while any(_why_not_ready(operator)):  # noqa: ASYNC110 - several parts decide it
        await asyncio.sleep(READY_INTERVAL_SECONDS)
    role = "Ready" if operator.leadership.is_held else "Ready to take over, waiting for the lease"
    logger.info("%s: watching %d resources", role, len(operator.cache))


def _elector(operator: _Operator) -> LeaderElector:
    settings = operator.settings
    namespace = settings.lease_namespace or own_namespace()
    if namespace is None:
        raise StartError("No namespace for the lease: give --lease-namespace. It has no default outside a pod.")
    lease = KubernetesLease(operator.kube, namespace, settings.lease_name)
    durations = LeaseDurations(settings.lease_duration, settings.renew_deadline, settings.retry_period)
    return LeaderElector(lease, f"{socket.gethostname()}_{uuid.uuid4()}", durations, operator.leadership)


def _probes(operator: _Operator) -> contextlib.AbstractAsyncContextManager[None]:
    return probes.serve(
        operator.settings.probe_address,
        operator.settings.probe_port,
        live=lambda: _why_not_live(operator),
        ready=lambda: _why_not_ready(operator),
        metrics=operator.metrics.text,
    )


def _why_not_live(operator: _Operator) -> Iterator[str]:
    """Yield what only a restart fixes."""
    yield from probes.queue_problems(operator.queue)
    yield from probes.watch_problems(operator.liveness.longest_silence())
    yield from probes.lease_problems(operator.leadership)


def _why_not_ready(operator: _Operator) -> Iterator[str]:
    """Yield what the operator still needs before it can do its work, or take it over at once."""
    if not operator.cache.synced.is_set():
        yield "the cache of the cluster's resources has not synced yet"
    if operator.leadership.is_held and not operator.registry.loaded:
        yield f"the registry {operator.registry.url} has not been read yet"
    if operator.leadership.overdue:
        yield "the lease is lost"


@contextlib.asynccontextmanager
async def _kubernetes(settings: Settings, fence: WriteFence) -> AsyncIterator[KubernetesAPI]:
    kube = KubernetesAPI(log_in(settings.kubeconfig), fence, settings.write_timeout)
    try:
        yield kube
    finally:
        await kube.aclose()


@contextlib.asynccontextmanager
async def _registry_client(
    settings: Settings, fence: WriteFence, kube: KubernetesAPI
) -> AsyncIterator[ModelRegistryAPIClient]:
    try:
        token = token_of(settings, kube.own_token)
    except ConnectionFailed as error:
        raise StartError(f"{error}.") from error
    # The queue retries, with back-off and by the stamps; an outage is reported at once.
    client = connect(settings, fence, token=token, retries=0, write_timeout=settings.write_timeout)
    async with client:
        yield client


async def _try_to_load(registry: Registry) -> None:
    """Load the view, or leave that to the poller where the registry does not answer yet.

    Raises:
        StartError: the address is not that of a registry, or the token, the certificate authorities or the proxy
            cannot be used.
    """
    try:
        await registry.load()
    except (ValueError, UnusableProxy) as error:
        raise StartError(f"The registry {registry.url} cannot be reached as it is configured: {error}.") from error
    except NotARegistryError as error:
        raise StartError(f"No model registry answers at {registry.url}: {error}. Check --registry-url.") from error
    except RegistryError as error:
        logger.warning("The registry %s cannot be read yet; retrying: %s", registry.url, error)
