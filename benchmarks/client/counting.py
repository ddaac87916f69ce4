"""A proxy that counts requests to the registry. It is slow, so nothing is timed through it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn
from anyio.from_thread import start_blocking_portal
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class Counter:
    """An ASGI application that passes each request on.

    Args:
        http: A client of the registry.
        known_id: Reads of this model are passed on but not counted, because they warm up the clients.

    Attributes:
        requests: Number of requests.
        connections: Number of connections that were opened for them.
    """

    def __init__(self, http: httpx.AsyncClient, known_id: str) -> None:
        self.requests = 0
        self.connections = 0
        self._http = http
        self._ignored = f"/registered_models/{known_id}"
        self._known: set[object] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        if not request.url.path.endswith(self._ignored):
            self.requests += 1
            self.connections += request.client not in self._known
        self._known.add(request.client)
        answer = await self._http.request(
            request.method,
            request.url.path,
            params=request.url.query,
            content=await request.body(),
            headers={"content-type": request.headers.get("content-type", "application/json")},
        )
        response = Response(answer.content, answer.status_code, media_type=answer.headers["content-type"])
        await response(scope, receive, send)


@contextmanager
def counting(registry_url: str, known_id: str) -> Iterator[tuple[str, Counter]]:
    """Run a counting proxy of a registry for the length of the block.

    Args:
        registry_url: Root address of the registry.
        known_id: See `Counter`.

    Yields:
        The proxy's root address, and the counter.
    """
    # asyncio sets TCP_NODELAY only if the protocol is given.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        http = httpx.AsyncClient(base_url=registry_url, trust_env=False, timeout=60)
        counter = Counter(http, known_id)
        server = uvicorn.Server(uvicorn.Config(counter, log_level="warning", access_log=False, lifespan="off"))
        with start_blocking_portal() as portal:
            serving = portal.start_task_soon(server.serve, [listener])
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}", counter
            finally:
                server.should_exit = True
                serving.result()
                portal.call(http.aclose)
