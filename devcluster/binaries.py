"""Finds or builds the control plane's programs: ``python -m devcluster.binaries`` does so before the tests start.

Each program comes from the first of these that has it: the folder that ``KUBEBUILDER_ASSETS`` names, our cache,
envtest's released archive, a build from the Go module. (A cluster named by ``USE_EXISTING_CLUSTER`` needs none of them:
see ``existing``.) Other programs, such as Argo CD's, come from the cache or a build: ``ensure_built``.
"""

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from filelock import FileLock, Timeout
from rich.console import Console

from devcluster import cache, envtest_archive, gobuild, gomodule
from devcluster.errors import BinariesError
from devcluster.gomodule import GoModule
from devcluster.progress import terminal

ASSETS = "KUBEBUILDER_ASSETS"
PROGRAMS = ("etcd", "kube-apiserver", "kubectl")
CONTROLLERS_TOO = (*PROGRAMS, "kube-controller-manager")
_BUILD_MINUTES = 10


def ensure(names: Sequence[str], console: Console | None = None) -> dict[str, Path]:
    """Return the path of each named program; fetch or build what is missing, under a lock and with visible progress.

    Args:
        names: Some of ``CONTROLLERS_TOO``.
        console: Where progress is shown; standard error by default.

    Raises:
        BinariesError: A program can be neither fetched nor built. The message says why and what to do.
    """
    found = _present(names)
    if len(found) < len(names):
        console = console or terminal()
        with _locked(console):
            found = _present(names)
            if len(found) < len(names):
                found = _get_missing(names, console)
    return found


def ensure_built(
    name: str, version: str, module: GoModule, minutes: int, console: Console | None = None
) -> dict[str, Path]:
    """Return the path of each program of a Go module; build them once, under a lock and with visible progress.

    Args:
        name: Name of the product, such as ``argocd``, in the cache's folder and in messages.
        version: Its version, for messages.
        module: The module to build.
        minutes: How long the build takes on two cores, for a message.
        console: Where progress is shown; standard error by default.

    Raises:
        BinariesError: They cannot be built. The message says why and what to do.
    """
    programs = list(module.packages)
    folder = cache.root() / f"{name}-{module.key}"
    found = cache.programs_in(folder, programs)
    if len(found) < len(programs):
        console = console or terminal()
        with _locked(console):
            if len(cache.programs_in(folder, programs)) < len(programs):
                console.print(f"The cache {cache.root()} does not have {name} {version}:")
                _build(module, programs, folder, f"{name} {version}", minutes, console)
            found = cache.programs_in(folder, programs)
    return found


def _build(module: GoModule, names: list[str], folder: Path, title: str, minutes: int, console: Console) -> None:
    """Build the named programs and print how long that will take and took. The caller holds the lock."""
    console.print(
        f"  Building {title} from source with Go: about {minutes} minutes on two cores."
        f" This happens once: {folder} keeps the programs.",
    )
    started = time.monotonic()
    gobuild.build(module, names, folder, console)
    console.print(f"  Built in {timedelta(seconds=round(time.monotonic() - started))}.")


def _present(names: Sequence[str]) -> dict[str, Path]:
    """Return the programs that exist already: assets before an archive, an archive before our own build."""
    found: dict[str, Path] = {}
    folders = [_built(), _archived(), *([Path(os.environ[ASSETS]).absolute()] if os.environ.get(ASSETS) else [])]
    for folder in folders:
        found |= cache.programs_in(folder, list(names))
    return found


def _get_missing(names: Sequence[str], console: Console) -> dict[str, Path]:
    """Fetch or build what ``_present`` does not find. The caller holds the lock."""
    missing = [name for name in names if name not in _present(names)]
    console.print(f"The control plane needs {', '.join(missing)}:")
    assets = os.environ.get(ASSETS)
    console.print(f"  {ASSETS} {f'is {assets}, which lacks them' if assets else 'is not set'}.")
    console.print(f"  The cache {cache.root()} does not have them.")
    if set(missing) & set(envtest_archive.PROGRAMS) and not _archived().exists():
        try:
            envtest_archive.fetch(gomodule.kubernetes_version(), _archived(), console)
        except envtest_archive.ArchiveError as error:
            console.print(f"  No released archive: {error}.")
    missing = [name for name in names if name not in _present(names)]
    if missing:
        title = f"{', '.join(missing)} {gomodule.kubernetes_version()}"
        _build(gomodule.control_plane(), missing, _built(), title, _BUILD_MINUTES, console)
    return _present(names)


def _built() -> Path:
    return cache.root() / f"control-plane-{gomodule.control_plane().key}"


def _archived() -> Path:
    return cache.root() / f"envtest-{gomodule.kubernetes_version()}"


@contextlib.contextmanager
def _locked(console: Console) -> Iterator[None]:
    """Hold the cache's lock; print a line if another process holds it."""
    lock = FileLock(cache.root() / "lock")
    try:
        held = lock.acquire(timeout=0)
    except Timeout:
        console.print("Another process is fetching or building programs: waiting for it …")
        held = lock.acquire()
    with held:
        yield


def print_paths(get: Callable[[], Mapping[str, Path]]) -> int:
    """Get programs and print their paths; returns the exit status."""
    try:
        for name, path in get().items():
            print(f"{name}: {path}")
    except BinariesError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "Interrupted. Go keeps what it has compiled so far, so the next attempt is shorter.",
            file=sys.stderr,
        )
        return 130
    return 0


def main() -> int:
    """Find or get the programs that the arguments name, by default all that the tests need, and print their paths."""
    parser = argparse.ArgumentParser(prog="python -m devcluster.binaries", description=main.__doc__)
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=", ".join(CONTROLLERS_TOO))
    names = parser.parse_args().programs or CONTROLLERS_TOO
    if unknown := set(names) - set(CONTROLLERS_TOO):
        parser.error(f"no such program: {', '.join(sorted(unknown))}; choose from {', '.join(CONTROLLERS_TOO)}")
    return print_paths(lambda: ensure(names))


if __name__ == "__main__":
    sys.exit(main())
