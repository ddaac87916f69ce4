"""What came of a copy, for people and for programs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from model_registry.types.properties import OpaqueProperty
from registrar.api.secrets import HIDDEN, without_credentials
from registrar.cli.console import counted, one_line, shortened
from registrar.cli.copy.carrying_out import Progress, Written
from registrar.cli.copy.deciding import Different, OnDifference
from registrar.cli.copy.problems import Problem, failures
from registrar.cli.exits import ExitCode
from registrar.planning.actions import Change
from registrar.reporting.values import describe_changes, is_sensitive

FORMAT_VERSION = "1.1"
"""Of the JSON. The minor version counts additions, the major one breaks."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a copy, or what would come of it.

    Attributes:
        source: where the entries are from: an address, or a file.
        target: the address of the other registry.
        is_dry_run: whether nothing was written.
        is_complete: whether every entry of both registries could be read.
        on_difference: what was asked for.
        progress: what was decided, and how far the writing came.
        archived: how many entries are left out because they are archived.
    """

    source: str
    target: str
    is_dry_run: bool
    is_complete: bool
    on_difference: OnDifference
    progress: Progress
    archived: int

    @property
    def new(self) -> list[Written]:
        """The entries that were created."""
        return [one for one in self.progress.written if one.write.observed is None and one.write.original is None]

    @property
    def linked(self) -> list[Written]:
        """The artifacts that were linked to one more version."""
        return [one for one in self.progress.written if one.write.original is not None]

    @property
    def changed(self) -> list[Written]:
        """The entries that were changed."""
        return [one for one in self.progress.written if one.write.observed is not None]

    @property
    def different(self) -> list[Different]:
        """The entries that were left as they are, with other values."""
        return self.progress.decisions.different

    @property
    def problems(self) -> list[Problem]:
        """What was not copied."""
        return self.progress.decisions.problems

    def exit_code(self, allowed: Collection[str]) -> ExitCode:
        """Return how the command ends, as far as the writing was not interrupted.

        Args:
            allowed: reasons that do not count.
        """
        if not self.is_complete or self.progress.missing:
            return ExitCode.NOT_KNOWN
        is_wrong = self.on_difference is OnDifference.FAIL and self.different
        return ExitCode.ATTENTION if is_wrong or failures(self.problems, allowed) else ExitCode.DONE

    def lines(self) -> Iterator[str]:
        """Yield it for people: at most `MAX_LINES` of a sort, the numbers last."""
        yield from shortened([one_line(f"New: {one.write.subject}") for one in self.new], "new")
        changed = [
            one_line(f"Changed: {one.write.subject} (id {one.entry_id}): {describe_changes(one.write.changes)}")
            for one in self.changed
        ]
        yield from shortened(changed, "changed")
        yield from shortened([one_line(f"Linked: {one.write.subject}") for one in self.linked], "linked")
        yield from shortened([_different_line(one) for one in self.different], "that differ")
        by_reason: defaultdict[str, list[str]] = defaultdict(list)
        for problem in self.problems:
            by_reason[problem.reason].append(f"Not copied: {problem}")
        for reason in sorted(by_reason):
            yield from shortened(by_reason[reason], f"for the reason {reason}")
        yield from shortened([one_line(f"Missing: {one.subject}") for one in self.progress.missing], "missing")
        yield self._summary()

    def _summary(self) -> str:
        equal = self.progress.decisions.equal
        whole = len(failures(self.problems, ()))
        parts = len(self.problems) - whole
        not_copied = f", {whole:,} not copied" if whole else ""
        without = f", {counted(parts, 'property', 'properties')} not copied" if parts else ""
        missing = f", {len(self.progress.missing):,} missing" if self.progress.missing else ""
        linked = f", {len(self.linked):,} linked" if self.linked else ""
        archived = counted(self.archived, "archived entry", "archived entries")
        return (
            f"{len(self.new):,} new, {len(self.changed):,} changed, {len(self.different):,} different, {equal:,} equal"
            f"{linked}{not_copied}{without}{missing}."
            f"{f' {archived} left out; see --archived.' if self.archived else ''}"
        )

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        missing = self.progress.missing
        return {
            "formatVersion": FORMAT_VERSION,
            "complete": self.is_complete and not missing,
            "dryRun": self.is_dry_run,
            "from": self.source,
            "to": self.target,
            "summary": {
                "new": len(self.new),
                "changed": len(self.changed),
                "different": len(self.different),
                "linked": len(self.linked),
                "equal": self.progress.decisions.equal,
                "notCopied": len(self.problems),
                "missing": len(missing),
                "archived": self.archived,
            },
            "new": [_written(one) for one in self.new],
            "changed": [{**_written(one), "fields": _fields(one.write.changes)} for one in self.changed],
            "linked": [_written(one) for one in self.linked],
            "different": [
                {
                    **one.subject.as_json(),
                    "id": one.entry_id,
                    **({"stamp": one.stamp} if one.stamp else {}),
                    "fields": _fields(one.changes),
                }
                for one in self.different
            ],
            "notCopied": [one.as_json() for one in self.problems],
            "missing": [write.subject.as_json() for write in missing],
        }


def _different_line(one: Different) -> str:
    stamp = f", managed by {one.stamp}" if one.stamp else ""
    return one_line(f"Different: {one.subject} (id {one.entry_id}{stamp}): {describe_changes(one.changes)}")


def _written(one: Written) -> dict[str, Any]:
    return {**one.write.subject.as_json(), **({} if one.entry_id is None else {"id": one.entry_id})}


def _fields(changes: Iterable[Change]) -> list[Mapping[str, Any]]:
    return [
        {"path": one.path, "before": _value(one.path, one.observed), "after": _value(one.path, one.wanted)}
        for one in changes
    ]


def _value(path: str, value: Any) -> Any:
    if is_sensitive(path, value):
        return HIDDEN
    if isinstance(value, OpaqueProperty):
        return value.tagged
    return without_credentials(value) if isinstance(value, str) else value
