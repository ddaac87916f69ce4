"""The composition root: builds the parts of one operator process, runs them, and takes them down in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator

import kopf

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import NotARegistryError, StoreError
from registrar import handlers
from registrar.api.meta import API_VERSION
from registrar.api.v1alpha1 import KINDS
from registrar.config import Settings
from registrar.context import Context
from registrar.follow import follow
from registrar.kube import KubernetesAPI, KubernetesError
from registrar.reconcile import reconcile
from registrar.registry import Registry
from registrar.resources import ResourceKey
from registrar.workqueue import Next, WorkQueue

logger = logging.getLogger(__name__)

DRAIN_TIMEOUT = 15.0
"""Seconds for what is being written when the operator is told to stop; a pod has 30."""


class StartError(Exception):
    """The operator cannot start; the message says what to change."""


def configure_logging(settings: Settings) -> None:
    """Log to standard error, in kopf's own formats: its object references are in each line."""
    kopf.configure(
        debug=settings.log_level == "debug",
        quiet=settings.log_level in {"warning", "error"},
        log_format=kopf.LogFormat.JSON if settings.log_format == "json" else kopf.LogFormat.FULL,
    )


async def run(settings: Settings) -> None:
    """Run until a signal.

    Raises:
        StartError: the cluster or the registry is not what the operator needs.
    """
    logger.info("Settings: %s", settings.redacted())
    async with _kubernetes(settings) as kube, _registry_client(settings) as client:
        await _check_cluster(kube)
        registry = Registry(client, settings.registry_url, settings.owner_id)

        async def process(key: ResourceKey) -> Next:
            return await reconcile(key, context)

        queue = WorkQueue(process, workers=settings.workers)
        context = Context(settings=settings, kube=kube, registry=registry, wake=queue.add)
        await _try_to_load(registry)
        queue.start()
        following = asyncio.create_task(follow(context), name="registry follower")
        try:
            await _watch(settings, context, queue)
        finally:
            following.cancel()
            await queue.drain(DRAIN_TIMEOUT)


async def _watch(settings: Settings, context: Context, queue: WorkQueue[ResourceKey]) -> None:
    """Have kopf list and watch until a signal. Tasks that exist before it starts outlive it: the workers do."""
    registry = kopf.OperatorRegistry()
    handlers.register(registry, context, queue)
    namespaces = settings.namespaces
    try:
        await kopf.operator(
            registry=registry,
            settings=_kopf_settings(),
            namespaces=namespaces,
            clusterwide=not namespaces,
            standalone=True,
        )
    except Exception as error:
        raise StartError(f"Watching the cluster failed: {error}") from error


def _kopf_settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    # Our own finalizer has another name: kopf strips the one it is configured with.
    settings.persistence.finalizer = "model-registrar.dev/unused"
    settings.scanning.disabled = True
    settings.posting.enabled = False
    settings.queueing.idle_timeout = 0.5
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 10
    settings.networking.error_backoffs = (1, 2, 4, 8)
    settings.watching.server_timeout = 300
    settings.watching.connect_timeout = 10
    return settings


@contextlib.asynccontextmanager
async def _kubernetes(settings: Settings) -> AsyncIterator[KubernetesAPI]:
    if settings.kubeconfig is not None:
        os.environ["KUBECONFIG"] = str(settings.kubeconfig)
    try:
        login = handlers.log_in()
    except (kopf.LoginError, OSError, KeyError, ValueError, TypeError) as error:
        raise StartError(f"The kubeconfig cannot be used: {error!r}") from error
    if login is None:
        raise StartError("No cluster to log in to: give --kubeconfig, set KUBECONFIG, or run in a pod.")
    kube = KubernetesAPI(login)
    try:
        yield kube
    finally:
        await kube.aclose()


@contextlib.asynccontextmanager
async def _registry_client(settings: Settings) -> AsyncIterator[ModelRegistryAPIClient]:
    token = settings.registry_token_file
    client = ModelRegistryAPIClient.connect(
        settings.registry_url,
        token=settings.registry_token.get_secret_value() if settings.registry_token else token,
        ca=settings.registry_ca_file,
        api_version=settings.registry_api_version,
    )
    async with client:
        yield client


async def _check_cluster(kube: KubernetesAPI) -> None:
    try:
        served = await kube.served_plurals()
    except KubernetesError as error:
        raise StartError(f"The cluster cannot be asked for its resources: {error}") from error
    missing = [kind.PLURAL for kind in KINDS if kind.PLURAL not in served]
    if missing:
        raise StartError(
            f"The cluster does not serve {', '.join(missing)} of {API_VERSION}. Install the CRDs first: "
            "kubectl apply --server-side -f crds/"
        )


async def _try_to_load(registry: Registry) -> None:
    """Read the view, or leave that to the follower where the registry does not answer yet.

    Raises:
        StartError: the address is that of something else than a registry.
    """
    try:
        await registry.load()
    except (NotARegistryError, ValueError) as error:
        raise StartError(f"There is no model registry at {registry.url}: {error}. Check --registry-url.") from error
    except StoreError as error:
        logger.warning("The registry %s cannot be read yet, and is tried again: %s", registry.url, error)
