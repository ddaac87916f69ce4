"""A server of envtest's index and archives on loopback."""

import hashlib
import io
import platform
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import yaml

_MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
HERE = f"{platform.system().lower()}-{_MACHINE}"


@dataclass
class Index:
    """What the server serves.

    Attributes:
        content: Path -> body; a path that is absent is a 404.
        claimed_length: Path -> Content-Length to send instead of the true one.
        asked: Requested paths, in order.
        releases: The content of the index; ``release`` adds to it.
    """

    url: str = ""
    content: dict[str, bytes] = field(default_factory=dict)
    claimed_length: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    releases: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)

    def release(self, version: str, archive: bytes, *, checksum: str | None = None, target: str = HERE) -> str:
        """Publish an archive and return its path."""
        name = f"envtest-{version}-{target}.tar.gz"
        self.content[f"/{name}"] = archive
        self.releases.setdefault(version, {})[name] = {
            "hash": checksum or hashlib.sha512(archive).hexdigest(),
            "selfLink": f"{self.url}/{name}",
        }
        self.content["/index.yaml"] = yaml.safe_dump({"releases": self.releases}).encode()
        return f"/{name}"


def archive_of(programs: dict[str, str]) -> bytes:
    """Return a gzipped tar with the layout of envtest's."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in programs.items():
            member = tarfile.TarInfo(f"controller-tools/envtest/{name}")
            member.size, member.mode = len(content), 0o644
            tar.addfile(member, io.BytesIO(content.encode()))
    return buffer.getvalue()


@contextmanager
def serve() -> Iterator[Index]:
    """Serve an index; the caller fills it meanwhile."""
    served = Index()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            body = served.content.get(self.path)
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Length", str(served.claimed_length.get(self.path, len(body or b""))))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_arguments: object) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        served.url = f"http://127.0.0.1:{server.server_port}"
        yield served
        server.shutdown()
        thread.join()
