"""What an export does to a folder: adds what is missing, and leaves alone what says the same already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from registrar.cli.catalogue import Place
from registrar.cli.documents.dump import dump
from registrar.cli.documents.load import load, replaced
from registrar.cli.documents.manifest import FileManifest
from registrar.cli.export.check import Checker
from registrar.cli.export.compare import differences, is_gone
from registrar.cli.export.existing import Existing, Found
from registrar.cli.export.manifests import Manifest, spec_class
from registrar.cli.files import open_to_read, write_beside
from registrar.kinds.artifacts import MODEL_ARTIFACT_RESOURCE
from registrar.kinds.model_version import MODEL_VERSION

SEPARATOR = "---\n"
KUSTOMIZATION = "kustomization.yaml"
_POLICIES = ("deletionPolicy", "adoptionPolicy", "driftPolicy")


@dataclass(frozen=True, slots=True)
class Differing:
    """A manifest that says something else than the registry.

    Attributes:
        found: it.
        manifest: what an export would write instead.
        differences: how they differ.
    """

    found: Found
    manifest: Manifest
    differences: tuple[str, ...]

    def __str__(self) -> str:
        by_hand = "" if self.found.is_alone else " (in a List or JSON, so only you can rewrite it)"
        return f"{self.found}{by_hand}: {'; '.join(self.differences)}"

    def as_json(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {**located(self.found), "differences": list(self.differences)}


@dataclass(slots=True)
class Changes:
    """What is to do in a folder.

    Attributes:
        new: the documents to add, by file.
        differing: manifests that say something else than the registry.
        only_here: manifests for which the registry has no entry.
        unchanged: how many manifests say the same already.
    """

    new: dict[Path, list[Manifest]] = field(default_factory=dict)
    differing: list[Differing] = field(default_factory=list)
    only_here: list[Found] = field(default_factory=list)
    unchanged: int = 0

    def new_manifests(self) -> list[Manifest]:
        """Return the manifests to add."""
        return [manifest for manifests in self.new.values() for manifest in manifests]

    @property
    def are_none(self) -> bool:
        """Whether the folder says what the registry holds."""
        return not self.new and not self.differing and not self.only_here


def located(found: Found) -> dict[str, Any]:
    """Return where a manifest is, for programs."""
    return {"kind": found.kind.name, "name": found.name, "file": str(found.file), "line": found.document.line}


def compare(
    manifests: Iterable[Manifest],
    existing: Existing,
    checker: Checker,
    file_of: Callable[[Manifest], PurePosixPath],
    directory: Path,
) -> Changes:
    """Return what is to do so that a folder says what the registry holds.

    Args:
        manifests: what the registry holds.
        existing: what the folder has.
        checker: the registry.
        file_of: the file of a manifest that the folder does not have.
        directory: the folder.
    """
    changes = Changes()
    for manifest in manifests:
        found = existing.resources.get(manifest.place)
        if found is None:
            version = existing.resources.get(_version_place(manifest))
            can_follow = version is not None and version.is_alone
            file = version.file if version is not None and can_follow else directory / file_of(manifest)
            changes.new.setdefault(file, []).append(manifest)
        elif found_differences := differences(found, manifest, checker):
            changes.differing.append(Differing(found, manifest, tuple(found_differences)))
        else:
            changes.unchanged += 1
    gone = [found for found in existing.resources.values() if is_gone(found, checker.catalogue)]
    changes.only_here = [*gone, *existing.lost]
    return changes


def write(changes: Changes, *, overwrite: bool) -> list[Differing]:
    """Write the files; return the manifests that differ and were left as they are.

    Args:
        changes: what is to do.
        overwrite: rewrite manifests that differ. What is not the registry's stays in them: metadata and policies.

    Raises:
        OSError: a file cannot be written; those before it are.
    """
    rewritten: defaultdict[Path, dict[int, str]] = defaultdict(dict)
    left = []
    for differing in changes.differing:
        if overwrite and differing.found.is_alone:
            rewritten[differing.found.file][differing.found.document.start] = _rewritten(differing)
        else:
            left.append(differing)
    for file in sorted({*rewritten, *changes.new}):
        text = _read(file)
        text = replaced(text, rewritten[file]) if file in rewritten else text
        added = [manifest.text() for manifest in changes.new.get(file, ())]
        write_beside(file, [_joined([text, *added] if text else added)])
    return left


def write_kustomization(directory: Path, files: Iterable[Path], *, overwrite: bool) -> list[str]:
    """Write a kustomization of files, if there is none; return the files that one that exists does not list.

    Args:
        directory: its folder.
        files: the files with manifests.
        overwrite: add what is missing to one that exists.
    """
    file = directory / KUSTOMIZATION
    names = sorted({path.relative_to(directory).as_posix() for path in files})
    header = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    documents = load(_read(file))
    content: dict[str, Any] = {**header, **(documents[0].content if documents else {})}
    listed = content.get("resources") or []
    # A folder that is listed has a kustomization of its own.
    known = {PurePosixPath(name) for name in listed}
    missing = [name for name in names if known.isdisjoint({PurePosixPath(name), *PurePosixPath(name).parents})]
    if missing and (overwrite or not documents):
        write_beside(file, [dump({**content, "resources": [*listed, *missing]})])
        return []
    return missing


def stream(manifests: Iterable[Manifest]) -> str:
    """Return all manifests as one text."""
    return _joined([manifest.text() for manifest in manifests])


def _version_place(manifest: Manifest) -> Place:
    """Return the place of the version of an artifact, behind which it is written; no place of any other manifest."""
    is_artifact = manifest.kind is MODEL_ARTIFACT_RESOURCE
    return (MODEL_VERSION.entry.name, *manifest.place[1:-1]) if is_artifact else ()


def _joined(texts: list[str]) -> str:
    ended = [text if text.endswith("\n") else f"{text}\n" for text in texts]
    return SEPARATOR.join(ended)


def _read(file: Path) -> str:
    if not file.exists():
        return ""
    with open_to_read(file) as opened:
        return opened.read()


def _rewritten(differing: Differing) -> str:
    after, before = FileManifest(differing.manifest.body()), differing.found.manifest
    spec = {**after.spec, **{name: before.spec[name] for name in _POLICIES if name in before.spec}}
    order = [str(info.alias) for info in spec_class(differing.manifest.kind).model_fields.values()]
    ordered = {name: spec[name] for name in order if name in spec}
    comments = "".join(f"{one.comment()}\n" for one in differing.manifest.omissions)
    return comments + dump({**after.body, "metadata": before.metadata, **({"spec": ordered} if ordered else {})})
