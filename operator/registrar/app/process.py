"""The composition root: builds the parts of one operator process, runs them, and takes them down in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import disable_created_metrics

from registrar.app.address import wait_for_url
from registrar.app.cluster_registries import ClusterRegistries
from registrar.app.connection import Process
from registrar.app.connections import CLOSE_SECONDS, Connections, RegistryOf
from registrar.app.opening import Opening
from registrar.app.resolver import RegistryResolver
from registrar.cluster.api import KubernetesError
from registrar.cluster.client import KubernetesAPI
from registrar.cluster.definitions import wait_for_definitions
from registrar.cluster.liveness import WatchLiveness
from registrar.cluster.login import log_in, own_namespace
from registrar.cluster.relist import keep_complete
from registrar.cluster.watch import Scope, watch
from registrar.election.elector import LeaderElector, LeaseDurations
from registrar.election.lease import KubernetesLease
from registrar.fencing import Leadership, WriteFence
from registrar.planning.resolution import Candidate
from registrar.settings import FROM_FLAGS, ServedRegistrySettings, Settings, StartError
from registrar.telemetry import probes
from registrar.telemetry.metrics import Metrics

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 15.0
"""For writes in progress when the operator is asked to stop; a pod has 30."""
READY_INTERVAL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class _Operator:
    """The parts of one operator process, as `serve` joins them."""

    settings: Settings
    kube: KubernetesAPI
    leadership: Leadership
    metrics: Metrics
    connections: Connections
    liveness: WatchLiveness
    cluster_registries: ClusterRegistries | None


async def run(settings: Settings) -> None:
    """Run until a signal.

    Raises:
        StartError: the cluster or the registry is not what the operator needs.
        ElectionError: the lease was lost, or cannot be taken.
    """
    logger.info("Settings: %s (all others have their defaults)", settings.redacted())
    # They would double the number of series.
    disable_created_metrics()  # type: ignore[no-untyped-call]  # not annotated
    metrics = Metrics()
    if settings.registry_url_file is not None:
        url = await wait_for_url(settings.registry_url_file, settings, metrics.text)
        if url is None:
            return
        settings = settings.model_copy(update={"registry_url": url})
    await serve(settings, {FROM_FLAGS: settings} if settings.registry_url else {}, None, metrics)


async def serve(
    settings: Settings,
    registries: Mapping[str, ServedRegistrySettings],
    registry_of: RegistryOf | None,
    metrics: Metrics,
) -> None:
    """Serve registries until a signal.

    Args:
        settings: the process settings.
        registries: how to reach each registry that the settings name, by its name in the operator.
        registry_of: returns the registry to which a resource belongs; None resolves it from references, statuses and
            ClusterRegistries.
        metrics: measures it all.

    Raises:
        StartError, ElectionError: as `run`.
    """
    leadership = Leadership() if settings.leader_election else Leadership.without_rivals()
    async with contextlib.AsyncExitStack() as stack:
        kube = await stack.enter_async_context(_kubernetes(settings, WriteFence(leadership, metrics.to_kubernetes)))
        process = Process(settings, kube, leadership, metrics.reconciles)
        resolver = RegistryResolver()
        connections = Connections(registry_of or resolver, process, metrics.queue)
        resolver.get, resolver.served_in = connections.get, connections.places.served_in
        opening = Opening(settings, kube, leadership, metrics, settings.connections_namespace or own_namespace() or "")
        for name, reached in registries.items():
            connections.serve(opening.by_settings(name, reached, stack))
        resolver.candidates = {
            name: Candidate(each.registry_url, tenants=each.tenants) for name, each in registries.items()
        }
        await wait_for_definitions(kube, with_registries=settings.connections)
        cluster_registries = None
        if settings.connections:
            cluster_registries = await _follow_cluster_registries(opening, connections, resolver, stack)
        metrics.observe(connections.queue, leadership, connections.places.count_ready)
        metrics.observe_yielded(connections.places.count_yielded)
        operator = _Operator(settings, kube, leadership, metrics, connections, WatchLiveness(), cluster_registries)
        async with _probes(operator):
            await _operate(operator)


async def _follow_cluster_registries(
    opening: Opening, connections: Connections, resolver: RegistryResolver, stack: contextlib.AsyncExitStack
) -> ClusterRegistries:
    """Serve the ClusterRegistries that exist now, before the first resource is shown.

    Raises:
        StartError: no namespace is known for their Secrets, or they cannot be listed.
    """
    if not opening.namespace:
        raise StartError(
            "No namespace for the Secrets of ClusterRegistries: give --connections-namespace. It has no default "
            "outside a pod."
        )
    flags, selects = resolver.candidates.get(FROM_FLAGS), opening.settings.connections_namespace_selectors
    found = ClusterRegistries(
        opening.kube, opening.leadership, connections, resolver, opening.by_spec, flags, selects_namespaces=selects
    )
    stack.push_async_callback(found.aclose)
    try:
        await found.load()
    except KubernetesError as error:
        also = " and namespaces" if selects else ""
        raise StartError(f"The cluster did not list its ClusterRegistries{also}: {error}") from error
    return found


async def _operate(operator: _Operator) -> None:
    """Watch the cluster all the time; work while leading. Ends with a signal, or with the first part that fails."""
    settings, connections = operator.settings, operator.connections
    elector = _elector(operator) if settings.leader_election else None
    parts = connections.start()
    followed = operator.cluster_registries
    if followed is not None:
        # It ends the operator where a task that it has started ends.
        parts.append(asyncio.create_task(followed.run(), name="following ClusterRegistries"))
        if followed.namespaces is not None:
            labels = followed.follow_labels(followed.namespaces)
            parts.append(asyncio.create_task(labels, name="following labels"))
    announcing = asyncio.create_task(_announce(operator), name="announcing")
    listing = asyncio.create_task(
        keep_complete(connections, connections, operator.kube, settings.namespaces, settings.resync_interval),
        name="listing",
    )
    electing = [] if elector is None else [asyncio.create_task(elector.run(), name="election")]
    scope = Scope(settings.namespaces)
    if followed is not None:
        scope = Scope(settings.namespaces, followed.note_change, followed.namespaces)
    watching = asyncio.create_task(
        watch(connections, operator.kube, operator.liveness, scope, connections.own_tasks), name="watching"
    )
    try:
        await asyncio.wait({watching, *parts, *electing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*parts, *connections.tasks(), announcing, listing, watching):
            task.cancel()
        # The lease is held until the last write has ended.
        await connections.queue.drain(DRAIN_SECONDS if operator.leadership.is_held else settings.write_timeout or 0)
        await connections.endings.finish(CLOSE_SECONDS)
        if elector is not None:
            await elector.release()
        for task in electing:
            task.cancel()
        every = (watching, listing, announcing, *parts, *electing, *connections.endings)
        ends = await asyncio.gather(*every, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end


async def _announce(operator: _Operator) -> None:
    """Log once that the operator is ready, which is when ``/readyz`` first says so."""
    await operator.connections.synced.wait()
    while any(_why_not_ready(operator)):  # noqa: ASYNC110 - several parts decide it
        await asyncio.sleep(READY_INTERVAL_SECONDS)
    role = "Ready" if operator.leadership.is_held else "Ready to take over, waiting for the lease"
    logger.info("%s: watching %d resources", role, len(operator.connections))


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
    yield from probes.queue_problems(operator.connections.queue)
    yield from probes.watch_problems(operator.liveness.longest_silence())
    yield from probes.lease_problems(operator.leadership)


def _why_not_ready(operator: _Operator) -> Iterator[str]:
    """Yield what the operator still needs before it can do its work, or take it over at once."""
    if not operator.connections.synced.is_set():
        yield "the cache of the cluster's resources has not synced yet"
    required = (connection for connection in operator.connections.all() if connection.is_required)
    registries = [connection.context.registry for connection in required]
    if operator.leadership.is_held and registries and not any(registry.loaded for registry in registries):
        yield f"the registry {registries[0].url} has not been read yet"
    if operator.leadership.overdue:
        yield "the lease is lost"


@contextlib.asynccontextmanager
async def _kubernetes(settings: Settings, fence: WriteFence) -> AsyncIterator[KubernetesAPI]:
    kube = KubernetesAPI(log_in(settings.kubeconfig), fence, settings.write_timeout)
    try:
        yield kube
    finally:
        await kube.aclose()
