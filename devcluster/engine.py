"""Finds the container engine of this machine: the first that kind supports and that answers."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

NAMES = ("docker", "podman", "nerdctl")
_ANSWER_SECONDS = 20.0


class NoEngineError(RuntimeError):
    """No container engine answers. The message says what was tried and what to do."""


@dataclass(frozen=True)
class Engine:
    """A container engine's command line.

    Attributes:
        name: One of ``NAMES``, as kind calls its providers.
        program: Its path.
    """

    name: str
    program: Path


def find(needed: str, instead: str) -> Engine:
    """Return the first of ``NAMES`` in PATH that answers.

    Args:
        needed: What needs an engine, and why; the beginning of the error's message.
        instead: What to do without an engine; its end.

    Raises:
        NoEngineError: None answers.
    """
    tried = []
    for name in NAMES:
        program = shutil.which(name)
        if program is None:
            tried.append(f"  {name}: not in PATH")
        elif trouble := _trouble(program):
            tried.append(f"  {name}: {trouble}")
        else:
            return Engine(name, Path(program))
    raise NoEngineError("\n".join([needed, *tried, instead]))


def _trouble(program: str) -> str:
    """Return why an engine cannot be used; empty if it can."""
    try:
        answer = subprocess.run([program, "info"], capture_output=True, text=True, timeout=_ANSWER_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"did not answer within {_ANSWER_SECONDS:.0f} s"
    if answer.returncode == 0:
        return ""
    return (answer.stderr.strip() or answer.stdout.strip() or f"ended with status {answer.returncode}").splitlines()[-1]
