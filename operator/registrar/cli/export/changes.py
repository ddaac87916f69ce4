"""How a folder differs from what the registry holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from registrar.cli.catalogue import Place
from registrar.cli.export.check import Checker
from registrar.cli.export.compare import differences, is_gone
from registrar.cli.export.existing import Existing, Found
from registrar.cli.export.manifests import Manifest
from registrar.kinds.artifacts import MODEL_ARTIFACT_RESOURCE
from registrar.kinds.model_version import MODEL_VERSION


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
        repeated: manifests that declare an entry which another one declares, each with that one.
        unchanged: how many manifests say the same already.
    """

    new: dict[Path, list[Manifest]] = field(default_factory=dict)
    differing: list[Differing] = field(default_factory=list)
    only_here: list[Found] = field(default_factory=list)
    repeated: list[tuple[Found, Found]] = field(default_factory=list)
    unchanged: int = 0

    def new_manifests(self) -> list[Manifest]:
        """Return the manifests to add."""
        return [manifest for manifests in self.new.values() for manifest in manifests]

    @property
    def are_none(self) -> bool:
        """Whether the folder says what the registry holds."""
        return not (self.new or self.differing or self.only_here or self.repeated)


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
    changes = Changes(repeated=existing.repeated)
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


def _version_place(manifest: Manifest) -> Place:
    """Return the place of the version of an artifact, behind which it is written; no place of any other manifest."""
    is_artifact = manifest.kind is MODEL_ARTIFACT_RESOURCE
    return (MODEL_VERSION.entry.name, *manifest.place[1:-1]) if is_artifact else ()
