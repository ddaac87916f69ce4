"""The project's own registry server as a real process, for the tests and the demo."""

import contextlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from devcluster.processes import Child, Children

READY_SECONDS = 60.0
_LISTENING = re.compile(r"^local_registry listening on http://127\.0\.0\.1:(\d+)$", re.MULTILINE)


class EmbeddedRegistry:
    """One registry server, which can stop and start again with the same database and port.

    Attributes:
        database: The SQLite file.
        port: 0 until the server has chosen a port, then the same after each restart.
    """

    def __init__(self, children: Children, database: Path, port: int) -> None:
        self.database = database
        self.port = port
        self._children = children
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """Root address, without an API path."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server and return when it listens.

        Raises:
            ChildError: It ended or did not listen in time. The message has the end of its log.
        """
        command = [sys.executable, "-m", "local_registry", "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--database", str(self.database)]
        child = self._child = self._children.start("local_registry", command)
        child.wait_until(lambda: self._read_port(child), timeout=READY_SECONDS)

    def stop(self) -> int:
        """End the server with SIGTERM and return its exit status."""
        return self._end(kill=False)

    def kill(self) -> int:
        """End the server with SIGKILL, as a crash would, and return its exit status."""
        return self._end(kill=True)

    def output(self) -> str:
        """Return what the server wrote since its last start."""
        return self._child.output() if self._child else ""

    def _read_port(self, child: Child) -> bool:
        listening = _LISTENING.search(child.output())
        if listening is None:
            return False
        self.port = int(listening[1])
        return True

    def _end(self, *, kill: bool) -> int:
        if self._child is None:
            raise RuntimeError("The registry was never started: call start() first.")
        return self._children.end(self._child, kill=kill)


@contextlib.contextmanager
def start(database: Path | None = None, port: int | None = None) -> Iterator[EmbeddedRegistry]:
    """Start a registry server that listens on loopback and ends with the ``with`` block.

    Args:
        database: SQLite file to use and to keep; a temporary file by default.
        port: Port to listen on; a free port by default.

    Raises:
        ChildError: The server did not start. The message has the end of its log.
    """
    with Children() as children:
        registry = EmbeddedRegistry(children, database or children.folder / "registry.db", port or 0)
        registry.start()
        yield registry
