"""Environments of PyPI's packages, each made once and kept in the user's cache."""

import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from devcluster import cache


class InstallError(RuntimeError):
    """The environment could not be made; the message says why."""


@dataclass(frozen=True)
class Environment:
    """One environment.

    Attributes:
        name: Of its folder in the cache.
        pins: File with all that is installed, in fixed versions, as pip reads it.
        way_out: What to do where it cannot be installed; ends the message of `InstallError`.
    """

    name: str
    pins: Path
    way_out: str

    def python(self) -> Path | None:
        """Return the environment's Python; None if the environment has yet to be made."""
        made_of = self._folder / self.pins.name
        return self._interpreter if made_of.exists() and made_of.read_text() == self.pins.read_text() else None

    def ensure(self) -> Path:
        """Return the environment's Python, and make the environment first if need be.

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
        shutil.copy(self.pins, self._folder)  # last: it says that the environment is complete
        return self._interpreter

    @property
    def _interpreter(self) -> Path:
        return self._folder / "bin" / "python"

    @property
    def _folder(self) -> Path:
        return cache.root() / f"{self.name}-python{sys.version_info.major}.{sys.version_info.minor}"
