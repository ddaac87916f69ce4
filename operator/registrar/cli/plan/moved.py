"""Manifests that a change moved into the files of a plan, out of other files: the base has them there."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from registrar.api.bodies import ResourceKey
from registrar.cli.files import is_manifest_file
from registrar.cli.plan.git import contents_of, git, merge_base, place_of, repository
from registrar.cli.plan.manifests import Manifests
from registrar.cli.validate.found import Found
from registrar.cli.validate.reading import Reading, read, read_text

_WAS_FILE = ":100"
"""How the mode of a file begins that git says to have been there, and to have been no link."""


@dataclass(frozen=True, slots=True)
class _Former:
    """A file of a commit that is gone, or that has other content by now.

    Attributes:
        object_id: its content at the commit.
        is_gone: whether there is no file of that path any more.
        successor: the file that git takes for a file that is gone, if any.
    """

    object_id: str
    is_gone: bool
    successor: str | None


@dataclass(slots=True)
class _Difference:
    """How the working tree differs from a commit.

    Attributes:
        former: the files that are gone, or have other content.
        present: the files that have other content, or are new.
    """

    former: dict[str, _Former] = field(default_factory=dict)
    present: list[str] = field(default_factory=list)


def read_moved(
    ref: str, paths: Iterable[Path], namespace: str | None, manifests: Manifests, known: Collection[Found]
) -> Reading:
    """Return the manifests that were moved to paths, as they were where the current branch left a ref.

    A file that is gone counts as moved if git takes one in the paths for it, or if a resource or an entry of it is in
    the paths now. What other files of the working tree have got from it is left out: it did not go away. Of a file that
    stays, only the resources count that it has lost, if they or their entries are in the paths now. What the paths have
    had already did not come from elsewhere.

    Args:
        ref: a branch, tag or commit.
        paths: files and folders of the working tree.
        namespace: the namespace of manifests that name none; None if it is not known.
        manifests: what the paths declare.
        known: what the base has at the paths.

    Raises:
        NotKnownError: see `registrar.cli.plan.git.read_at`.
    """
    commit, top = merge_base(ref), repository()
    places = [place_of(path, top) for path in paths]
    difference = _difference(commit, top)
    moved, had = Reading(), {found.key for found in known}
    new = manifests.found.keys() - had
    files = _former_outside(difference, places, namespace)
    shared = set(map(id, manifests.sharing_entries(found for _, _, before in files for found in before.manifests)))
    for file, former, before in files:
        wanted = [each for each in before.manifests if id(each) in shared or each.key in new]
        if former.is_gone and (wanted or (former.successor is not None and _is_within(former.successor, places))):
            wanted = before.manifests
        elif wanted:
            stayed = _declared_in([top / file], namespace)
            wanted = [found for found in wanted if found.key not in stayed]
        if wanted:
            moved.manifests += wanted
            moved.problems += before.problems
    if moved.manifests:
        others = [top / file for file in difference.present if not _is_within(file, places)]
        kept = _declared_in([file for file in others if is_manifest_file(file, under=top)], namespace)
        moved.manifests = [found for found in moved.manifests if found.key not in had | (kept - new)]
    return moved


def _declared_in(files: Iterable[Path], namespace: str | None) -> set[ResourceKey]:
    """Return the resources that files of the working tree declare."""
    return {key for found in read(files, io.BytesIO(), namespace).manifests if (key := found.key) is not None}


def _former_outside(
    difference: _Difference, places: Collection[Path], namespace: str | None
) -> list[tuple[str, _Former, Reading]]:
    """Return the files with manifests that are gone or edited elsewhere, and what they had."""
    outside = {
        file: former
        for file, former in difference.former.items()
        if is_manifest_file(Path(file), under=Path()) and not _is_within(file, places)
    }
    found = []
    texts = contents_of(former.object_id for former in outside.values())
    for (file, former), text in zip(outside.items(), texts, strict=True):
        reading = Reading()
        read_text(text, file, namespace, reading)
        found.append((file, former, reading))
    return found


def _difference(commit: str, top: Path) -> _Difference:
    difference = _Difference()
    fields = iter(_fields("diff-index", "-z", "--find-renames", commit))
    for details in fields:
        mode, _, object_id, _, status = details.split()
        file = next(fields)
        successor = next(fields) if status.startswith("R") else None
        is_gone = status == "D" or successor is not None
        if mode.startswith(_WAS_FILE):
            difference.former[file] = _Former(object_id, is_gone, successor)
        if status != "D":
            difference.present.append(successor or file)
    difference.present += _fields("-C", str(top), "ls-files", "-z", "--others", "--exclude-standard")
    return difference


def _fields(*arguments: str) -> Iterator[str]:
    return filter(None, git(*arguments).decode(errors="surrogateescape").split("\0"))


def _is_within(file: str, places: Iterable[Path]) -> bool:
    """Return whether a file is one of some places, or a manifest under one."""
    path = Path(file)
    return any(path == place or (place in path.parents and is_manifest_file(path, under=place)) for place in places)
