"""The environment of PyPI's `model-registry`, made once and kept in the user's cache."""

import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Final

from filelock import FileLock

from devcluster import cache

VERSION: Final = "0.3.10"
"""The last but one that speaks v1alpha3, the API version that real servers of both kinds have."""

_PINS = Path(__file__).with_name("upstream.txt")


class UpstreamError(RuntimeError):
    """The environment could not be made; the message says why."""


def python() -> Path | None:
    """Return the environment's Python; None if the environment has yet to be made."""
    made_of = _folder() / _PINS.name
    return _interpreter() if made_of.exists() and made_of.read_text() == _PINS.read_text() else None


def ensure() -> Path:
    """Return the environment's Python, and make the environment first if need be.

    Raises:
        UpstreamError: pip could not install it.
    """
    with FileLock(f"{_folder()}.lock"):
        return python() or _make()


def _make() -> Path:
    shutil.rmtree(_folder(), ignore_errors=True)
    venv.create(_folder(), with_pip=True)
    command = [str(_interpreter()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(_PINS)]
    installed = subprocess.run(command, capture_output=True, text=True, check=False)
    if installed.returncode:
        raise UpstreamError(
            f"model-registry {VERSION} could not be installed; `--rival ours --rival bare` measures without it.\n"
            f"{installed.stderr.strip()}"
        )
    shutil.copy(_PINS, _folder())  # last: it says that the environment is complete
    return _interpreter()


def _interpreter() -> Path:
    return _folder() / "bin" / "python"


def _folder() -> Path:
    return cache.root() / f"model-registry-{VERSION}-python{sys.version_info.major}.{sys.version_info.minor}"
