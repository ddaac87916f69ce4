"""Files that commands read and write, compressed if their names end in .gz, and the manifests in a folder."""

from __future__ import annotations

import errno
import gzip
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from registrar.cli.console import ESCAPED

JSON = ".json"
_MANIFESTS = frozenset({".yaml", ".yml", JSON})


def open_to_read(path: Path) -> IO[str]:
    """Open a text, its line ends as they are. Raises OSError."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def manifest_files(directory: Path) -> list[Path]:
    """Return the files of manifests under a folder, without those in hidden folders.

    Raises:
        OSError: a folder cannot be read.
    """
    found: list[Path] = []
    for folder, subfolders, names in os.walk(directory, onerror=_fail):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        found.extend(Path(folder, name) for name in names if not name.startswith("."))
    return sorted(path for path in found if path.suffix in _MANIFESTS)


def is_manifest_file(path: Path, *, under: Path) -> bool:
    """Return whether `manifest_files` of a folder finds a file of that path."""
    parts = path.parts[len(under.parts) if path.parts[: len(under.parts)] == under.parts else 0 :]
    return path.suffix in _MANIFESTS and not any(part.startswith(".") for part in parts)


def _fail(error: OSError) -> None:
    raise error


def write_beside(path: Path, parts: Iterable[str], *, errors: str = ESCAPED) -> None:
    """Write a text beside the file and rename it, so that no reader ever finds half of it.

    A symbolic link stays, and the file that it leads to is written. What is no file, such as a pipe or a device, is
    written directly.

    Args:
        path: the file.
        parts: the text.
        errors: how characters are written that UTF-8 does not have, as `open` takes it.

    Raises:
        OSError: it cannot be written; the file is as it was.
    """
    path = path.resolve()
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():
        with _open_to_write(path, errors) as file:
            file.writelines(parts)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".writing-{path.name}")
    try:
        with _open_to_write(beside, errors) as file:
            file.writelines(parts)
        if path.exists():
            shutil.copymode(path, beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _open_to_write(path: Path, errors: str) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "wt", encoding="utf-8", errors=errors, newline="\n")
    return path.open("w", encoding="utf-8", errors=errors, newline="\n")
