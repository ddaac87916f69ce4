"""Children that never outlive their owner: each has its own process group and log file; they end in reverse order."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from devcluster import guardian
from devcluster.environment import child_environment

_POLL_SECONDS = 0.05
_TAIL_LINES = 25
_GUARDIAN_EXIT_SECONDS = 10.0


class ChildError(RuntimeError):
    """A child ended or did not become ready. The message has the end of its log."""


class Child:
    """One started program. ``Children.start`` returns it."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @property
    def pid(self) -> int:
        """The process ID, which is its process group's too."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def output(self) -> str:
        """Return everything that it has written so far."""
        return self.log.read_text(errors="replace")

    def wait_until(self, ready: Callable[[], bool], *, timeout: float) -> None:
        """Return as soon as ``ready()`` holds.

        Raises:
            ChildError: The program ended first, or ``timeout`` seconds have passed.
        """
        deadline = time.monotonic() + timeout
        while not ready():
            if (code := self.returncode) is not None:
                raise ChildError(f"{self.name} ended with status {code} before it was ready.\n{self.tail()}")
            if time.monotonic() > deadline:
                raise ChildError(f"{self.name} was not ready after {timeout:.0f} s.\n{self.tail()}")
            time.sleep(_POLL_SECONDS)

    def wait(self, timeout: float) -> int:
        """Wait until it ends and return its exit status.

        Raises:
            subprocess.TimeoutExpired: It still runs after ``timeout`` seconds.
        """
        return self._process.wait(timeout)

    def tail(self) -> str:
        """Return the last lines of the log, for an error message."""
        lines = self.output().splitlines()[-_TAIL_LINES:]
        return "\n".join([f"The end of {self.log.name}:", *(f"  {line}" for line in lines or ["(empty)"])])


class Children:
    """Started programs and their temporary folder, which end together.

    Leaving the ``with`` block ends the programs in reverse order and removes the folder. If this process ends without
    leaving the block (SIGTERM, SIGKILL, a second Ctrl-C), ``guardian`` does the same from outside.

    Args:
        parent: Where to create the folder; the system's folder for temporary files by default.

    Attributes:
        folder: The folder, mode 0700; it exists inside the ``with`` block.
    """

    folder: Path

    def __init__(self, parent: Path | None = None) -> None:
        self._parent = parent
        self._running: list[Child] = []

    def __enter__(self) -> Self:
        with _signals_held():
            self.folder = Path(tempfile.mkdtemp(prefix="model-registrar-", dir=self._parent))
            reading, writing = os.pipe()
            self._notes = os.fdopen(writing, "wb", buffering=0)
            with os.fdopen(reading, "rb") as notes:
                self._guardian = subprocess.Popen(
                    [sys.executable, "-I", guardian.__file__, str(self.folder)],
                    stdin=notes,
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,
                    cwd="/",
                )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in reversed(list(self._running)):
            self.end(child)
        shutil.rmtree(self.folder, ignore_errors=True)
        self._notes.close()
        self._guardian.wait(_GUARDIAN_EXIT_SECONDS)

    def start(
        self,
        name: str,
        command: Sequence[str | os.PathLike[str]],
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
    ) -> Child:
        """Start a program in its own process group, with its output in ``folder/<name>.log``.

        Args:
            name: Its name in messages and of the log file, which is emptied first.
            command: Program and arguments.
            environment: Variables to add to ``child_environment()``.
            directory: Working directory; this process's own by default.
        """
        log = self.folder / f"{name}.log"
        with log.open("wb") as output, _signals_held():
            process = subprocess.Popen(
                [os.fspath(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=child_environment(environment),
                cwd=directory,
                start_new_session=True,
            )
            self._note("started", process.pid)
            child = Child(name, process, log)
            self._running.append(child)
        return child

    def end(self, child: Child, *, kill: bool = False) -> int:
        """End a child with its whole process group and return its exit status.

        Args:
            child: A child of this set; ending it twice is allowed.
            kill: Send SIGKILL at once, instead of SIGTERM and some time to end.
        """
        if child in self._running:
            if not kill:
                _signal_group(child, signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(guardian.GRACE_SECONDS)
            _signal_group(child, signal.SIGKILL)
            child.wait(guardian.GRACE_SECONDS)
            self._running.remove(child)
            with contextlib.suppress(BrokenPipeError):
                self._note("ended", child.pid)
        return child.wait(0)

    def _note(self, event: str, pid: int) -> None:
        self._notes.write(json.dumps({event: pid}).encode() + b"\n")


def _signal_group(child: Child, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Deliver SIGINT and SIGTERM only at the end of the block, so that every started child is noted."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python handles signals in the main thread only.
        return
    caught: list[int] = []
    handlers = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM)
        if callable(signal.getsignal(number))
    }
    for number in handlers:
        signal.signal(number, lambda late, _frame: caught.append(late))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for received in caught:
        signal.raise_signal(received)
