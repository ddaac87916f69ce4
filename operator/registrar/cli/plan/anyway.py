"""What the operator does without the change too, as a dry run of the base shows it: only the rest is of the change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from registrar.api.bodies import ResourceKey
from registrar.cli.plan.change import NOT_OF_THIS_CHANGE, Cause, PlannedChange, is_same_value
from registrar.planning.actions import Change
from registrar.reporting.outcome import OperationResult
from registrar.reporting.writes import EntryWrite


@dataclass(frozen=True, slots=True)
class Anyway:
    """A dry run of the resources as they are without the change.

    Attributes:
        writes: its writes, by reference and kind of the entry.
        of_resource: returns what keeps a resource from being in sync at its end.
    """

    writes: Mapping[tuple[str, str], Sequence[EntryWrite]]
    of_resource: Callable[[ResourceKey], PlannedChange | None]

    def makes(self, write: EntryWrite) -> bool:
        """Return whether the operator makes a write without the change too."""
        if write.operation is OperationResult.CREATED or not write.changes:
            return any(each.operation is write.operation for each in self._same(write))
        return all(self.sets(write, change) for change in write.changes)

    def sets(self, write: EntryWrite, change: Change) -> bool:
        """Return whether the operator changes a field of an entry to the same value without the change too."""
        changes = (each for same in self._same(write) for each in same.changes)
        return any(each.path == change.path and is_same_value(each.wanted, change.wanted) for each in changes)

    def corrected(self, key: ResourceKey, change: PlannedChange) -> PlannedChange:
        """Return what keeps a resource from being in sync, caused by the change if it is not so without it."""
        if change.cause not in NOT_OF_THIS_CHANGE:
            return change
        before = self.of_resource(key)
        is_same = before is not None and _without_cause(before) == _without_cause(change)
        return change if is_same else replace(change, cause=Cause.CHANGE)

    def _same(self, write: EntryWrite) -> Sequence[EntryWrite]:
        return self.writes.get((write.reference, write.kind.name), ())


def is_in_doubt(change: PlannedChange) -> bool:
    """Return whether only a dry run without the change shows what causes a planned change, or a part of it."""
    return change.cause in NOT_OF_THIS_CHANGE or any(field.is_drift for field in change.fields)


def _without_cause(change: PlannedChange) -> tuple[object, ...]:
    return change.action, change.reason, change.message
