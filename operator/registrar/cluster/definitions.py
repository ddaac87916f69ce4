"""Waits at the start until the API server serves our kinds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from http import HTTPStatus

from registrar.api.meta import API_VERSION
from registrar.api.v1alpha1.cluster_registry import ClusterRegistry
from registrar.cluster.api import KubernetesError
from registrar.cluster.client import KubernetesAPI
from registrar.kinds.table import KINDS
from registrar.settings import StartError

DEFINITIONS_SECONDS = 5.0
"""For the API server to serve definitions that were applied just before."""
DEFINITIONS_INTERVAL_SECONDS = 0.2


async def wait_for_definitions(kube: KubernetesAPI, *, with_registries: bool) -> None:
    """Wait a little for definitions that were just applied: kopf looks for them only once.

    Args:
        kube: the API server.
        with_registries: whether ClusterRegistry is needed too.

    Raises:
        StartError: the API server does not serve them, or does not answer.
    """
    needed = [kind.resource.PLURAL for kind in KINDS] + [ClusterRegistry.PLURAL] * with_registries
    deadline = time.monotonic() + DEFINITIONS_SECONDS
    while (problem := await _why_not_served(kube, needed)) and time.monotonic() < deadline:  # noqa: ASYNC110 - it is asked
        await asyncio.sleep(DEFINITIONS_INTERVAL_SECONDS)
    if problem:
        raise StartError(problem)


async def _why_not_served(kube: KubernetesAPI, needed: Iterable[str]) -> str | None:
    """Return why kopf would not find the definitions now; None if it would.

    Raises:
        StartError: the API server does not answer, or refuses for good.
    """
    try:
        served = await kube.served_plurals()
    except KubernetesError as error:
        problem = f"The cluster did not list its resources: {error}"
        if error.status == HTTPStatus.TOO_MANY_REQUESTS:
            return problem
        raise StartError(problem) from error
    missing = [plural for plural in needed if plural not in served]
    if not missing:
        return None
    return (
        f"The cluster does not serve {', '.join(missing)} of {API_VERSION}. Install the CRDs first: "
        "kubectl apply --server-side -f crds/"
    )
