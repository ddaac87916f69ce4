"""The HTTP server for probes and metrics: ``/livez``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from registrar.api.bodies import ResourceKey
from registrar.cluster.liveness import Watches
from registrar.fencing import Leadership
from registrar.reconcile.context import Context
from registrar.workqueue.queue import WorkQueue

logger = logging.getLogger(__name__)

STUCK = 600.0
"""Seconds after which a reconcile will not end any more: its longest chain of requests times out well before."""
DEAF = 900.0
"""Seconds without a request for a list or a watch after which a watch is dead: two and a half times what a watch may
take, with all tries of the list that may follow it. Unanswered requests count: a restart would not mend those."""
OVERDUE = 30.0
"""Seconds by which a process may outlive its lease: it ends by itself, unless something holds it."""

Queue = WorkQueue[ResourceKey]


def why_not_live(leadership: Leadership, queue: Queue, watches: Watches) -> list[str]:
    """What only a restart mends; empty if there is nothing."""
    problems = []
    if not queue.has_workers():
        problems.append("a worker has ended")
    key, seconds = queue.longest_run()
    if seconds > STUCK:
        problems.append(f"{key} has been reconciled for {seconds:.0f} s")
    if queue.standstill() > STUCK:
        problems.append(f"{len(queue)} resources have been waiting for {queue.standstill():.0f} s for a free worker")
    path, silence = watches.longest_silence()
    if silence > DEAF:
        problems.append(f"{path} has not been watched for {silence:.0f} s")
    if leadership.overdue > OVERDUE:
        problems.append(f"the lease ended {leadership.overdue:.0f} s ago and the process did not")
    return problems


def why_not_ready(context: Context) -> list[str]:
    """What the operator still needs before it can do its work, or take it over at once; empty if nothing."""
    problems = []
    if not context.listed.is_set():
        problems.append("the resources of the cluster are not all known yet")
    if context.leadership.is_held and not context.registry.loaded:
        problems.append(f"the registry {context.registry.url} has not been read yet")
    if context.leadership.overdue:
        problems.append("the lease is lost")
    return problems


@contextlib.asynccontextmanager
async def serve(context: Context, queue: Queue) -> AsyncIterator[None]:
    """Answer on the address of the settings for as long as the block runs, if they name a port.

    Raises:
        OSError: the port is taken, or the address is not of this machine.
    """
    settings = context.settings
    if settings.probe_port is None:
        yield
        return
    app = web.Application()
    app.router.add_get("/livez", _probe(lambda: why_not_live(context.leadership, queue, context.watches)))
    app.router.add_get("/readyz", _probe(lambda: why_not_ready(context)))
    app.router.add_get("/metrics", _metrics(context))
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.probe_address, settings.probe_port).start()
        host, port, *_ = runner.addresses[0]
        logger.info("Probes and metrics are served at http://%s:%d", f"[{host}]" if ":" in host else host, port)
        yield
    finally:
        await runner.cleanup()


_Handler = Callable[[web.Request], Awaitable[web.Response]]


def _probe(problems_now: Callable[[], list[str]]) -> _Handler:
    async def answer(_: web.Request) -> web.Response:
        problems = problems_now()
        return _closing(web.Response(status=503 if problems else 200, text="\n".join(problems or ["ok"]) + "\n"))

    return answer


def _metrics(context: Context) -> _Handler:
    async def answer(_: web.Request) -> web.Response:
        content_type = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        return _closing(web.Response(body=context.metrics.text(), headers=content_type))

    return answer


def _closing(response: web.Response) -> web.Response:
    """An idle connection would keep a task alive, for which kopf waits when it ends."""
    response.force_close()
    return response
