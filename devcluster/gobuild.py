"""Builds programs from a Go module, and shows how many of the packages are compiled."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from devcluster import gotoolchain
from devcluster.errors import BinariesError
from devcluster.gomodule import GoModule
from devcluster.processes import Child, Children
from devcluster.progress import Meter, meter, terminal

_DOWNLOADING = "go: downloading "
_POLL_SECONDS = 0.2


def build(module: GoModule, names: list[str], destination: Path, console: Console) -> None:
    """Build the named programs and move them into ``destination`` once all of them are finished.

    Ctrl-C or a kill leaves only Go's own build cache, which makes the next attempt shorter.
    The caller holds the cache's lock.

    Args:
        module: The module to build.
        names: Keys of ``module.packages``.
        destination: Folder for the programs, created if absent.
        console: Where progress is shown.

    Raises:
        BinariesError: Go is missing, or it failed. The message has the end of its output.
    """
    go = gotoolchain.find(module.go_version, console)
    with Children(parent=destination.parent) as children:
        builder = _Builder(go, module, [module.packages[name] for name in names], children)
        with meter(console, "Go modules fetched") as shown:
            stale = builder.stale_packages(shown)
        finished = children.folder / "finished"
        finished.mkdir()
        with meter(console, "packages compiled") as shown:
            builder.compile(finished, stale, shown)
        destination.mkdir(exist_ok=True)
        for name in names:
            (finished / _executable(module.packages[name])).rename(destination / name)


def module_folder(module: GoModule, path: str, console: Console | None = None) -> Path:
    """Return the folder in Go's module cache of a module that ``module`` requires; fetch it if it is absent.

    Args:
        module: The module that pins the version.
        path: Path of the required module.
        console: Where the installation of Go is shown; standard error by default.

    Raises:
        BinariesError: Go is missing, or the module cannot be fetched. The message has Go's output.
    """
    go = gotoolchain.find(module.go_version, console or terminal())
    with Children() as children:
        child = children.start(
            "go-mod-download",
            [go, "mod", "download", "-json", path],
            environment=gotoolchain.environment(children.folder),
            directory=module.folder,
        )
        _follow(child, lambda _lines: None)
        output = child.output()
        # Go may write sentences before the object.
        return Path(json.loads(output[output.index("{") :])["Dir"])


class _Builder:
    """Runs one Go at a time and follows its log."""

    def __init__(self, go: Path, module: GoModule, packages: list[str], children: Children) -> None:
        self._go = go
        self._module = module
        self._packages = packages
        self._children = children

    def stale_packages(self, shown: Meter) -> set[str]:
        """Fetch the modules and return the packages that Go's build cache does not have."""
        listing = "{{if .Stale}}{{.ImportPath}}{{end}}"
        child = self._run("go-list", ["list", "-deps", f"-f={listing}"])
        _follow(child, lambda lines: shown.update(sum(line.startswith(_DOWNLOADING) for line in lines), None))
        return {line for line in child.output().splitlines() if line and " " not in line}

    def compile(self, folder: Path, stale: set[str], shown: Meter) -> None:
        child = self._run("go-build", ["build", "-v", f"-o={folder}/"])

        def update(lines: list[str]) -> None:
            done = [line for line in lines if line in stale]
            shown.update(len(done), len(stale), done[-1] if done else "")

        _follow(child, update)

    def _run(self, name: str, command: list[str]) -> Child:
        return self._children.start(
            name,
            [self._go, *command, *self._module.flags, *self._packages],
            environment=gotoolchain.environment(self._children.folder),
            directory=self._module.folder,
        )


def _follow(child: Child, update: Callable[[list[str]], None]) -> None:
    """Pass Go's output to ``update`` until Go ends.

    Raises:
        BinariesError: Go failed.
    """
    while (status := child.returncode) is None:
        update(child.output().splitlines())
        time.sleep(_POLL_SECONDS)
    update(child.output().splitlines())
    if status != 0:
        raise BinariesError(f"{child.name} failed with status {status}. {child.tail()}")


def _executable(package: str) -> str:
    """Return the program's name as ``go build`` chooses it: the last element that is not a major version."""
    return re.sub(r"/v[0-9]+$", "", package).rpartition("/")[2]
