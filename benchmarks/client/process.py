"""Starts the rivals' processes and talks to them."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import psutil

from benchmarks import REPOSITORY
from benchmarks.client.upstream import UPSTREAM
from devcluster.environment import child_environment


class Rival(StrEnum):
    """The clients that are compared."""

    OURS = "ours"
    UPSTREAM = "upstream"
    BARE = "bare"


class RivalError(RuntimeError):
    """A rival failed. The message has its traceback."""


class Process:
    """One rival in its own process, with no client open yet. `started` returns it.

    Attributes:
        rival: Which one.
        library: Name and version of its library.
        import_seconds: CPU time of importing that library.
    """

    def __init__(self, rival: Rival, process: subprocess.Popen[str], known_id: str) -> None:
        self.rival = rival
        self._process = process
        self._known_id = known_id
        greeting = self._answer()
        self.library: str = greeting["library"]
        self.import_seconds: float = greeting["import_seconds"]

    def open(self, url: str, authority: str, count: int = 1) -> None:
        """Open clients; each makes one call."""
        self._ask("open", url=url, authority=authority, count=count, known_id=self._known_id)

    def run(self, operation: str, calls: Sequence[Sequence[str]], in_flight: int) -> dict[str, Any]:
        """Time calls; see `Worker.run`."""
        times: dict[str, Any] = self._ask(
            "run", operation=operation, calls=calls, in_flight=in_flight, known_id=self._known_id
        )
        return times

    def close(self) -> None:
        """Close all clients."""
        self._ask("close")

    def memory(self) -> int:
        """Return the resident memory of the process, in bytes."""
        return int(psutil.Process(self._process.pid).memory_info().rss)

    def _ask(self, what: str, **arguments: Any) -> Any:
        assert self._process.stdin is not None  # noqa: S101 - it was started with a pipe
        self._process.stdin.write(json.dumps({"do": what, "with": arguments}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None  # noqa: S101 - it was started with a pipe
        line = self._process.stdout.readline()
        if not line:
            raise RivalError(f"{self.rival} ended with status {self._process.wait()}; its output is above")
        answer = json.loads(line)
        if "error" in answer:
            raise RivalError(f"{self.rival} failed:\n{answer['error']}")
        return answer["result"]


@contextmanager
def started(rival: Rival, known_id: str, trusted: Path) -> Iterator[Process]:
    """Start a rival, and end it with the block.

    It also ends when this process ends, because that closes its standard input.

    Args:
        rival: Which one; PyPI's client needs its environment, see `Environment.ensure`.
        known_id: ID of an existing model.
        trusted: File that serves as the system's certificate authorities.

    Raises:
        RivalError: It did not start.
    """
    interpreter = UPSTREAM.ensure() if rival is Rival.UPSTREAM else sys.executable
    module = "bare" if rival is Rival.BARE else "library"
    environment = child_environment({"SSL_CERT_FILE": str(trusted)})
    # With another folder on the path, PyPI's environment would find our package of the same name.
    environment.pop("PYTHONPATH", None)
    with subprocess.Popen(
        [interpreter, "-m", "benchmarks.client.worker", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        cwd=REPOSITORY,
        text=True,
    ) as process:
        try:
            yield Process(rival, process, known_id)
        except BaseException:
            process.kill()
            raise
