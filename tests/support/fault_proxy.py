"""A proxy on loopback before a real server, with the faults that networks and gateways have.

The server is a registry, or an API server behind ``kubectl proxy``. An answer without a known length, such as that of
a watch, is passed on as it comes.
"""

import http.client
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import urlsplit

from tests.support.loopback import Received, Reply

STALL_LIMIT = 60.0
"""Seconds until a test that waits for requests to be stalled gives up."""


class Fault(Enum):
    """What goes wrong with one request. `AFTER`: once the server has carried it out."""

    RESET_BEFORE = auto()
    RESET_AFTER = auto()
    DROP_AFTER = auto()
    """The connection is closed in order, without an answer."""
    CUT_AFTER = auto()
    """The connection is closed in the middle of the answer's body."""
    GARBLE_AFTER = auto()
    """The answer ends in the middle of its JSON, with a length to match: only the JSON shows it."""
    STALL_BEFORE = auto()
    STALL_AFTER = auto()


@dataclass(frozen=True)
class ErrorAfter:
    """The server carries the request out, but the proxy answers this."""

    reply: Reply


Treatment = Fault | ErrorAfter | Reply | None
"""What the proxy does with a request: None passes it on, a Reply answers it without asking the server."""

Script = Callable[[Received], Treatment]
"""Decides the treatment of each request."""

Proxy = TypeVar("Proxy", bound="FaultProxy")

NOT_PASSED_ON = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding"}
"""Headers of one connection, and the one that would have the answer compressed: scripts read it."""


class FaultProxy(ThreadingHTTPServer):
    """Passes requests on to a server, with the faults that a script demands.

    Args:
        upstream: the server's address.
        script: decides the treatment of each request; it may be replaced at any time.
        context: makes the proxy speak TLS.

    Attributes:
        received: all requests so far.
        stalled: the requests that were stalled; with `AFTER`, once the server has carried them out.
    """

    request_queue_size = 128
    daemon_threads = True
    block_on_close = False

    def __init__(self, upstream: str, script: Script | None = None, context: ssl.SSLContext | None = None) -> None:
        self.upstream = urlsplit(upstream)
        self.script = script or _pass_all
        self.received: list[Received] = []
        self.stalled: list[Received] = []
        self.context = context
        self.released = threading.Event()
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"{'http' if self.context is None else 'https'}://127.0.0.1:{self.server_port}"

    def requests(self, method: str) -> list[Received]:
        return [received for received in self.received if received.method == method]

    def writes(self) -> list[Received]:
        """The requests that are no reads."""
        return [received for received in self.received if received.method != "GET"]

    def close_connections(self) -> None:
        """Close all connections, so that the next request has to open one."""
        for connection in list(self.connections):
            with suppress(OSError):  # the client may have closed it just now
                connection.shutdown(socket.SHUT_RDWR)

    def wait_for_stalled(self, number: int) -> None:
        """Wait until so many requests have been stalled.

        Raises:
            TimeoutError: fewer were; the message lists the latest requests.
        """
        deadline = time.monotonic() + STALL_LIMIT
        while len(self.stalled) < number:
            if time.monotonic() > deadline:
                latest = [f"{request.method} {request.path}" for request in self.received[-20:]]
                raise TimeoutError(f"{len(self.stalled)} of {number} requests were stalled; the latest were: {latest}")
            time.sleep(0.01)

    def heal(self) -> None:
        """Pass everything through from now on, and close the connections of those that are stalled."""
        self.script = _pass_all
        self.stalled.clear()
        self.released.set()
        self.released = threading.Event()

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
        """Broken connections are expected."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: FaultProxy

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        # A client that takes this for its HTTP proxy names the host too.
        path = self.path if self.path.startswith("/") else f"/{self.path.split('/', 3)[3]}"
        received = Received(self.command, path, {k.lower(): v for k, v in self.headers.items()}, body)
        self.server.received.append(received)
        match self.server.script(received):
            case Fault.RESET_BEFORE:
                self._reset()
            case Fault.STALL_BEFORE:
                self._stall(received)
            case Reply() as reply:
                self._answer(reply)
            case treatment:
                with closing(self._ask(received)) as connection:
                    self._finish(received, treatment, connection.getresponse())

    do_GET = do_POST = do_PUT = do_PATCH = _serve  # noqa: N815 - the names that http.server looks for

    def _ask(self, received: Received) -> http.client.HTTPConnection:
        upstream = self.server.upstream
        connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=60)
        headers = {name: value for name, value in received.headers.items() if name not in NOT_PASSED_ON}
        connection.request(received.method, received.path, received.body or None, headers)
        return connection

    def _finish(self, received: Received, treatment: Treatment, answer: http.client.HTTPResponse) -> None:
        """Pass the server's answer on, or do what goes wrong then."""
        if treatment is None and answer.chunked:
            self._stream(answer)
            return
        passed_on = {name: answer.headers[name] for name in ("Content-Type", "Date") if name in answer.headers}
        reply = Reply(answer.status, answer.read(), passed_on)
        content = reply.content()
        match treatment:
            case Fault.RESET_AFTER:
                self._reset()
            case Fault.DROP_AFTER:
                self.close_connection = True
            case Fault.STALL_AFTER:
                self._stall(received)
            case Fault.CUT_AFTER:
                self._answer(Reply(reply.status, content[: len(content) // 2]), length=len(content))
                self.close_connection = True
            case Fault.GARBLE_AFTER:
                self._answer(Reply(reply.status, content[: len(content) // 2]))
            case ErrorAfter(error):
                self._answer(error)
            case _:
                self._answer(reply)

    def _stream(self, answer: http.client.HTTPResponse) -> None:
        self.send_response_only(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while part := answer.read1():
            self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    def _answer(self, reply: Reply, length: int | None = None) -> None:
        content = reply.content()
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)

    def _stall(self, received: Received) -> None:
        released = self.server.released
        self.server.stalled.append(received)
        released.wait()
        self.close_connection = True

    def _reset(self) -> None:
        self.close_connection = True
        _reset(self.connection)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that http.server gives
        """Log nothing."""


def _reset(connection: socket.socket) -> None:
    """End a connection with RST, which is what a crash or a firewall does, instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    descriptor = connection.detach()
    if descriptor >= 0:
        os.close(descriptor)


def _pass_all(_: Received) -> Treatment:
    return None


@contextmanager
def running(proxy: Proxy) -> Iterator[Proxy]:
    """Run a proxy for the length of the block."""
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.released.set()
        proxy.shutdown()
        thread.join()
        proxy.server_close()


@contextmanager
def proxy_to(
    upstream: str, script: Script | None = None, context: ssl.SSLContext | None = None
) -> Iterator[FaultProxy]:
    """Run a proxy to a server for the length of the block."""
    with running(FaultProxy(upstream, script, context)) as proxy:
        yield proxy


def always(treatment: Treatment) -> Script:
    """Treat every request so."""
    return lambda _: treatment


def on_matching(treatment: Treatment, matches: Callable[[Received], bool]) -> Script:
    """Treat the requests that match so, and pass the others on."""
    return lambda received: treatment if matches(received) else None


def on_first(method: str, treatment: Treatment, times: int = 1) -> Script:
    """Treat the first so many requests of a method so, and pass the others on."""
    left = {method: times}
    counting = threading.Lock()

    def script(received: Received) -> Treatment:
        with counting:
            if left.get(received.method, 0) <= 0:
                return None
            left[received.method] -= 1
        return treatment

    return script
