"""A proxy before the registry that writes down who wrote when, and makes writes take their time."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class RecordingProxy(ThreadingHTTPServer):
    """Passes requests on to a registry.

    Attributes:
        writers: the bearer token of each write, in the order in which they were passed on.

    Args:
        registry_url: where to.
        seconds: how long each write is held up before it is passed on.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, registry_url: str, seconds: float) -> None:
        self.target = urlsplit(registry_url).netloc
        self.seconds = seconds
        self.writers: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        """Its own address."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that is killed in the middle is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RecordingProxy

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.command != "GET":
            time.sleep(self.server.seconds)
            self.server.writers.append(token)
        connection = http.client.HTTPConnection(self.server.target, timeout=30)
        content_type = {"Content-Type": "application/json"} if body else {}
        connection.request(self.command, self.path, body, content_type)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        self.send_response_only(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
        self.send_header("Date", answer.headers.get("Date", ""))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = _pass_on  # noqa: N815 - the names that http.server looks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def recording(registry_url: str, seconds: float) -> Iterator[RecordingProxy]:
    """Run a proxy for the length of the block."""
    proxy = RecordingProxy(registry_url, seconds)
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()
