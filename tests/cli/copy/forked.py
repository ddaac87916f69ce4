"""Starts of the command that take no time: each is a fork of a program that has imported everything.

Fifty programs of their own would take longer to import their modules than to copy. Run as a program, this reads the
options of a start from a line, and prints the process ID and, behind it, how the process ended.
"""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from registrar.cli import main

Run = Callable[[str, Callable[[], bool]], int]
"""Runs the command with options and kills it when a condition holds; returns how it ended, as `subprocess` does."""

_TREE = Path(__file__).parents[3]


@contextmanager
def forks() -> Iterator[Run]:
    """Provide starts of ``registrar copy``."""
    path = os.pathsep.join([str(_TREE / "operator"), str(_TREE)])
    words = [sys.executable, "-m", "tests.cli.copy.forked"]
    environment = {**os.environ, "PYTHONPATH": path}
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, env=environment, cwd=_TREE) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        sent, answers = program.stdin, program.stdout

        def run(options: str, is_time: Callable[[], bool]) -> int:
            sent.write(f"{options}\n")
            sent.flush()
            process_id = int(answers.readline())
            with suppress(ProcessLookupError):
                while not is_time():
                    os.kill(process_id, 0)
                    time.sleep(0.005)
                os.kill(process_id, signal.SIGKILL)
            return int(answers.readline())

        yield run
        sent.close()


def _serve(lines: IO[str]) -> None:
    importlib.import_module("registrar.cli.copy")
    for line in lines:
        process_id = os.fork()
        if process_id == 0:
            # What the command prints is no answer.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
            main(["copy", *line.split()])
        print(process_id, flush=True)  # noqa: T201 - the answer
        print(os.waitstatus_to_exitcode(os.waitpid(process_id, 0)[1]), flush=True)  # noqa: T201 - the same


if __name__ == "__main__":
    _serve(sys.stdin)
