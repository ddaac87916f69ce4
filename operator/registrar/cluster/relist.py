"""Lists the resources itself: to know when the cache has synced, and to find what the watch has missed.

kopf does neither (`registrar.cluster.watch`, quirk 7).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol

from registrar.api.bodies import Body, ResourceKey, key_of, resource_version
from registrar.api.meta import API_VERSION
from registrar.cluster.api import KubernetesError
from registrar.cluster.client import KubernetesAPI, list_pages, list_path
from registrar.cluster.sink import ResourceSink
from registrar.kinds.table import KINDS
from registrar.workqueue.delays import spread

logger = logging.getLogger(__name__)

COUNT_INTERVAL = 0.5
"""Seconds between two counts until the cache has synced."""
MAX_NAMED = 10
"""Resources that a line of the log names."""


class KnownResources(Protocol):
    """What is known of the cluster's resources."""

    @property
    def synced(self) -> asyncio.Event:
        """Set once every resource that existed at the start is known."""

    def __iter__(self) -> Iterator[ResourceKey]:
        """Iterate over the resources that are known now."""

    def get(self, key: ResourceKey) -> Body | None:
        """Return the latest body; None for a resource that does not exist."""

    async def read(self, key: ResourceKey, get: Callable[[ResourceKey], Awaitable[Body | None]]) -> Body | None:
        """Return a resource as the API server has it now, or again if it was deleted meanwhile."""


async def keep_complete(
    known: KnownResources,
    sink: ResourceSink,
    kube: KubernetesAPI,
    namespaces: tuple[str, ...],
    resync_interval: float,
) -> None:
    """Set `KnownResources.synced` once every resource is known; from then on, find what the watch has missed.

    Args:
        known: the resources that are known.
        sink: takes notice that the cache has synced, and takes what the watch has missed.
        kube: the API server.
        namespaces: the namespaces that the operator watches; none means all.
        resync_interval: seconds between two comparisons, ±10 %.
    """
    said = ""
    while not known.synced.is_set():
        try:
            if await is_complete(known, kube, namespaces):
                known.synced.set()
                sink.on_synced()
                break
        except KubernetesError as error:
            if str(error) != said:
                logger.warning("The resources could not be counted; retrying: %s", error)
            said = str(error)
        await asyncio.sleep(COUNT_INTERVAL)
    while True:
        await asyncio.sleep(spread(resync_interval))
        try:
            await relist(known, sink, kube, namespaces)
        except KubernetesError as error:
            logger.warning("The resources could not be listed; the next resync lists them again: %s", error)


async def is_complete(known: KnownResources, kube: KubernetesAPI, namespaces: tuple[str, ...]) -> bool:
    """Return whether the cache has as many resources of each kind as each of these namespaces (none: the cluster)."""
    for namespace in namespaces or (None,):
        for kind in KINDS:
            first = await kube.list_page(list_path(kind.resource.PLURAL, namespace), 1)
            existing = len(first["items"]) + int(first["metadata"].get("remainingItemCount", 0))
            if len(_known(known, kind.name, namespace)) < existing:
                return False
    return True


async def relist(known: KnownResources, sink: ResourceSink, kube: KubernetesAPI, namespaces: tuple[str, ...]) -> None:
    """List all resources and hand the difference to the sink: what is gone, what is new, and what has changed.

    Raises:
        KubernetesError: the API server did not answer, or a list outlived its continue token; the sink keeps what it
            got until then.
    """
    for namespace in namespaces or (None,):
        for kind in KINDS:
            path = list_path(kind.resource.PLURAL, namespace)
            listed_at, listed = await _list(path, kind.name, kube)
            gone = [
                body
                for key in _known(known, kind.name, namespace) - listed.keys()
                # A body that is younger than the list belongs to a resource that was created after it.
                if (body := known.get(key)) is not None and resource_version(body) <= listed_at
            ]
            for body in gone:
                sink.on_delete(body)
            missed = [key for key, version in listed.items() if not _is_known(key, version, known)]
            for key in missed:
                # Since the list it may have been deleted, and the watch may have reported that.
                if (now := await known.read(key, kube.get)) is not None:
                    sink.on_change(now)
            _log_missed(path, [key_of(body) for body in gone], missed)


def _log_missed(path: str, gone: list[ResourceKey], missed: list[ResourceKey]) -> None:
    if gone or missed:
        named = ", ".join(map(str, [*gone, *missed][:MAX_NAMED]))
        logger.warning("The watch of %s missed %d deletions and %d changes: %s", path, len(gone), len(missed), named)


async def _list(path: str, kind: str, kube: KubernetesAPI) -> tuple[int, dict[ResourceKey, int]]:
    """Return the resource version of a list, and that of each resource in it."""
    listed_at, listed = 0, dict[ResourceKey, int]()
    async for page in list_pages(kube, path):
        listed_at = resource_version(page)
        listed |= _versions(page, kind)
    return listed_at, listed


def _versions(page: Body, kind: str) -> dict[ResourceKey, int]:
    return {key_of({**body, "apiVersion": API_VERSION, "kind": kind}): resource_version(body) for body in page["items"]}


def _known(known: KnownResources, kind: str, namespace: str | None) -> set[ResourceKey]:
    return {key for key in known if key.kind == kind and namespace in {None, key.namespace}}


def _is_known(key: ResourceKey, version: int, known: KnownResources) -> bool:
    body = known.get(key)
    return body is not None and resource_version(body) >= version
