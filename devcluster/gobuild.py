"""Builds programs from a Go module, with progress that tells the packages done of all."""

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
    """Build the named programs and move them into ``destination`` when all of them are finished.

    Ctrl-C or a kill leaves nothing but Go's own build cache, which makes the next attempt shorter.
    The caller holds the cache's lock.

    Args:
        module: Where the sources come from.
        names: Keys of ``module.packages``.
        destination: Folder for the programs, made if absent.
        console: Where progress is shown.

    Raises:
        BinariesError: There is no Go, or it failed; the message has the end of what Go said.
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
    """Return the folder of a module that ``module`` requires, in Go's module cache, fetching it if it is not there.

    Args:
        module: It pins the version.
        path: Of the required module.
        console: Where it is told that Go is installed; standard error by default.

    Raises:
        BinariesError: There is no Go, or the module cannot be had; the message has what Go said.
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
        told = child.output()
        # Go may write sentences before the object.
        return Path(json.loads(told[told.index("{") :])["Dir"])


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
    """Show what Go prints until it ends; its failure is a BinariesError."""
    while (status := child.returncode) is None:
        update(child.output().splitlines())
        time.sleep(_POLL_SECONDS)
    update(child.output().splitlines())
    if status != 0:
        raise BinariesError(f"{child.name} failed with status {status}. {child.tail()}")


def _executable(package: str) -> str:
    """Return how ``go build`` names the program: the last element that is not a major version."""
    return re.sub(r"/v[0-9]+$", "", package).rpartition("/")[2]
