"""A proxy on loopback between a client and a real registry, with the faults that networks and gateways have."""

import http.client
import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.client.loopback import Received, Reply


class Fault(Enum):
    """What goes wrong on the way of one request. `AFTER`: once the registry has carried it out."""

    RESET_BEFORE = auto()
    RESET_AFTER = auto()
    DROP_AFTER = auto()
    """The connection is closed in order, without an answer."""
    CUT_AFTER = auto()
    """The connection is closed in the middle of the answer's body."""
    GARBLE_AFTER = auto()
    """The answer ends in the middle of its JSON, and says so itself: only the JSON shows it."""
    STALL_BEFORE = auto()
    STALL_AFTER = auto()


@dataclass(frozen=True)
class ErrorAfter:
    """The registry carries the request out, but this is what is answered."""

    reply: Reply


Way = Fault | ErrorAfter | Reply | None
"""How a request fares: None passes it through, a Reply is given without asking the registry."""

Script = Callable[[Received], Way]


class FlakyProxy(ThreadingHTTPServer):
    """Passes requests on to `upstream`, each in the way that `script` says, and keeps them in `received`."""

    request_queue_size = 128
    daemon_threads = True
    block_on_close = False

    def __init__(self, upstream: str, script: Script, context: ssl.SSLContext | None) -> None:
        self.upstream = urlsplit(upstream)
        self.script = script
        self.received: list[Received] = []
        self.context = context
        self.released = threading.Event()
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"{'http' if self.context is None else 'https'}://127.0.0.1:{self.server_port}"

    def requests(self, method: str) -> list[Received]:
        return [received for received in self.received if received.method == method]

    def hang_up(self) -> None:
        """Close all connections, so that the next request has to open one."""
        for connection in list(self.connections):
            with suppress(OSError):  # the client may have closed it just now
                connection.shutdown(socket.SHUT_RDWR)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection, in a thread of its own."""
        if self.context is not None:
            request = self.context.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        with request:
            self.connections.add(request)
            try:
                super().finish_request(request, client_address)
            finally:
                self.connections.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Broken connections are what this proxy is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: FlakyProxy

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        received = Received(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
        self.server.received.append(received)
        match self.server.script(received):
            case Fault.RESET_BEFORE:
                self._reset()
            case Fault.STALL_BEFORE:
                self._stall()
            case Reply() as reply:
                self._answer(reply)
            case way:
                self._fail(way, self._pass_on(received))

    do_GET = do_POST = do_PATCH = _serve  # noqa: N815 - the names that http.server looks for

    def _fail(self, way: Way, reply: Reply) -> None:
        """Answer what the registry answered, or do what goes wrong then."""
        content = reply.content()
        match way:
            case Fault.RESET_AFTER:
                self._reset()
            case Fault.DROP_AFTER:
                self.close_connection = True
            case Fault.STALL_AFTER:
                self._stall()
            case Fault.CUT_AFTER:
                self._answer(Reply(reply.status, content[: len(content) // 2]), length=len(content))
                self.close_connection = True
            case Fault.GARBLE_AFTER:
                self._answer(Reply(reply.status, content[: len(content) // 2]))
            case ErrorAfter(error):
                self._answer(error)
            case _:
                self._answer(reply)

    def _pass_on(self, received: Received) -> Reply:
        upstream = self.server.upstream
        connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=60)
        try:
            connection.request(
                received.method, received.path, received.body or None, {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            return Reply(answer.status, answer.read(), {"Content-Type": answer.getheader("Content-Type", "")})
        finally:
            connection.close()

    def _answer(self, reply: Reply, length: int | None = None) -> None:
        content = reply.content()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)

    def _stall(self) -> None:
        self.server.released.wait()
        self.close_connection = True

    def _reset(self) -> None:
        self.close_connection = True
        _reset(self.connection)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that http.server gives
        """Say nothing."""


def _reset(connection: socket.socket) -> None:
    """End a connection with RST, which is what a crash or a firewall does, instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    descriptor = connection.detach()
    if descriptor >= 0:
        os.close(descriptor)


@contextmanager
def between(
    upstream: str, script: Script = lambda _: None, context: ssl.SSLContext | None = None
) -> Iterator[FlakyProxy]:
    """Run a proxy to `upstream` for the length of the block."""
    proxy = FlakyProxy(upstream, script, context)
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.released.set()
        proxy.shutdown()
        thread.join()
        proxy.server_close()


def always(way: Way) -> Script:
    """Do this to every request."""
    return lambda _: way


def first(method: str, way: Way, times: int = 1) -> Script:
    """Do this to the first so many requests of a method, and pass the others through."""
    left = {method: times}
    counting = threading.Lock()

    def script(received: Received) -> Way:
        with counting:
            if left.get(received.method, 0) <= 0:
                return None
            left[received.method] -= 1
        return way

    return script
