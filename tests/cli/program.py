"""The command line as a user runs it: the installed program, in a process of its own."""

import os
import subprocess
import sys
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
    return subprocess.run(words, capture_output=True, text=True, check=False, env=environment, timeout=LIMIT)


def status(kubeconfig: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run ``registrar status``."""
    return run(kubeconfig, PROGRAMS / "registrar", "status", *arguments, **more)
