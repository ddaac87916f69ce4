"""Whether the watch has delivered everything that was there when it began: kopf does not tell."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

from registrar.api.v1alpha1 import KINDS
from registrar.context import Context
from registrar.kube import KubernetesError

logger = logging.getLogger(__name__)

INTERVAL = 0.5
"""Seconds between two counts until all is there."""


async def note_listing(context: Context) -> None:
    """Set ``context.listed`` once as many resources are known as the API server counts, by kind and namespace."""
    while not context.listed.is_set():
        try:
            if await _is_complete(context):
                context.listed.set()
                return
        except KubernetesError as error:
            logger.warning("The resources could not be counted, and are counted again: %s", error)
        await asyncio.sleep(INTERVAL)


async def _is_complete(context: Context) -> bool:
    for namespace in context.settings.namespaces or (None,):
        for kind in KINDS:
            there = await context.kube.count(kind.PLURAL, namespace)
            known = Counter(key.kind for key in context.resources if namespace in {None, key.namespace})
            if known[kind.KIND] < there:
                return False
    return True
