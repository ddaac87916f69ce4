"""Runs the demo in a terminal of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.recording.cast import Cast

WIDTH: Final = 110
HEIGHT: Final = 30
_ROOT: Final = Path(__file__).resolve().parents[2]
_PROMPT: Final = "\x1b[1m$ make demo\x1b[0m\r\n"


def record() -> Cast:
    """Run the demo and return what it prints.

    Raises:
        subprocess.CalledProcessError: It failed; what it printed is in ``output``.
    """
    command = [sys.executable, "-m", "devcluster", "demo"]
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
    environment |= {"TERM": "xterm-256color"}
    process = subprocess.Popen(  # noqa: S603 - our own program
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=_ROOT, env=environment
    )
    os.close(theirs)
    events = ((0.0, _PROMPT), *_read(ours))
    os.close(ours)
    if process.wait() != 0:
        raise subprocess.CalledProcessError(process.returncode, command, "".join(text for _, text in events))
    return Cast(WIDTH, HEIGHT, "make demo", events)


def _read(terminal: int) -> Iterator[tuple[float, str]]:
    """Read until the program has closed its end."""
    started, rest = time.monotonic(), b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux's way to say that the other end is closed
            return
        if not part:
            return
        # A part may end within a character.
        complete, newline, rest = (rest + part).rpartition(b"\n")
        if newline:
            yield time.monotonic() - started, (complete + newline).decode()
