"""The composition root: builds the parts of one operator process, runs them, and takes them down in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
import uuid
from collections.abc import AsyncIterator

import kopf
from prometheus_client import disable_created_metrics

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import NotARegistryError, StoreError
from registrar.api.bodies import ResourceKey
from registrar.api.meta import API_VERSION
from registrar.api.v1alpha1 import KINDS
from registrar.cluster import login as handlers
from registrar.cluster.client import KubernetesAPI, KubernetesError
from registrar.cluster.relist import keep_complete
from registrar.cluster.watch import watch
from registrar.election.elector import Candidate, ElectionError, Terms
from registrar.election.lease import KubernetesLease
from registrar.fencing import Gate, Leadership
from registrar.reconcile.context import Context
from registrar.reconcile.work import work
from registrar.registries.poller import follow
from registrar.registries.registry import Registry
from registrar.settings import Settings, StartError
from registrar.telemetry import probes
from registrar.telemetry.logs import NameResource
from registrar.telemetry.metrics import Metrics
from registrar.workqueue.queue import Next, WorkQueue

__all__ = ["ElectionError", "StartError", "configure_logging", "run"]

logger = logging.getLogger(__name__)

DRAIN_TIMEOUT = 15.0
"""Seconds for what is being written when the operator is told to stop; a pod has 30."""

DEFINITIONS_TIMEOUT = 5.0
"""Seconds that the API server has for telling of definitions that were applied just before."""
DEFINITIONS_INTERVAL = 0.2
"""Seconds between two looks for them."""

REGISTRY_TIMEOUT = 10.0
"""Seconds that one request to the registry may take; a page of a list takes less than one."""


def configure_logging(settings: Settings) -> None:
    """Log to standard error, in kopf's own formats: its object references are in each line."""
    kopf.configure(
        debug=settings.log_level == "debug",
        quiet=settings.log_level in {"warning", "error"},
        log_format=kopf.LogFormat.JSON if settings.log_format == "json" else kopf.LogFormat.FULL,
    )
    for handler in logging.getLogger().handlers:
        handler.addFilter(NameResource())
    if settings.log_level != "debug":
        # They tell of every request, and of every event of the watch.
        for talkative in ("httpx", "kopf.objects"):
            logging.getLogger(talkative).setLevel(logging.WARNING)


async def run(settings: Settings) -> None:
    """Run until a signal.

    Raises:
        StartError: the cluster or the registry is not what the operator needs.
        ElectionError: the lease was lost, or cannot be had.
    """
    logger.info("Settings: %s", settings.redacted())
    leadership = Leadership() if settings.leader_election else Leadership.without_rivals()
    # They would double the number of series.
    disable_created_metrics()  # type: ignore[no-untyped-call]  # not annotated
    metrics = Metrics()
    async with (
        _kubernetes(settings, Gate(leadership, metrics.to_kubernetes)) as kube,
        _registry_client(settings, Gate(leadership, metrics.to_registry)) as client,
    ):
        await _check_cluster(kube)
        registry = Registry(client, settings.registry_url, settings.owner_id)

        async def process(key: ResourceKey) -> Next:
            return await work(key, context)

        queue = WorkQueue(process, workers=settings.workers, monitor=metrics.queue)
        context = Context(
            settings=settings, kube=kube, registry=registry, enqueue=queue.add, leadership=leadership, metrics=metrics
        )
        metrics.observe(queue, leadership, context.resources)
        async with _probes(context, queue):
            await _operate(context, queue)


async def _operate(context: Context, queue: WorkQueue[ResourceKey]) -> None:
    """Watch the cluster all the time; work while leading. Ends by a signal, or with the first part that fails."""
    begin = asyncio.Event()
    candidate = _candidate(context) if context.settings.leader_election else None
    # Tasks that exist before kopf starts outlive it; those that begin later it would end without asking.
    queue.start(begin)
    leading = asyncio.create_task(_lead(context, begin), name="leading")
    listing = asyncio.create_task(keep_complete(context, queue), name="listing")
    parts = [leading]
    if candidate is not None:
        parts.append(asyncio.create_task(candidate.run(), name="election"))
    watching = asyncio.create_task(watch(context, queue), name="watching")
    try:
        await asyncio.wait({watching, *parts}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        leading.cancel()
        listing.cancel()
        watching.cancel()
        # The lease is held until the last write has ended.
        await queue.drain(DRAIN_TIMEOUT if context.leadership.is_held else context.settings.write_timeout or 0)
        if candidate is not None:
            await candidate.release()
        for part in parts:
            part.cancel()
        ends = await asyncio.gather(watching, listing, *parts, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end


async def _lead(context: Context, begin: asyncio.Event) -> None:
    """What only the leader does."""
    await context.leadership.begun.wait()
    await _try_to_load(context.registry)
    if context.registry.loaded:
        context.metrics.feed.polled()
    begin.set()
    await follow(context)


def _candidate(context: Context) -> Candidate:
    settings = context.settings
    namespace = settings.lease_namespace or handlers.own_namespace()
    if namespace is None:
        raise StartError("No namespace for the lease: give --lease-namespace, which outside a pod is not known.")
    lease = KubernetesLease(context.kube, namespace, settings.lease_name)
    terms = Terms(settings.lease_duration, settings.renew_deadline, settings.retry_period)
    return Candidate(lease, f"{socket.gethostname()}_{uuid.uuid4()}", terms, context.leadership)


@contextlib.asynccontextmanager
async def _probes(context: Context, queue: WorkQueue[ResourceKey]) -> AsyncIterator[None]:
    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(probes.serve(context, queue))
        except OSError as error:
            address = f"{context.settings.probe_address}:{context.settings.probe_port}"
            raise StartError(f"Probes cannot be served at {address}: {error.strerror}.") from error
        yield


@contextlib.asynccontextmanager
async def _kubernetes(settings: Settings, gate: Gate) -> AsyncIterator[KubernetesAPI]:
    if settings.kubeconfig is not None:
        os.environ["KUBECONFIG"] = str(settings.kubeconfig)
    try:
        login = handlers.log_in()
    except (kopf.LoginError, OSError, KeyError, ValueError, TypeError) as error:
        raise StartError(f"The kubeconfig cannot be used: {error!r}") from error
    if login is None:
        raise StartError("No cluster to log in to: give --kubeconfig, set KUBECONFIG, or run in a pod.")
    kube = KubernetesAPI(login, gate, settings.write_timeout)
    try:
        yield kube
    finally:
        await kube.aclose()


@contextlib.asynccontextmanager
async def _registry_client(settings: Settings, gate: Gate) -> AsyncIterator[ModelRegistryAPIClient]:
    token = settings.registry_token_file
    client = ModelRegistryAPIClient.connect(
        settings.registry_url,
        token=settings.registry_token.get_secret_value() if settings.registry_token else token,
        ca=settings.registry_ca_file,
        api_version=settings.registry_api_version,
        timeout=REGISTRY_TIMEOUT,
        write_timeout=settings.write_timeout,
        # The queue repeats, with back-off and by the stamps; an outage is told at once.
        retries=0,
        in_flight=settings.registry_requests_in_flight,
        requests_per_second=settings.registry_requests_per_second,
        monitor=gate,
    )
    async with client:
        yield client


async def _check_cluster(kube: KubernetesAPI) -> None:
    """Wait a little for definitions that have just been applied: kopf looks for them once, and never again.

    Raises:
        StartError: they are not there, or the API server does not answer.
    """
    deadline = time.monotonic() + DEFINITIONS_TIMEOUT
    while (missing := await _missing_plurals(kube)) and time.monotonic() < deadline:  # noqa: ASYNC110 - it is asked
        await asyncio.sleep(DEFINITIONS_INTERVAL)
    if missing:
        raise StartError(
            f"The cluster does not serve {', '.join(missing)} of {API_VERSION}. Install the CRDs first: "
            "kubectl apply --server-side -f crds/"
        )


async def _missing_plurals(kube: KubernetesAPI) -> list[str]:
    try:
        served = await kube.served_plurals()
    except KubernetesError as error:
        raise StartError(f"The cluster cannot be asked for its resources: {error}") from error
    return [kind.PLURAL for kind in KINDS if kind.PLURAL not in served]


async def _try_to_load(registry: Registry) -> None:
    """Read the view, or leave that to the follower where the registry does not answer yet.

    Raises:
        StartError: the address is that of something else than a registry, or the token or the certificate authorities
            make no sense.
    """
    try:
        await registry.load()
    except ValueError as error:
        raise StartError(f"The registry {registry.url} cannot be reached as it is configured: {error}.") from error
    except NotARegistryError as error:
        raise StartError(f"There is no model registry at {registry.url}: {error}. Check --registry-url.") from error
    except StoreError as error:
        logger.warning("The registry %s cannot be read yet, and is tried again: %s", registry.url, error)
