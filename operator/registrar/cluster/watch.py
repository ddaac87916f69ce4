"""kopf ends here: each handler is an adapter of a few lines between kopf and the queue.

Only low-level event handlers are used: they store the latest body and enqueue its key. Why not kopf's create, update
and resume handlers, timers and indices: docs/design/001-own-queue.md, with the measurements.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import kopf

from registrar.api.bodies import Body, ResourceKey
from registrar.api.meta import GROUP, VERSION
from registrar.api.v1alpha1 import KINDS
from registrar.cluster.client import list_path
from registrar.cluster.liveness import CLIENT_TIMEOUT, INACTIVITY_TIMEOUT, SERVER_TIMEOUT
from registrar.reconcile.context import Context
from registrar.reconcile.intake import forget, remember
from registrar.settings import StartError
from registrar.workqueue.queue import WorkQueue


def register(registry: kopf.OperatorRegistry, context: Context, queue: WorkQueue[ResourceKey]) -> None:
    """Put the handlers of all kinds, and the login, on a kopf registry."""
    for kind in KINDS:
        kopf.on.event(GROUP, VERSION, kind.PLURAL, registry=registry, id=f"observe-{kind.PLURAL}")(
            _observer(context, queue)
        )
    kopf.on.login(registry=registry, id="login")(_login(context))


def _observer(context: Context, queue: WorkQueue[ResourceKey]) -> Callable[..., Any]:
    async def observe(event: Any, **_: Any) -> None:
        body: Body = event["object"]
        if event["type"] == "DELETED":
            forget(body, context, queue)
        else:
            remember(body, context, queue)

    return observe


def _login(context: Context) -> Callable[..., Any]:
    kube = context.kube

    async def login(**_: Any) -> kopf.AiohttpSession:
        session = kube.open_watch_session(context.watches.asked)
        return kopf.AiohttpSession(server=kube.server, aiohttp_session=session)

    return login


async def watch(context: Context, queue: WorkQueue[ResourceKey]) -> None:
    """Have kopf list and watch until a signal."""
    registry = kopf.OperatorRegistry()
    register(registry, context, queue)
    namespaces = context.settings.namespaces
    context.watches.expect(list_path(kind.PLURAL, namespace) for namespace in namespaces or (None,) for kind in KINDS)
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


class _EndlessBackoffs:
    """Seconds between tries of kopf's requests: when they are used up, kopf goes on without that watch, for good."""

    def __iter__(self) -> Iterator[float]:
        yield from (1.0, 2.0, 4.0)
        yield from itertools.repeat(8.0)


def _kopf_settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    # Our own finalizer has another name: kopf strips the one it is configured with.
    settings.persistence.finalizer = "model-registrar.dev/unused"
    settings.scanning.disabled = True
    settings.posting.enabled = False
    settings.queueing.idle_timeout = 0.5
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 10
    settings.networking.error_backoffs = _EndlessBackoffs()
    settings.watching.server_timeout = SERVER_TIMEOUT
    settings.watching.client_timeout = CLIENT_TIMEOUT
    settings.watching.inactivity_timeout = INACTIVITY_TIMEOUT
    settings.watching.connect_timeout = 10
    return settings
