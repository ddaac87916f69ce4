"""Whether what is known of the cluster is what is there: kopf does not tell, and can miss a deletion.

After a watch has been refused with 410, kopf lists anew and tells of everything that is there, but not of what has gone
meanwhile. So the operator lists by itself, as often as it compares everything with the registry.
"""

from __future__ import annotations

import asyncio
import logging
import random

from registrar.api.bodies import Body, ResourceKey, key_of, resource_version
from registrar.api.meta import API_VERSION
from registrar.api.v1alpha1 import KINDS
from registrar.cluster.cache import ResourceStore
from registrar.cluster.client import KubernetesAPI, KubernetesError, list_path
from registrar.reconcile.context import Context
from registrar.reconcile.intake import forget, remember
from registrar.workqueue.queue import WorkQueue

logger = logging.getLogger(__name__)

INTERVAL = 0.5
"""Seconds between two counts until all is there."""
PAGE_SIZE = 500


async def keep_complete(context: Context, queue: WorkQueue[ResourceKey]) -> None:
    """Tell when all is known that was there at first; from then on, find what the watch has missed."""
    while not context.listed.is_set():
        try:
            if await is_complete(context.resources, context.kube, context.settings.namespaces):
                context.listed.set()
                break
        except KubernetesError as error:
            logger.warning("The resources could not be counted, and are counted again: %s", error)
        await asyncio.sleep(INTERVAL)
    while True:
        await asyncio.sleep(context.settings.resync_interval * random.uniform(0.9, 1.1))  # noqa: S311 - spreads load
        try:
            await compare(context, queue)
        except KubernetesError as error:
            logger.warning("The resources could not be listed, which is done again with the next resync: %s", error)


async def is_complete(known: ResourceStore, kube: KubernetesAPI, namespaces: tuple[str, ...]) -> bool:
    """Whether no kind has more resources in one of these namespaces (none: in all together) than are known."""
    for namespace in namespaces or (None,):
        for kind in KINDS:
            first = await kube.list_page(list_path(kind.PLURAL, namespace), 1)
            there = len(first["items"]) + int(first["metadata"].get("remainingItemCount", 0))
            if len(_known(known, kind.KIND, namespace)) < there:
                return False
    return True


async def compare(context: Context, queue: WorkQueue[ResourceKey]) -> None:
    """List all resources; drop what is known and gone, and take in what is there and unknown, or known as it was.

    Raises:
        KubernetesError: the API server did not answer, or the list took longer than it keeps a moment; what was found
            until then is done.
    """
    for namespace in context.settings.namespaces or (None,):
        for kind in KINDS:
            path = list_path(kind.PLURAL, namespace)
            moment, listed = await _list(path, kind.KIND, context.kube)
            gone = [
                body
                for key in _known(context.resources, kind.KIND, namespace) - listed.keys()
                # A younger body than the list is of a resource that was made after it.
                if (body := context.resources.get(key)) is not None and resource_version(body) <= moment
            ]
            for body in gone:
                forget(body, context, queue)
            missed = [key for key, version in listed.items() if not _is_known(key, version, context.resources)]
            for key in missed:
                await _take_in(key, context, queue)
            if gone or missed:
                logger.warning(
                    "The watch of %s missed that %d are gone and %d have changed: %s",
                    path,
                    len(gone),
                    len(missed),
                    ", ".join(map(str, [*map(key_of, gone), *missed][:10])),
                )


async def _list(path: str, kind: str, kube: KubernetesAPI) -> tuple[int, dict[ResourceKey, int]]:
    """The moment that a list shows, and the resource version of each resource then."""
    page = await kube.list_page(path, PAGE_SIZE)
    moment, listed = resource_version(page), _versions(page, kind)
    while token := page["metadata"].get("continue"):
        page = await kube.list_page(path, PAGE_SIZE, token)
        listed |= _versions(page, kind)
    return moment, listed


def _versions(page: Body, kind: str) -> dict[ResourceKey, int]:
    return {key_of({**body, "apiVersion": API_VERSION, "kind": kind}): resource_version(body) for body in page["items"]}


def _known(resources: ResourceStore, kind: str, namespace: str | None) -> set[ResourceKey]:
    return {key for key in resources if key.kind == kind and namespace in {None, key.namespace}}


def _is_known(key: ResourceKey, version: int, resources: ResourceStore) -> bool:
    body = resources.get(key)
    return body is not None and resource_version(body) >= version


async def _take_in(key: ResourceKey, context: Context, queue: WorkQueue[ResourceKey]) -> None:
    """Ask for the resource as it is now: since the list it may have gone, and the watch have told so."""
    body = await context.kube.get(key)
    if body is not None:
        remember(body, context, queue)
