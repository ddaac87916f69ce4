"""Manifests that a change moved into the files of a plan, out of files that it deleted: the base has them there."""

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


@dataclass(frozen=True, slots=True)
class _Deleted:
    """A file that is gone.

    Attributes:
        object_id: its content.
        successor: the file that git takes for the same one by now, if any.
    """

    object_id: str
    successor: str | None


@dataclass(slots=True)
class _Difference:
    """How the working tree differs from a commit.

    Attributes:
        deleted: the files that are gone.
        present: the files that have other content, or are new.
    """

    deleted: dict[str, _Deleted] = field(default_factory=dict)
    present: list[str] = field(default_factory=list)


def read_moved(ref: str, paths: Iterable[Path], namespace: str | None, manifests: Manifests) -> Reading:
    """Return the manifests of files that were moved to paths, as they were where the current branch left a ref.

    A file counts as moved if git takes one in the paths for it, or if a resource or an entry of it is in the paths now.
    What other files of the working tree have got from it is left out: it did not go away.

    Args:
        ref: a branch, tag or commit.
        paths: files and folders of the working tree.
        namespace: the namespace of manifests that name none; None if it is not known.
        manifests: what the paths declare.

    Raises:
        NotKnownError: see `registrar.cli.plan.git.read_at`.
    """
    commit, top = merge_base(ref), repository()
    places = [place_of(path, top) for path in paths]
    difference = _difference(commit, top)
    moved = Reading()
    files = _deleted_outside(difference, places, namespace)
    shared = set(map(id, manifests.sharing_entries(found for _, before in files for found in before.manifests)))
    for deleted, before in files:
        is_renamed = deleted.successor is not None and _is_within(deleted.successor, places)
        if is_renamed or any(id(each) in shared or _key(each) in manifests.found for each in before.manifests):
            moved.manifests += before.manifests
            moved.problems += before.problems
    if moved.manifests:
        others = [top / file for file in difference.present if not _is_within(file, places)]
        elsewhere = read([file for file in others if is_manifest_file(file, under=top)], io.BytesIO(), namespace)
        kept = set(map(_key, elsewhere.manifests)) - manifests.found.keys() - {None}
        moved.manifests = [found for found in moved.manifests if _key(found) not in kept]
    return moved


def _deleted_outside(
    difference: _Difference, places: Collection[Path], namespace: str | None
) -> list[tuple[_Deleted, Reading]]:
    """Return the files with manifests that are gone elsewhere, and what they had."""
    outside = {
        file: deleted
        for file, deleted in difference.deleted.items()
        if is_manifest_file(Path(file), under=Path()) and not _is_within(file, places)
    }
    found = []
    texts = contents_of(deleted.object_id for deleted in outside.values())
    for (file, deleted), text in zip(outside.items(), texts, strict=True):
        reading = Reading()
        read_text(text, file, namespace, reading)
        found.append((deleted, reading))
    return found


def _difference(commit: str, top: Path) -> _Difference:
    difference = _Difference()
    fields = iter(_fields("diff-index", "-z", "--find-renames", commit))
    for details in fields:
        _, _, object_id, _, status = details.split()
        file = next(fields)
        successor = next(fields) if status.startswith("R") else None
        if status == "D" or successor is not None:
            difference.deleted[file] = _Deleted(object_id, successor)
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


def _key(found: Found) -> ResourceKey | None:
    """Return the resource that a manifest declares; None where that is not known."""
    manifest, namespace = found.manifest, found.namespace
    return None if manifest is None or namespace is None else ResourceKey(found.kind.name, namespace, manifest.name)
