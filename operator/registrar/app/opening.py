"""Opens the client of a registry that an operator serves."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from model_registry.exceptions import ConnectionFailed
from registrar.cluster.client import KubernetesAPI
from registrar.fencing import WriteFence
from registrar.registries.kubeflow.backend import KubeflowBackend
from registrar.registries.kubeflow.connection import connect
from registrar.registries.registry import Registry
from registrar.registries.token import token_of
from registrar.settings import ServedRegistrySettings, Settings, StartError


@contextlib.asynccontextmanager
async def opened(
    name: str, reached: ServedRegistrySettings, settings: Settings, fence: WriteFence, kube: KubernetesAPI
) -> AsyncIterator[Registry]:
    """Yield a registry with a client, which opens no connection before its first call.

    Args:
        name: the registry's name in the operator.
        reached: how to reach it.
        settings: the process settings.
        fence: lets requests begin.
        kube: the API server, whose own token the registry must not get.

    Raises:
        StartError: the token must not be sent.
    """
    try:
        token = token_of(reached, kube.own_token)
    except ConnectionFailed as error:
        raise StartError(f"{error}.") from error
    # The queue retries, with back-off and by the stamps; an outage is reported at once.
    client = connect(reached, fence, token=token, retries=0, write_timeout=settings.write_timeout)
    async with client:
        yield Registry(KubeflowBackend(client), reached.registry_url, settings.owner_id, name, reached.tenants)
