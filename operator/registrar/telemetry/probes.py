"""The HTTP server for probes and metrics: ``/livez``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Protocol

from aiohttp import web

from registrar.fencing import Leadership
from registrar.settings import StartError

logger = logging.getLogger(__name__)

MAX_RUN_SECONDS = 600.0
"""After which a reconcile will not end any more: its longest chain of requests times out well before."""
MAX_SILENCE_SECONDS = 900.0
"""Without a request for a list or a watch, after which a watch is dead: two and a half times what a watch may take,
with all retries of the list that may follow it. Unanswered requests count: a restart would not fix those."""
MAX_OVERDUE_SECONDS = 30.0
"""By which a process may outlive its lease: it ends unless something holds it."""

Problems = Callable[[], Iterator[str]]
"""Yields what is wrong now, a sentence each; nothing where all is well."""


class ObservedQueue(Protocol):
    """What the probes need to know of the work queue."""

    def __len__(self) -> int:
        """Return how many resources wait for a worker."""

    def has_workers(self) -> bool:
        """Return whether all workers live."""

    def longest_run(self) -> tuple[object, float]:
        """Return the resource that has been reconciled longest, and the seconds."""

    def standstill(self) -> float:
        """Return the seconds for which resources have waited though a worker is free."""


def queue_problems(queue: ObservedQueue) -> Iterator[str]:
    """Yield what only a restart fixes in the work queue."""
    if not queue.has_workers():
        yield "a worker has ended"
    key, seconds = queue.longest_run()
    if seconds > MAX_RUN_SECONDS:
        yield f"{key} has been reconciled for {seconds:.0f} s"
    if queue.standstill() > MAX_RUN_SECONDS:
        yield f"{len(queue)} resources have been waiting for {queue.standstill():.0f} s for a free worker"


def watch_problems(longest_silence: tuple[str, float]) -> Iterator[str]:
    """Yield what only a restart fixes in the watches: the path that was asked for longest ago, and the seconds."""
    path, seconds = longest_silence
    if seconds > MAX_SILENCE_SECONDS:
        yield f"{path} has not been watched for {seconds:.0f} s"


def lease_problems(leadership: Leadership) -> Iterator[str]:
    """Yield what only a restart fixes in the election."""
    if leadership.overdue > MAX_OVERDUE_SECONDS:
        yield f"the lease ended {leadership.overdue:.0f} s ago, but the process is still running"


@contextlib.asynccontextmanager
async def serve(
    address: str, port: int | None, *, live: Problems, ready: Problems, metrics: Callable[[], bytes]
) -> AsyncIterator[None]:
    """Serve the probes and the metrics for as long as the block runs.

    Args:
        address: where to listen.
        port: on which port; 0 takes a free one, None serves nothing.
        live: what only a restart fixes.
        ready: what the operator still needs before it can do its work, or take it over at once.
        metrics: the metrics, in Prometheus's text format.

    Raises:
        StartError: the port is taken, or the address is not one of this machine.
    """
    if port is None:
        yield
        return
    app = web.Application()
    app.router.add_get("/livez", _probe(live))
    app.router.add_get("/readyz", _probe(ready))
    app.router.add_get("/metrics", _metrics(metrics))
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await _listen(runner, address, port)
        host, bound, *_ = runner.addresses[0]
        logger.info("Probes and metrics are served at http://%s:%d", f"[{host}]" if ":" in host else host, bound)
        yield
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, address: str, port: int) -> None:
    try:
        await web.TCPSite(runner, address, port).start()
    except OSError as error:
        raise StartError(f"Probes cannot be served at {address}:{port}: {error.strerror}.") from error


_Handler = Callable[[web.Request], Awaitable[web.Response]]


def _probe(problems: Problems) -> _Handler:
    async def answer(_: web.Request) -> web.Response:
        found = list(problems())
        return _closing(web.Response(status=503 if found else 200, text="\n".join(found or ["ok"]) + "\n"))

    return answer


def _metrics(text: Callable[[], bytes]) -> _Handler:
    async def answer(_: web.Request) -> web.Response:
        content_type = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        return _closing(web.Response(body=text(), headers=content_type))

    return answer


def _closing(response: web.Response) -> web.Response:
    # An idle connection would keep a task alive (registrar.cluster.watch, quirk 9).
    response.force_close()
    return response
