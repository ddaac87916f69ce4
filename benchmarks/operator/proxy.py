"""A proxy that counts requests to the registry: it finds their first lines and passes the bytes on unchanged."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

# JSON has no line breaks, so no body matches.
_FIRST_LINE = re.compile(rb"(GET|POST|PATCH|PUT|DELETE) [^ \r\n]+ HTTP/1\.1\r\n")
_CHUNK = 65536


class FirstLines:
    """Finds the first lines of requests in the chunks of one connection.

    Args:
        note: Called with the method of each request.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._rest = b""

    def see(self, chunk: bytes) -> None:
        """Read the next chunk; a line may span two chunks."""
        data = self._rest + chunk
        end = 0
        for found in _FIRST_LINE.finditer(data):
            self._note(found[1].decode())
            end = found.end()
        self._rest = data[max(end, data.rfind(b"\n") + 1) :]


class CountingProxy:
    """A running proxy. `counting` returns it.

    Attributes:
        url: Its root address.
        requests: Number of requests, by method.
    """

    def __init__(self, registry_url: str) -> None:
        target = urlsplit(registry_url)
        self.url = ""
        self.requests: Counter[str] = Counter()
        self._host, self._port = target.hostname, target.port
        self._open: dict[asyncio.Future[tuple[None, None]], tuple[asyncio.StreamWriter, ...]] = {}

    def _note(self, method: str) -> None:
        self.requests[method] += 1

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        lines = FirstLines(self._note)
        try:
            there_reader, there_writer = await asyncio.open_connection(self._host, self._port)
        except OSError:
            writer.close()
            return
        both_ways = asyncio.gather(
            _pass_on(reader, there_writer, lines.see), _pass_on(there_reader, writer, lambda _chunk: None)
        )
        self._open[both_ways] = (writer, there_writer)
        await both_ways
        del self._open[both_ways]

    async def aclose(self) -> None:
        """End all connections."""
        for writers in self._open.values():
            for writer in writers:
                writer.close()
        await asyncio.gather(*self._open)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, see: Callable[[bytes], None]) -> None:
    try:
        while chunk := await reader.read(_CHUNK):
            see(chunk)
            writer.write(chunk)
            await writer.drain()
    except ConnectionError:
        pass  # The other side notices that its connection ends.
    finally:
        writer.close()


@asynccontextmanager
async def counting(registry_url: str) -> AsyncIterator[CountingProxy]:
    """Run a counting proxy of a registry for the length of the block."""
    proxy = CountingProxy(registry_url)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        await proxy.aclose()
