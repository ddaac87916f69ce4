"""The same TLS for every rival and any registry: a proxy that terminates TLS and passes the bytes on.

It runs in a thread of the benchmark, which is idle while a rival is timed.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from anyio.from_thread import start_blocking_portal

from devcluster.certificates import KeyPair


class _End(asyncio.Protocol):
    """One end of a connection; what arrives here is sent from the other end."""

    transport: asyncio.Transport
    other: "_End | None" = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - asyncio declares less than it gives
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            self.other.transport.write(data)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if self.other is not None:
            self.other.transport.close()

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None:
            self.other.transport.resume_reading()


class _ClientEnd(_End):
    """The client's end, which opens the registry's.

    Args:
        host: Where the registry listens.
        port: Its port.
        all_ends: Where to note this end while it is open.
    """

    def __init__(self, host: str, port: int, all_ends: set["_ClientEnd"]) -> None:
        self._host, self._port = host, port
        self._all_ends = all_ends

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._all_ends.add(self)
        self.transport.pause_reading()
        self._connecting = asyncio.ensure_future(self._connect())

    def connection_lost(self, error: Exception | None) -> None:
        self._all_ends.discard(self)
        super().connection_lost(error)

    async def _connect(self) -> None:
        try:
            _, other = await asyncio.get_running_loop().create_connection(_End, self._host, self._port)
        except OSError:
            self.transport.close()
            return
        other.other, self.other = self, other
        with contextlib.suppress(RuntimeError):  # closed meanwhile
            self.transport.resume_reading()


class _Listener:
    """The listening socket and its open connections."""

    def __init__(self, url: str, keys: KeyPair) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(keys.certificate, keys.key)
        self._ends: set[_ClientEnd] = set()

    async def open(self) -> int:
        """Listen on a free port of loopback and return it."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _ClientEnd(self._host, self._port, self._ends), "127.0.0.1", 0, ssl=self._context
        )
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        self._server.close()
        for end in list(self._ends):
            end.transport.abort()
        await asyncio.sleep(0)  # asyncio notifies the ends in its next iteration
        await self._server.wait_closed()


@contextmanager
def proxy(url: str, keys: KeyPair) -> Iterator[str]:
    """Serve a registry over TLS for the length of the block.

    Args:
        url: The registry's root address: http, host, port and no path.
        keys: The server's certificate and its key.

    Yields:
        The root address of the proxy.
    """
    listener = _Listener(url, keys)
    with start_blocking_portal() as portal:
        port = portal.call(listener.open)
        try:
            yield f"https://127.0.0.1:{port}"
        finally:
            portal.call(listener.close)
