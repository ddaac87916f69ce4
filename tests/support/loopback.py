"""A real HTTP server on loopback with scripted answers, for faults that no registry can be made to have."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def route(self) -> str:
        """The path without its query."""
        return self.path.partition("?")[0]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: Any = None
    """A JSON value; text and bytes are sent as they are."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        match self.body:
            case bytes():
                return self.body
            case str():
                return self.body.encode()
            case _:
                return json.dumps(self.body).encode()


HANG_UP = Reply(status=-1)
"""Close the connection without an answer."""

Script = Callable[[Received], Reply]

MODEL = {"id": "1", "name": "m", "customProperties": {}, "state": "LIVE"}
NO_ENTRY = Reply(404, {"code": "Not Found", "message": "no registered model found for id 1: not found"})


class LoopbackServer(ThreadingHTTPServer):
    """Answers every request as `script` decides, and keeps all requests in `received`."""

    request_queue_size = 64
    daemon_threads = True
    block_on_close = False

    def __init__(self, script: Script, context: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.script = script
        self.received: list[Received] = []
        super().__init__(("127.0.0.1", port), _Handler)
        self.scheme = "http"
        if context is not None:
            self.scheme = "https"
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that break a connection are expected."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LoopbackServer

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        received = Received(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
        self.server.received.append(received)
        reply = self.server.script(received)
        if reply is HANG_UP:
            self.close_connection = True
            return
        content = reply.content()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = _serve  # noqa: N815 - the names that http.server looks for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that http.server gives
        """Log nothing."""


@contextmanager
def serving(script: Script, context: ssl.SSLContext | None = None, port: int = 0) -> Iterator[LoopbackServer]:
    """Run a server for the length of the block, on a free port unless one is given."""
    server = LoopbackServer(script, context, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
