"""The watch: kopf's handlers and settings, and every reason for what kopf is kept from doing.

kopf lists and watches; each handler hands the body over to a sink and is done. The operator uses nothing else of it,
for reasons that were measured (docs/design/001-own-queue.md):

1. Its create, update and resume handlers cost three PATCHes an entry, lose the assigned ID for good when their status
   PATCH fails, and make a corrected spec wait out an old back-off. Timers and daemons die silently; indices start in
   quadratic time; ``worker_limit`` starves kinds. So only low-level event handlers are registered.
2. It strips the finalizer that it is configured with from every object that no handler needs it for. So it is
   configured with a name that nothing uses, and the operator's own finalizer has another.
3. It gives a watch up for good when its retries of a request are used up. So its back-off never ends.
4. After a 401 it closes the session under its other watches, and can then wait for itself for ever. So
   `registrar.cluster.middlewares.RefusalsAreTemporary` repeats the request below kopf.
5. It ends a watch for good, and continues without, on a 404, which a new definition can return for a moment after it
   is established. So `registrar.cluster.middlewares.RefusalsAreTemporary` waits the 404 out too.
6. It looks for the kinds once, at its start, and never again. So the operator waits for the definitions before
   (`registrar.app.process`), and scanning is off.
7. After a 410 it lists again and reports everything that exists, but not what was deleted in between; and it never
   reports that a list is complete. So `registrar.cluster.relist` lists on its own.
8. It keeps the order of events per uid only: a successor of the same name can be seen before the deletion of the
   first. So `registrar.reconcile.intake` compares uids.
9. At its end it cancels every task that was created after its start, but for those that its caller names, and
   waits 5 s for tasks of ``wait_for`` and of idle HTTP connections. So it ignores the operator's own tasks, also those
   of a registry that was added later; time limits use ``asyncio.timeout``, and probes close their connections.
10. It reads a service account's token and namespace once, asks the cluster's DNS for the API server, does not know
    ``tokenFile`` of a kubeconfig, and ends on a wrong kubeconfig with a bare KeyError. So `registrar.cluster.login`,
    `registrar.cluster.kubeconfig` and `registrar.cluster.middlewares.RotatingToken` do it.
11. It closes the session that its login returns. So the session does not own its connection pool.
12. It logs an error for a 429, which the API server answers while the storage of a new definition starts, although it
    waits and retries. So `registrar.cluster.middlewares.RefusalsAreTemporary` waits for it below kopf.
13. It reads all resources of a kind as one list, unless it is given a limit, and parses each answer as a whole. So it
    lists pages, and the session reads them without what only costs memory (`registrar.cluster.compact`).
14. It ends a watch for good on a resource that is nested more deeply than Python recurses, and hangs. So the session
    reads what is deeper than any of our resources as null (`registrar.cluster.responses`).
15. It takes each event as a new one, also those of our own writes, of which the answers have shown everything. So the
    session leaves these out (`registrar.cluster.echoes`).
16. It copies each body to compare it with the last one that its handlers saw, although no handler is called for a
    change. So its storage of those has nothing to compare.
17. It ends a watch for good when a further page has expired (410), which a restart of the API server can cause. So
    `registrar.cluster.middlewares.RefusalsAreTemporary` ends that list like a lost connection, and kopf lists again.
18. It starts a task for each resource of a list, and keeps a memory of each. So the session hands over what is listed
    itself (`registrar.cluster.listed`), and the handlers get what the watch shows.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Collection, Container, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import kopf

from registrar.api.bodies import Body
from registrar.api.meta import GROUP, VERSION
from registrar.api.v1alpha1.cluster_registry import ClusterRegistry
from registrar.cluster.client import PAGE_SIZE, KubernetesAPI, list_path
from registrar.cluster.liveness import (
    CLIENT_TIMEOUT_SECONDS,
    INACTIVITY_TIMEOUT_SECONDS,
    SERVER_TIMEOUT_SECONDS,
    WatchLiveness,
)
from registrar.cluster.namespaces import PATH as NAMESPACES_PATH
from registrar.cluster.namespaces import Namespaces
from registrar.cluster.sink import ResourceSink
from registrar.kinds.table import KINDS
from registrar.settings import StartError


@dataclass(frozen=True, slots=True)
class Scope:
    """What to watch.

    Attributes:
        namespaces: the namespaces; none means all.
        registries_changed: called when a ClusterRegistry has changed; None if they are not watched.
        labelled: takes the namespaces with their labels; None if they are not watched.
    """

    namespaces: tuple[str, ...]
    registries_changed: Callable[[], None] | None = None
    labelled: Namespaces | None = None


async def watch(
    sink: ResourceSink,
    kube: KubernetesAPI,
    liveness: WatchLiveness,
    scope: Scope,
    spared: Container[asyncio.Task[Any]],
) -> None:
    """Have kopf list and watch until a signal.

    Args:
        sink: takes what the API server shows.
        kube: the cluster.
        liveness: notes what kopf asks for.
        scope: what to watch.
        spared: the tasks of others, which go on when kopf ends, also those that begin later (quirk 9).

    Raises:
        StartError: kopf failed.
    """
    registry = kopf.OperatorRegistry()
    for kind in KINDS:
        plural = kind.resource.PLURAL
        kopf.on.event(GROUP, VERSION, plural, registry=registry, id=f"observe-{plural}")(_observer(sink))
    if scope.registries_changed is not None:
        plural = ClusterRegistry.PLURAL
        kopf.on.event(GROUP, VERSION, plural, registry=registry, id=f"observe-{plural}")(
            _notifier(scope.registries_changed)
        )
    if scope.labelled is not None:
        kopf.on.event("", "v1", "namespaces", registry=registry, id="observe-namespaces")(_observer(scope.labelled))
    kopf.on.login(registry=registry, id="login")(_login(kube, liveness, sink))
    liveness.expect(_paths(scope))
    try:
        existing = asyncio.all_tasks()
        tasks = await kopf.spawn_tasks(
            registry=registry,
            settings=kopf_settings(),
            namespaces=scope.namespaces,
            clusterwide=not scope.namespaces,
            standalone=True,
        )
        await kopf.run_tasks(tasks, ignored=_Ignored(existing, spared))
    except Exception as error:
        raise StartError(f"Watching the cluster failed: {error}") from error


def _paths(scope: Scope) -> Iterator[str]:
    for kind in KINDS:
        for namespace in scope.namespaces or (None,):
            yield list_path(kind.resource.PLURAL, namespace)
    if scope.registries_changed is not None:
        yield list_path(ClusterRegistry.PLURAL, None)
    if scope.labelled is not None:
        yield NAMESPACES_PATH


class _Observed(Protocol):
    """Takes what the API server shows of a kind."""

    def on_change(self, body: Body) -> None:
        """Take an object that is new or has changed."""

    def on_delete(self, body: Body) -> None:
        """Take the last state of one that was deleted."""


class _Ignored(Collection[asyncio.Task[Any]]):
    """The tasks that kopf does not cancel at its end: those before its start, and those of others (quirk 9)."""

    def __init__(self, existing: set[asyncio.Task[Any]], spared: Container[asyncio.Task[Any]]) -> None:
        self._existing = existing
        self._spared = spared

    def __contains__(self, task: object) -> bool:
        return task in self._existing or task in self._spared

    def __iter__(self) -> Iterator[asyncio.Task[Any]]:
        return (task for task in asyncio.all_tasks() if task in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _notifier(changed: Callable[[], None]) -> Callable[..., Any]:
    async def notify(**_: Any) -> None:
        changed()

    return notify


def _observer(sink: _Observed) -> Callable[..., Any]:
    async def observe(event: Any, **_: Any) -> None:
        body: Body = event["object"]
        if event["type"] == "DELETED":
            sink.on_delete(body)
        else:
            sink.on_change(body)

    return observe


def _login(kube: KubernetesAPI, liveness: WatchLiveness, sink: ResourceSink) -> Callable[..., Any]:
    async def login(**_: Any) -> kopf.AiohttpSession:
        session = kube.open_watch_session(liveness.requested, sink.on_change)
        return kopf.AiohttpSession(server=kube.server, aiohttp_session=session)

    return login


class _NothingToCompare(kopf.DiffBaseStorage):
    """What kopf compares bodies by: nothing (quirk 16)."""

    def build(self, **_: Any) -> kopf.BodyEssence:
        """Return what handlers for changes would see of a body."""
        return kopf.BodyEssence()

    def fetch(self, **_: Any) -> None:
        """Return what they saw last."""

    def store(self, **_: Any) -> None:
        """Store nothing."""


class _EndlessBackoffs:
    """Seconds between retries of kopf's requests (quirk 3)."""

    def __iter__(self) -> Iterator[float]:
        yield from (1.0, 2.0, 4.0)
        yield from itertools.repeat(8.0)


def kopf_settings() -> kopf.OperatorSettings:
    """Return the settings of the kopf operator."""
    settings = kopf.OperatorSettings()
    settings.persistence.diffbase_storage = _NothingToCompare()
    settings.persistence.finalizer = "model-registrar.dev/unused"
    settings.scanning.disabled = True
    settings.posting.enabled = False
    settings.queueing.idle_timeout = 0.5
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 10
    settings.networking.error_backoffs = _EndlessBackoffs()
    settings.watching.server_timeout = SERVER_TIMEOUT_SECONDS
    settings.watching.client_timeout = CLIENT_TIMEOUT_SECONDS
    settings.watching.inactivity_timeout = INACTIVITY_TIMEOUT_SECONDS
    settings.watching.connect_timeout = 10
    settings.watching.chunk_size = PAGE_SIZE
    return settings
