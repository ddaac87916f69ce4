"""The operator as a user runs it: ``python -m registrar run``, a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

SOURCE_ROOT = Path(__file__).parents[2] / "operator"
START_LIMIT = 60.0
"""Seconds to the first watch; two on an idle machine."""


class OperatorProcess:
    """One operator.

    Args:
        arguments: what follows ``registrar run``.
        log: the file that gets its output.
        environment: variables for it, beside this process's.
        python: an interpreter with the operator installed; by default, this one runs the source tree.
        program: what the interpreter runs.
    """

    def __init__(
        self,
        arguments: list[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        python: Path | None = None,
        program: Sequence[str | Path] = ("-m", "registrar", "run"),
    ) -> None:
        self._program = program
        self._arguments = arguments
        self._log = log
        self._environment = dict(environment or {})
        self._python = python
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """The output of all its runs so far."""
        return self._log.read_text(encoding="utf-8")

    @property
    def has_started(self) -> bool:
        """Whether it was ever started."""
        return self._log.exists()

    @property
    def is_running(self) -> bool:
        """Whether it was started, and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; returns at once."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("REGISTRAR_")}
        environment.pop("PYTHONPATH", None)
        if self._python is None:
            environment["PYTHONPATH"] = str(SOURCE_ROOT)
        environment |= {"PYTHONWARNINGS": "error::DeprecationWarning:registrar"}
        environment |= self._environment
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._python or sys.executable, *self._program, *self._arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
            )

    def wait(self, seconds: float = START_LIMIT) -> int:
        """Wait until it ends; returns its exit status.

        Raises:
            subprocess.TimeoutExpired: it did not end within that many seconds.
        """
        if self._process is None:
            raise RuntimeError("it was not started")
        return self._process.wait(seconds)

    def terminate(self) -> None:
        """SIGTERM it, and return at once."""
        self._send(signal.SIGTERM)

    def stop(self) -> int | None:
        """SIGTERM it; returns its exit status, None if it was not running."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL it, as the kernel or the kubelet would."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """SIGSTOP it, so that it hangs."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT it."""
        self._send(signal.SIGCONT)

    def connected_to(self) -> set[str]:
        """Return the addresses of the servers that it is connected to."""
        if self._process is None:
            raise RuntimeError("it was not started")
        found = psutil.Process(self._process.pid).net_connections("inet")
        return {f"{one.raddr.ip}:{one.raddr.port}" for one in found if one.status == psutil.CONN_ESTABLISHED}

    def _send(self, number: signal.Signals) -> None:
        if self._process is None:
            raise RuntimeError("it was not started")
        self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        process.send_signal(number)
        return process.wait(START_LIMIT)

    def wait_for_log(self, text: str, *, times: int = 1) -> None:
        """Wait until its output contains a text, so many times over all its runs.

        Raises:
            TimeoutError: it does not; the message holds the end of the output.
        """
        deadline = time.monotonic() + START_LIMIT
        while self.log.count(text) < times:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the operator never wrote {text!r}:\n{self.log[-3000:]}")
            time.sleep(0.05)
