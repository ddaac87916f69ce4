"""Reads manifests as they were at a commit, with the git program."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from registrar.cli.console import NotKnownError
from registrar.cli.files import is_manifest_file
from registrar.cli.validate.reading import Reading, read_text

PREFIX = "git:"
_LINK_MODES = {"120000": "symbolic link", "160000": "submodule"}
"""What leads elsewhere: git does not show what it led to at a commit."""


def read_at(ref: str, paths: Iterable[Path], namespace: str | None) -> Reading:
    """Return the manifests of files and folders as they were where the current branch left a ref.

    Args:
        ref: a branch, tag or commit, such as ``origin/main``.
        paths: files and folders of the working tree. What did not exist then is passed over.
        namespace: the namespace of manifests that name none; None if it is not known.

    Raises:
        NotKnownError: this is no repository, it lacks the ref, or git is not installed.
    """
    commit, top = merge_base(ref), repository()
    blobs: dict[str, str] = {}
    for path in paths:
        try:
            place = place_of(path, top)
        except ValueError as error:
            raise NotKnownError(f"{path} is outside of the repository {top}, so it has no base there.") from error
        _refuse_links(path, top)
        _refuse_links_above(place, commit)
        blobs.update(_blobs(commit, place))
    reading = Reading()
    for file, text in zip(blobs, contents_of(blobs.values()), strict=True):
        read_text(text, file, namespace, reading)
    return reading


def _refuse_links(path: Path, top: Path) -> None:
    """Raise NotKnownError for a path that is a link, or leads through one, below the top of the repository."""
    top, whole = top.resolve(), Path.cwd() / path
    for part in (whole, *whole.parents):
        if part.is_symlink() and part.parent.resolve().is_relative_to(top):
            raise NotKnownError(
                f"{_shown(part)} is a symbolic link, so what it led to in the base is not known: give its target."
            )


def _refuse_links_above(place: Path, commit: str) -> None:
    """Raise NotKnownError for a place that was behind a link at a commit."""
    above = [str(folder) for folder in place.parents if folder.parts]
    listed = git("ls-tree", "-z", "--full-tree", commit, "--", *above) if above else b""
    for line in filter(None, listed.decode(errors="surrogateescape").split("\0")):
        details, _, file = line.partition("\t")
        mode, _, _ = details.split()
        _refuse_link(mode, file)


def _refuse_link(mode: str, file: str) -> None:
    """Raise NotKnownError for what git shows no manifests behind."""
    if mode in _LINK_MODES:
        what = f"In the base, {file} is a {_LINK_MODES[mode]}"
        raise NotKnownError(f"{what}, so the manifests behind it are not known: compare with a folder instead.")


def _shown(path: Path) -> Path:
    """Return a path as people who work in the current folder write it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def repository() -> Path:
    """Return the folder of the repository that the current folder is in."""
    return Path(git("rev-parse", "--show-toplevel").decode().strip())


def place_of(path: Path, top: Path) -> Path:
    """Return a path as the repository in a folder has it. Raises ValueError for a path outside of it."""
    return path.resolve().relative_to(top.resolve())


def existed_at(ref: str, path: Path) -> bool:
    """Return whether there was a file or folder at a path where the current branch left a ref.

    Raises:
        NotKnownError: see `read_at`.
    """
    return bool(git("ls-tree", "-z", "--full-tree", merge_base(ref), "--", str(place_of(path, repository()))))


def merge_base(ref: str) -> str:
    """Return the commit where the current branch left a ref.

    Raises:
        NotKnownError: see `read_at`.
    """
    git("rev-parse", "--git-dir")
    try:
        git("rev-parse", "--verify", "--quiet", "HEAD")
    except NotKnownError as error:
        raise NotKnownError("The repository has no commit yet, so there is no base: commit what is applied.") from error
    try:
        return git("merge-base", "--end-of-options", ref, "HEAD").decode().strip()
    except NotKnownError as error:
        raise NotKnownError(
            f"{error.message} In CI, fetch the history of both branches first, such as with fetch-depth: 0."
        ) from error


def _blobs(commit: str, place: Path) -> Iterator[tuple[str, str]]:
    """Yield path and object ID of the manifests at a path of the repository."""
    listed = git("ls-tree", "-r", "-z", "--full-tree", commit, "--", str(place)).decode(errors="surrogateescape")
    for line in filter(None, listed.split("\0")):
        details, _, file = line.partition("\t")
        mode, _, object_id = details.split()
        is_read = Path(file) == place or is_manifest_file(Path(file), under=place)
        if is_read or not Path(file).suffix:
            _refuse_link(mode, file)
        if is_read:
            yield file, object_id


def contents_of(object_ids: Iterable[str]) -> Iterator[str]:
    """Yield the texts of objects, read by one process."""
    answers = io.BytesIO(git("cat-file", "--batch", sent="".join(f"{each}\n" for each in object_ids).encode()))
    while header := answers.readline().split():
        if not header[-1].isdigit():
            raise NotKnownError(
                f"git cat-file: the object {header[0].decode()} is {header[-1].decode()}. Fetch it first."
            )
        yield answers.read(int(header[-1])).decode(errors="replace")
        answers.read(1)


def git(*arguments: str, sent: bytes = b"") -> bytes:
    """Return what the git program prints.

    Raises:
        NotKnownError: it is not installed, or fails.
    """
    try:
        done = subprocess.run(["git", *arguments], input=sent, capture_output=True, check=True)  # noqa: S603, S607 - no shell; git from PATH, as users run it
    except FileNotFoundError as error:
        raise NotKnownError("--base git:REF needs git, which is not installed.") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip() or f"it ended with {error.returncode}"
        raise NotKnownError(f"git {arguments[0]} failed: {said}.") from error
    return done.stdout
