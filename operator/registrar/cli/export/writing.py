"""What an export does to a folder: adds what is missing, and leaves alone what says the same already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from registrar.cli.documents.dump import dump
from registrar.cli.documents.edit import EditError, edited, says
from registrar.cli.documents.load import load, replaced, text_of
from registrar.cli.export.changes import Changes, Differing
from registrar.cli.export.manifests import Manifest
from registrar.cli.export.rewriting import Rewrite, Rewriting
from registrar.cli.files import open_to_read, write_beside

SEPARATOR = "---\n"
KUSTOMIZATION = "kustomization.yaml"


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written.

    Attributes:
        file: the file.
        added: the manifests that it did not have.
        rewritten: the manifests that were rewritten.
    """

    file: Path
    added: tuple[Manifest, ...]
    rewritten: tuple[Differing, ...]


def write(changes: Changes, rewrite: Rewrite) -> Iterator[Written]:
    """Write the files, and yield each once it is there, so that a caller who is interrupted knows what is.

    Args:
        changes: what is to do.
        rewrite: what manifests that differ become.

    Raises:
        OSError: a file cannot be written; those before it are.
    """
    differing: defaultdict[Path, list[Differing]] = defaultdict(list)
    for each in changes.differing:
        differing[each.found.file].append(each)
    for file in sorted({*differing, *changes.new}):
        before = _read(file)
        text, rewritten = _with_rewritten(before, differing[file], rewrite)
        added = tuple(changes.new.get(file, ()))
        if rewritten or added:
            documents = _joined([text, *(each.text() for each in added)]) if text and added else text or stream(added)
            write_beside(file, [documents], errors="strict")
            yield Written(file, added, rewritten)


def _with_rewritten(text: str, differing: list[Differing], rewrite: Rewrite) -> tuple[str, tuple[Differing, ...]]:
    """Return the text of a file with the manifests that could be rewritten; none of them if anything else changes."""
    texts = {
        one.found.document.start: new
        for one in differing
        if one.found.is_alone and (new := rewrite(one, text_of(text, one.found.document))) is not None
    }
    result = replaced(text, texts)
    expected = [load(texts[each.start])[0] if each.start in texts else each for each in load(text)] if texts else []
    if not says(result, [each.content for each in expected]) and texts:
        return text, ()
    return result, tuple(one for one in differing if one.found.document.start in texts)


def write_kustomization(directory: Path, files: Iterable[Path], rewriting: Rewriting | None) -> list[str]:
    """Write a kustomization of files, if there is none; return the files that one that exists does not list.

    Args:
        directory: its folder.
        files: the files with manifests.
        rewriting: add what is missing to one that exists; its comments are lost only to `Rewriting.OVERWRITE`, and only
            if it cannot be edited. None leaves it alone.
    """
    file = directory / KUSTOMIZATION
    names = sorted({path.relative_to(directory).as_posix() for path in files})
    header = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    before = _read(file)
    documents = load(before)
    present: dict[str, Any] = dict(documents[0].content) if documents else header
    listed = present.get("resources") or []
    # A folder that is listed has a kustomization of its own.
    known = {PurePosixPath(name) for name in listed}
    missing = [name for name in names if known.isdisjoint({PurePosixPath(name), *PurePosixPath(name).parents})]
    if not missing or (documents and rewriting is None):
        return missing
    content = {**present, "resources": [*listed, *missing]}
    try:
        text = edited(before, content) if documents else dump(content)
    except EditError:
        if rewriting is Rewriting.UPDATE:
            return missing
        text = dump({**header, **content})
    write_beside(file, [text], errors="strict")
    return []


def stream(manifests: Iterable[Manifest]) -> str:
    """Return all manifests as one text."""
    return _joined([manifest.text() for manifest in manifests])


def _joined(texts: list[str]) -> str:
    ended = [text if text.endswith("\n") else f"{text}\n" for text in texts]
    return SEPARATOR.join(ended)


def _read(file: Path) -> str:
    if not file.exists():
        return ""
    with open_to_read(file) as opened:
        return opened.read()
