"""What came of an export, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from registrar.cli.console import counted
from registrar.cli.export.build import Export
from registrar.cli.export.report import lines, shortened
from registrar.cli.export.writing import Changes, Differing, located

FORMAT_VERSION = "1.0"
"""Of the JSON. The minor version counts additions, the major one breaks."""


@dataclass(slots=True)
class Outcome:
    """What came of an export.

    Attributes:
        exported: the manifests, and what is not in them.
        is_complete: whether every entry of the registry could be read.
        changes: how the folder differs; empty without a folder.
        left: manifests that differ and were left as they are; None if nothing was written.
        unlisted: files that the kustomization does not list.
    """

    exported: Export
    is_complete: bool
    changes: Changes = field(default_factory=Changes)
    left: list[Differing] | None = None
    unlisted: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Yield it for people: what to look at first, the numbers last."""
        changes, exported = self.changes, self.exported
        if self.left is None:
            new = [f"Only in the registry: {one.kind.name} {one.entry.name!r}" for one in changes.new_manifests()]
            yield from shortened(new, "only in the registry")
        differing = changes.differing if self.left is None else self.left
        yield from shortened([f"Differs: {one}" for one in differing], "that differ")
        yield from shortened([f"Not in the registry: {one}" for one in changes.only_here], "not in the registry")
        unlisted = [f"Not in the kustomization; --overwrite adds it: {name}" for name in self.unlisted]
        yield from shortened(unlisted, "not in the kustomization")
        yield from lines(exported.omissions)
        if self.left is not None:
            rewritten = len(changes.differing) - len(self.left)
            hint = "; registrar export --overwrite rewrites those that differ" if self.left and not rewritten else ""
            yield (
                f"{counted(len(changes.new_manifests()), 'manifest')} written to {counted(len(changes.new), 'file')}, "
                f"{rewritten:,} rewritten, {len(self.left):,} differ, {changes.unchanged:,} unchanged{hint}."
            )
        archived = f" {counted(exported.archived, 'archived entry', 'archived entries')} left out; see --archived."
        yield f"{counted(len(exported.manifests), 'resource')} exported.{archived if exported.archived else ''}"

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        changes = self.changes
        new = [
            {"kind": one.kind.name, "name": one.name, "file": str(file)}
            for file, manifests in changes.new.items()
            for one in manifests
        ]
        return {
            "formatVersion": FORMAT_VERSION,
            "complete": self.is_complete,
            "summary": {
                "exported": len(self.exported.manifests),
                "archived": self.exported.archived,
                "leftOut": len(self.exported.omissions),
                "unchanged": changes.unchanged,
            },
            "new": new,
            "differing": [one.as_json() for one in changes.differing],
            "notInRegistry": [located(found) for found in changes.only_here],
            "leftOut": [one.as_json() for one in self.exported.omissions],
        }
