"""A model registry for tests: the one that MODEL_REGISTRY_URL names, or an embedded server as a process of its own."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

from devcluster import embedded_registry as embedded
from devcluster.embedded_registry import EmbeddedRegistry
from local_registry.app import create_app
from local_registry.store import Store

EmbeddedServers = Callable[..., EmbeddedRegistry]
"""What the fixture `embedded_registry` is: starts a server, on the database file that it is given, if any."""

START_LIMIT: Final = 30.0
"""Seconds that a server may take to answer; an idle machine takes less than one."""


@pytest.fixture(scope="session")
def registry_url() -> Iterator[str]:
    """The root address of a registry, shared by the session: give entries names of their own."""
    if url := os.environ.get("MODEL_REGISTRY_URL"):
        wait_until_ready(url)
        yield url.rstrip("/")
        return
    with embedded.start() as server:
        wait_until_ready(server.url)
        yield server.url


@pytest.fixture
def embedded_registry() -> Iterator[EmbeddedServers]:
    """Makes embedded servers that the test owns: started, on a temporary database file unless one is named."""
    with ExitStack() as servers:

        def make(database: Path | None = None) -> EmbeddedRegistry:
            server = servers.enter_context(embedded.start(database))
            wait_until_ready(server.url)
            return server

        yield make


@contextmanager
def serve(store: Store) -> Iterator[str]:
    """Serve a store over HTTP from a thread, for tests that need many servers or the store itself.

    Yields:
        The server's root address.
    """
    with serve_app(create_app(store)) as url:
        yield url


@contextmanager
def serve_app(app: ASGIApp) -> Iterator[str]:
    """Serve an embedded server over HTTP from a thread, whatever stands before it.

    Yields:
        The server's root address.
    """
    # The protocol must be said for asyncio to set TCP_NODELAY.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            wait_until_ready(url)
            yield url
        finally:
            server.should_exit = True
            thread.join()


def wait_until_ready(url: str) -> None:
    """Wait until a registry says that it is ready.

    Raises:
        TimeoutError: not within `START_LIMIT` seconds.
    """
    deadline = time.monotonic() + START_LIMIT
    with httpx.Client(base_url=url, trust_env=False) as client:
        while time.monotonic() < deadline:
            try:
                if client.get("/readyz/health").is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
    raise TimeoutError(f"no registry was ready at {url} within {START_LIMIT} s")
