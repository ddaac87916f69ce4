"""The releases of the repository, and the documentation that each was released with."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Final

_TAG: Final = re.compile(r"v(\d+)\.(\d+)\.(\d+)")

Release = tuple[int, int, int]


def releases(repository: Path) -> list[Release]:
    """Return the newest release of each minor version that has a tag, the newest first; no pre-releases."""
    listed = subprocess.run(
        ["git", "tag", "--list"], cwd=repository, check=True, capture_output=True, encoding="utf-8"
    ).stdout.split()
    found = sorted(_numbers(matched) for tag in listed if (matched := _TAG.fullmatch(tag)))
    newest = {release[:2]: release for release in found}
    return sorted(newest.values(), reverse=True)


def parse(version: str) -> Release:
    """Return the numbers of a version such as ``0.1.0``.

    Raises:
        ValueError: It is not a final release.
    """
    matched = _TAG.fullmatch(f"v{version}")
    if matched is None:
        raise ValueError(f"{version} is not a version such as 0.1.0")
    return _numbers(matched)


def build_tag(repository: Path, release: Release, folder: Path) -> None:
    """Build the documentation of a tag, with the tools that the tag locks, into a folder.

    Raises:
        subprocess.CalledProcessError: The build failed; it has printed why.
    """
    tag = "v" + ".".join(map(str, release))
    archive = subprocess.run(
        ["git", "archive", "--format=tar", tag], cwd=repository, check=True, capture_output=True
    ).stdout
    with tempfile.TemporaryDirectory() as temporary:
        with tarfile.open(fileobj=BytesIO(archive)) as files:
            files.extractall(temporary, filter="data")
        build_tree(Path(temporary), folder)


def build_tree(tree: Path, folder: Path) -> None:
    """Build the documentation of a checkout into a folder.

    Raises:
        subprocess.CalledProcessError: The build failed; it has printed why.
    """
    # A build of before would be continued: a page that has not changed would stay without the switcher.
    shutil.rmtree(tree / "build" / "docs", ignore_errors=True)
    subprocess.run(["make", "--no-print-directory", "docs", "VERSIONED=1"], cwd=tree, check=True)
    shutil.copytree(tree / "build" / "docs", folder)


def _numbers(matched: re.Match[str]) -> Release:
    major, minor, patch = matched.groups()
    return int(major), int(minor), int(patch)
