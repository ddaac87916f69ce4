"""What came of an export, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from registrar.cli.console import counted, shortened
from registrar.cli.export.build import Export
from registrar.cli.export.changes import Changes, Differing, located
from registrar.cli.export.manifests import Manifest
from registrar.cli.export.report import lines
from registrar.cli.export.rewriting import Rewriting
from registrar.cli.export.writing import Written

FORMAT_VERSION = "1.2"
"""Of the JSON. The minor version counts additions, the major one breaks."""


@dataclass(slots=True)
class Outcome:
    """What came of an export.

    Attributes:
        exported: the manifests, and what is not in them.
        is_complete: whether every entry of the registry could be read.
        changes: how the folder differs; empty without a folder.
        written: the files that were written; None if none were to be.
        is_stopped: whether Ctrl-C or an error ended the command.
        unlisted: files that the kustomization does not list.
        rewriting: how manifests that differ were to be rewritten; None for not at all.
    """

    exported: Export = field(default_factory=Export)
    is_complete: bool = True
    changes: Changes = field(default_factory=Changes)
    written: list[Written] | None = None
    is_stopped: bool = False
    unlisted: list[str] = field(default_factory=list)
    rewriting: Rewriting | None = None

    @property
    def left(self) -> list[Differing]:
        """The manifests that differ and are as they were."""
        rewritten = {id(one) for written in self.written or () for one in written.rewritten}
        return [one for one in self.changes.differing if id(one) not in rewritten]

    def lines(self, hint: str | None = None) -> Iterator[str]:
        """Yield it for people: what to look at first, the numbers last.

        Args:
            hint: what rewrites manifests that differ; None for the options of this command.
        """
        changes, exported = self.changes, self.exported
        if self.written is None:
            new = [f"Only in the registry: {_named(one)}" for one in changes.new_manifests()]
            yield from shortened(new, "only in the registry")
        yield from shortened([f"Differs: {one}" for one in self.left], "that differ")
        yield from shortened([f"Not in the registry: {one}" for one in changes.only_here], "not in the registry")
        repeated = [f"Repeated: {found} declares an entry of {first}; remove one" for found, first in changes.repeated]
        yield from shortened(repeated, "that are repeated")
        unlisted = [f"Not in the kustomization; --update adds it: {name}" for name in self.unlisted]
        yield from shortened(unlisted, "not in the kustomization")
        yield from lines(exported.omissions)
        if self.written is not None:
            yield self._numbers(self.written, self._hint() if hint is None else hint)
        archived = f" {counted(exported.archived, 'archived entry', 'archived entries')} left out; see --archived."
        yield f"{counted(len(exported.manifests), 'resource')} exported.{archived if exported.archived else ''}"

    def stopped_line(self, *, can_continue: bool) -> str:
        """Return what there is of an export that did not come to its end.

        Args:
            can_continue: whether the same command can come to its end, before a person changes a file.
        """
        number = len(self.written or ())
        are = "was" if number == 1 else "were"
        files = f"{counted(number, 'file')} {are} written, each of them whole" if number else "No file was written"
        return f"The export is incomplete. {files}.{' Run the command again.' if can_continue else ''}"

    def _numbers(self, written: list[Written], hint: str) -> str:
        added = sum(len(each.added) for each in written)
        rewritten = sum(len(each.rewritten) for each in written)
        files = sum(bool(each.added) for each in written)
        left = len(self.left)
        shown = f"; {hint}" if hint and any(one.found.is_alone for one in self.left) else ""
        return (
            f"{counted(added, 'manifest')} written to {counted(files, 'file')}, "
            f"{rewritten:,} rewritten, {left:,} differ, {self.changes.unchanged:,} unchanged{shown}."
        )

    def _hint(self) -> str:
        match self.rewriting:
            case None:
                return "--update or --overwrite rewrites those that differ"
            case Rewriting.UPDATE:
                return "--overwrite rewrites them, and their comments are lost"
        return ""

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
            "complete": self.is_complete and not self.is_stopped,
            "summary": {
                "exported": len(self.exported.manifests),
                "archived": self.exported.archived,
                "leftOut": len(self.exported.omissions),
                "unchanged": changes.unchanged,
            },
            "new": new,
            "differing": [one.as_json() for one in changes.differing],
            "notInRegistry": [located(found) for found in changes.only_here],
            "repeated": [{**located(found), "first": located(first)} for found, first in changes.repeated],
            "leftOut": [one.as_json() for one in self.exported.omissions],
            "filesWritten": [str(written.file) for written in self.written or ()],
        }


def _named(manifest: Manifest) -> str:
    """Return the entry as people look for it: many models have a version of one name."""
    _, *names = manifest.place
    path = " / ".join(map(repr, names))
    return f"{manifest.kind.name} {path} (id {manifest.entry.id})"
