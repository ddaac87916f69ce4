"""Whether the watch has delivered everything that was there when it began: kopf does not tell."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

from registrar.api.v1alpha1 import KINDS
from registrar.context import Context
from registrar.kube import KubernetesAPI, KubernetesError
from registrar.resources import ResourceStore

logger = logging.getLogger(__name__)

INTERVAL = 0.5
"""Seconds between two counts until all is there."""


async def note_listing(context: Context) -> None:
    """Set ``context.listed`` once as many resources are known as the API server counts, by kind and namespace."""
    while not context.listed.is_set():
        try:
            if await is_complete(context.resources, context.kube, context.settings.namespaces):
                context.listed.set()
                return
        except KubernetesError as error:
            logger.warning("The resources could not be counted, and are counted again: %s", error)
        await asyncio.sleep(INTERVAL)


async def is_complete(known: ResourceStore, kube: KubernetesAPI, namespaces: tuple[str, ...]) -> bool:
    """Whether no kind has more resources in one of these namespaces (none: in all together) than are known."""
    for namespace in namespaces or (None,):
        counted = Counter(key.kind for key in known if namespace in {None, key.namespace})
        for kind in KINDS:
            if counted[kind.KIND] < await kube.count(kind.PLURAL, namespace):
                return False
    return True
