"""What the operator wrote to the registry, in the sentence that the log and an Event give."""

from __future__ import annotations

from collections.abc import Iterable

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


def write_note(
    operation: OperationResult,
    kind: EntryKind,
    name: str | None,
    entry_id: str | None,
    changes: Iterable[Change] = (),
    *,
    taken_from: str | None = None,
) -> EventNote:
    """Return the Event of a write, such as ``Updated RegisteredModel 'churn' (id 7): owner 'a' -> 'b'``.

    Args:
        operation: what was done.
        kind: the entry's kind.
        name: its name.
        entry_id: its ID.
        changes: what was changed, the owner stamp left out.
        taken_from: the owner that the entry's stamp named before, for `OperationResult.TAKEN_OVER`.
    """
    described = describe_changes(changes)
    origin = "" if taken_from is None else f" from {taken_from}"
    message = f"{_VERBS[operation]} {kind.name} {name!r} (id {entry_id}){origin}"
    return EventNote(operation.value, f"{message}: {described}" if described else message)
