"""What the operator wrote to the registry, and the sentence that the log and an Event give of it."""

from __future__ import annotations

from dataclasses import dataclass

from model_registry.types import RegistryEntry
from registrar.kinds.base import EntryKind
from registrar.planning.actions import Change
from registrar.reporting.outcome import EventNote, OperationResult
from registrar.reporting.values import describe_changes

_VERBS = {
    OperationResult.CREATED: "Created",
    OperationResult.ADOPTED: "Adopted",
    OperationResult.TAKEN_OVER: "Took over",
    OperationResult.RESTORED: "Restored",
    OperationResult.UPDATED: "Updated",
    OperationResult.CORRECTED: "Corrected",
    OperationResult.ARCHIVED: "Archived",
    OperationResult.RELEASED: "Removed the owner stamp of",
}


@dataclass(frozen=True, slots=True)
class EntryWrite:
    """One write to an entry.

    Attributes:
        operation: what was done.
        reference: the resource that the write was for, as the owner stamp writes it.
        kind: the entry's kind.
        entry: the entry, as the registry answered.
        parent_id: ID of its parent entry; empty at the root, or where it is unknown.
        changes: what was changed, the owner stamp left out; nothing for a creation, which sets all that the entry has.
        taken_from: the owner that its stamp named before, for `OperationResult.TAKEN_OVER`.
        stamp: the change of the owner stamp where the write is about nothing else, and is no adoption.
    """

    operation: OperationResult
    reference: str
    kind: EntryKind
    entry: RegistryEntry
    parent_id: str = ""
    changes: tuple[Change, ...] = ()
    taken_from: str | None = None
    stamp: Change | None = None


def write_note(write: EntryWrite) -> EventNote:
    """Return the Event of a write, such as ``Updated RegisteredModel 'churn' (id 7): owner 'a' -> 'b'``."""
    described = describe_changes(write.changes if write.stamp is None else (write.stamp,))
    origin = "" if write.taken_from is None else f" from {write.taken_from}"
    entry = write.entry
    message = f"{_VERBS[write.operation]} {write.kind.name} {entry.name!r} (id {entry.id}){origin}"
    return EventNote(write.operation.value, f"{message}: {described}" if described else message)
