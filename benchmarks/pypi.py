"""Environments of packages from PyPI, each created once in the user's cache."""

import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from devcluster import cache


class InstallError(RuntimeError):
    """The environment could not be created. The message says why."""


@dataclass(frozen=True)
class Environment:
    """An environment with fixed versions.

    Attributes:
        name: Name of its folder in the cache.
        pins: Requirements file of pip that pins everything to install.
        way_out: What to do if it cannot be installed; the end of the message of `InstallError`.
    """

    name: str
    pins: Path
    way_out: str

    def python(self) -> Path | None:
        """Return the environment's Python; None until the environment has been created."""
        installed = self._folder / self.pins.name
        return self._interpreter if installed.exists() and installed.read_text() == self.pins.read_text() else None

    def ensure(self) -> Path:
        """Return the environment's Python; create the environment if it is missing.

        Raises:
            InstallError: pip could not install it.
        """
        with FileLock(f"{self._folder}.lock"):
            return self.python() or self._make()

    def _make(self) -> Path:
        shutil.rmtree(self._folder, ignore_errors=True)
        venv.create(self._folder, with_pip=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(self.pins)]
        installed = subprocess.run([self._interpreter, *install], capture_output=True, text=True, check=False)
        if installed.returncode:
            raise InstallError(f"{self.name} could not be installed; {self.way_out}.\n{installed.stderr.strip()}")
        shutil.copy(self.pins, self._folder)  # last: it marks the environment as complete
        return self._interpreter

    @property
    def _interpreter(self) -> Path:
        return self._folder / "bin" / "python"

    @property
    def _folder(self) -> Path:
        return cache.root() / f"{self.name}-python{sys.version_info.major}.{sys.version_info.minor}"
