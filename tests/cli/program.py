"""The command line as a user runs it: the installed program, in a process of its own."""

import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from devcluster.environment import child_environment

PROGRAMS = Path(sys.executable).parent
"""Where ``registrar`` and ``kubectl-registrar`` are installed."""
LIMIT = 120
"""Seconds after which a command that does not end is a failure."""


def run(kubeconfig: Path, *words: str | os.PathLike[str], **more: str) -> subprocess.CompletedProcess[str]:
    """Run a program with a kubeconfig and further environment variables; any exit code is an answer."""
    path = os.pathsep.join([str(PROGRAMS), os.environ["PATH"]])
    environment = child_environment({"KUBECONFIG": str(kubeconfig), "PATH": path, **more})
    no_input = subprocess.DEVNULL
    return subprocess.run(
        words, stdin=no_input, capture_output=True, text=True, check=False, env=environment, timeout=LIMIT
    )


def on_a_terminal(kubeconfig: Path, *words: str | os.PathLike[str], typed: str = "", **more: str) -> str:
    """Run a program that takes its input and output for a terminal; returns what the terminal showed."""
    reader, terminal = pty.openpty()
    environment = child_environment({"KUBECONFIG": str(kubeconfig), "TERM": "xterm", "NO_COLOR": "", **more})
    with subprocess.Popen(words, stdout=terminal, stderr=terminal, stdin=terminal, env=environment) as process:
        os.close(terminal)
        os.write(reader, typed.encode())
        printed = b""
        # The end of a terminal whose programs have ended is an error on Linux.
        with suppress(OSError):
            while part := os.read(reader, 4096):
                printed += part
        process.wait(LIMIT)
    os.close(reader)
    return printed.decode()


def status(kubeconfig: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run ``registrar status``."""
    return run(kubeconfig, PROGRAMS / "registrar", "status", *arguments, **more)
