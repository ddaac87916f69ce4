"""The status that follows from an outcome, and the Events that report its changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from registrar.api.conditions import Condition, ConditionStatus, ConditionType, Reason
from registrar.api.meta import PAUSED_ANNOTATION, ObjectMeta
from registrar.api.properties import Observed
from registrar.api.v1alpha1.common import EntryStatus
from registrar.kinds.base import FieldValue
from registrar.kinds.table import ENTRY_KINDS
from registrar.planning.problems import Disposition, Problem
from registrar.reporting.conditions import ConditionWriter
from registrar.reporting.outcome import EventNote, Outcome

MAX_DRIFT_PATHS = 10
"""Field paths that the ``Drifted`` condition names."""
MAX_VALUE_LENGTH = 120
"""Characters of a value that a message shows: a readme may have a million."""


def next_status(metadata: ObjectMeta, current: EntryStatus, outcome: Outcome, now: datetime) -> EntryStatus:
    """Return the whole status after a reconcile.

    Args:
        metadata: of the resource as it was reconciled.
        current: its status today.
        outcome: how the reconcile ended.
        now: the time, in UTC.
    """
    facts = outcome.facts
    writer = ConditionWriter(current.conditions or (), metadata.generation, now)
    values: dict[str, Any] = {
        "id": facts.id,
        "create_time_since_epoch": facts.create_time_since_epoch,
        "origin": facts.origin,
        "parent_id": facts.parent_id,
        "state": facts.state,
        "registry_url": facts.registry_url,
        "storage_uri": facts.storage_uri,
        "owned_fields": facts.owned_fields or None,
        "owned_properties": facts.owned_properties or None,
        "artifacts": facts.artifacts or None,
        "observed_generation": metadata.generation,
        "synced_generation": _synced_generation(metadata, current, outcome),
        "last_sync_time": now if outcome.operation is not None else current.last_sync_time,
        "last_handled_reconcile_at": outcome.handled_request or current.last_handled_reconcile_at,
        "conditions": tuple(_conditions(metadata, outcome, writer)),
    }
    kind = type(current)
    return kind(**{name: value for name, value in values.items() if name in kind.model_fields})


def merge_patch(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON merge patch (RFC 7386) between two statuses, empty if they are equal; it replaces whole lists."""
    patch = {name: value for name, value in wanted.items() if current.get(name) != value}
    return patch | dict.fromkeys(current.keys() - wanted.keys())


def as_json(status: EntryStatus) -> dict[str, Any]:
    """Return the status as the API server stores it."""
    return status.model_dump(mode="json", by_alias=True, exclude_none=True)


def events_for(current: EntryStatus, wanted: EntryStatus, outcome: Outcome) -> list[tuple[str, EventNote]]:
    """Return the Events to post, each with its type (``Normal`` or ``Warning``): changed conditions, and notes."""
    events: list[tuple[str, EventNote]] = []
    for condition in filter(None, map(wanted.condition, (ConditionType.READY, ConditionType.DRIFTED))):
        known = current.condition(condition.type)
        if known is None or (known.status, known.reason) != (condition.status, condition.reason):
            done = "" if outcome.operation is None else f"{outcome.operation}: id {wanted.id}. "
            note = EventNote(condition.reason, done + condition.message)
            events.append(("Warning" if _is_bad(condition) else "Normal", note))
    return events + [("Warning" if note.is_warning else "Normal", note) for note in outcome.notes]


def _is_bad(condition: Condition) -> bool:
    waits = {*(kind.waiting for kind in ENTRY_KINDS.values()), Reason.PAUSED}
    if condition.type == ConditionType.DRIFTED:
        return True
    return condition.status is not ConditionStatus.TRUE and condition.reason not in waits


def _synced_generation(metadata: ObjectMeta, current: EntryStatus, outcome: Outcome) -> int | None:
    is_done = outcome.problem is None and not outcome.paused
    return metadata.generation if is_done else current.synced_generation


def _conditions(metadata: ObjectMeta, outcome: Outcome, writer: ConditionWriter) -> Iterable[Condition]:
    if outcome.paused:
        message = _describe_pause(metadata.annotations.get(PAUSED_ANNOTATION, "true"))
        yield writer.write(ConditionType.READY, ConditionStatus.UNKNOWN, Reason.PAUSED, message)
        return
    if outcome.problem is not None:
        yield from _problem_conditions(outcome.problem, writer)
    else:
        message = "The registry entry matches the spec."
        yield writer.write(ConditionType.READY, ConditionStatus.TRUE, Reason.SYNCED, message)
    if outcome.drift:
        reason = Reason.CONTESTED if outcome.is_contested else Reason.CHANGED_OUTSIDE
        yield writer.write(ConditionType.DRIFTED, ConditionStatus.TRUE, reason, describe_drift(outcome))


def _problem_conditions(problem: Problem, writer: ConditionWriter) -> Iterable[Condition]:
    yield writer.write(ConditionType.READY, ConditionStatus.FALSE, problem.reason, problem.message)
    condition_type = ConditionType.STALLED if problem.disposition is Disposition.TERMINAL else ConditionType.RECONCILING
    yield writer.write(condition_type, ConditionStatus.TRUE, problem.reason, problem.message)


def _describe_pause(value: str) -> str:
    until = f"nothing is written to the registry until {PAUSED_ANNOTATION} is removed."
    if value == "true":
        return f"Paused by annotation: {until}"
    return f"Paused by annotation: {until} Its value {value[:MAX_VALUE_LENGTH]!r} counts as 'true'; 'false' resumes."


def describe_drift(outcome: Outcome) -> str:
    """Return a sentence that names what changed in the registry, what the spec says, and why both stay."""
    shown = [
        f"{change.path} is {_as_written(change.observed)}, the spec says {_as_written(change.wanted)}"
        for change in outcome.drift
    ]
    hidden = len(shown) - MAX_DRIFT_PATHS
    more = f" and {hidden} more" if hidden > 0 else ""
    why = "driftPolicy Report leaves it"
    if outcome.is_contested:
        why = "no longer corrected, because another writer keeps changing it; find that writer"
    return f"Changed in the registry ({why}): {'; '.join(shown[:MAX_DRIFT_PATHS])}{more}."


def _as_written(value: FieldValue | Observed | None) -> str:
    """Return a value as a manifest writes it, cut to what a message can show."""
    if value is None:
        return "not set"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= MAX_VALUE_LENGTH else f"{text[:MAX_VALUE_LENGTH]}…"
