"""The status that follows from an outcome, and the Events that report its changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic.alias_generators import to_camel

from registrar.api.conditions import Condition, ConditionStatus, ConditionType, Reason
from registrar.api.meta import PAUSED_ANNOTATION, ObjectMeta
from registrar.api.v1alpha1.common import EntryStatus
from registrar.kinds.table import ENTRY_KINDS
from registrar.planning.problems import Disposition, Problem
from registrar.reporting.conditions import ConditionWriter
from registrar.reporting.outcome import AliasProblem, EventNote, Facts, Outcome
from registrar.reporting.values import MAX_VALUE_LENGTH, as_written

IN_SYNC = "The registry entry matches the spec."
IN_SYNC_BUT_DRIFTED = "In sync, except for drift that is left in place; see the Drifted condition."
IN_SYNC_IGNORING_DRIFT = "In sync, except for any drift, which driftPolicy Ignore leaves in place."
ALIASES_RESOLVED = "The version of each alias exists."
ALIAS_REASONS = (Reason.VERSION_ARCHIVED, Reason.VERSION_MISSING, Reason.VERSION_NOT_READY)
"""Why an alias waits; of several aliases the first reason in this order is reported."""
MAX_DRIFT_PATHS = 10
"""Field paths that the ``Drifted`` condition names."""


def next_status(metadata: ObjectMeta, current: EntryStatus, outcome: Outcome, now: datetime) -> EntryStatus:
    """Return the whole status after a reconcile.

    Args:
        metadata: of the resource as it was reconciled.
        current: its status today.
        outcome: how the reconcile ended.
        now: the time, in UTC.
    """
    writer = ConditionWriter(current.conditions or (), metadata.generation, now)
    values: dict[str, Any] = {
        **_ownership(outcome.facts),
        "state": outcome.facts.state,
        "storage_uri": outcome.facts.storage_uri,
        "uri": outcome.facts.uri,
        "newest_artifact_id": outcome.facts.newest_artifact_id,
        "aliases": outcome.facts.aliases or None,
        "observed_generation": metadata.generation,
        "synced_generation": _synced_generation(metadata, current, outcome),
        "last_sync_time": now if outcome.operation is not None else current.last_sync_time,
        "last_handled_reconcile_at": outcome.handled_request or current.last_handled_reconcile_at,
        "conditions": tuple(_conditions(metadata, outcome, writer)),
    }
    return _status(type(current), values)


def ownership_patch(current: EntryStatus, raw: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """Return the JSON merge patch that records which entries a resource has, and what it has set on them.

    Args:
        current: its status today.
        raw: the same as the API server stores it.
        facts: what to record; the rest of the status stays.
    """
    values = _ownership(facts)
    wanted = as_json(_status(type(current), values))
    return {name: wanted.get(name) for name in map(to_camel, values) if wanted.get(name) != raw.get(name)}


def _ownership(facts: Facts) -> dict[str, Any]:
    return {
        "id": facts.id,
        "create_time_since_epoch": facts.create_time_since_epoch,
        "origin": facts.origin,
        "parent_id": facts.parent_id,
        "registry_url": facts.registry_url,
        "registry_ref": facts.registry_ref,
        "managed_by": facts.managed_by,
        "owned_fields": facts.owned_fields or None,
        "owned_properties": facts.owned_properties or None,
        "digest": facts.digest,
        "artifacts": facts.artifacts or None,
    }


def _status(kind: type[EntryStatus], values: Mapping[str, Any]) -> EntryStatus:
    fields = kind.model_fields
    return kind(**{name: value for name, value in values.items() if name in fields})


def merge_patch(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON merge patch (RFC 7386) between two statuses, empty if they are equal; it replaces whole lists."""
    patch = {name: value for name, value in wanted.items() if current.get(name) != value}
    return patch | dict.fromkeys(current.keys() - wanted.keys())


def as_json(status: EntryStatus) -> dict[str, Any]:
    """Return the status as the API server stores it."""
    return status.model_dump(mode="json", by_alias=True, exclude_none=True)


def events_for(current: EntryStatus, wanted: EntryStatus, outcome: Outcome) -> list[EventNote]:
    """Return the Events to post: one for each write to the registry, and one for each condition that changed.

    Drift that ended has an Event too. A resource that became Ready by a write has the Event of that write alone.
    """
    events = list(outcome.notes)
    for condition in filter(None, map(wanted.condition, (ConditionType.READY, ConditionType.DRIFTED))):
        known = current.condition(condition.type)
        if known is not None and (known.status, known.reason) == (condition.status, condition.reason):
            continue
        if condition.reason == Reason.SYNCED and any(note.is_write for note in outcome.notes):
            continue
        events.append(EventNote(condition.reason, condition.message, is_warning=_is_bad(condition)))
    events += _alias_events(current, wanted)
    ended = current.condition(ConditionType.DRIFTED)
    # After a pause or a problem nothing was compared, so the drift may persist.
    if ended is not None and not outcome.drift and outcome.problem is None and not outcome.paused:
        events.append(EventNote("DriftEnded", f"No drift is left to report. Before: {ended.message}"))
    return events


def _alias_events(current: EntryStatus, wanted: EntryStatus) -> list[EventNote]:
    """Return the Event of aliases that wait now, if they did not at first: a new model has no version for a moment."""
    before, after = (status.condition(ConditionType.ALIASES_RESOLVED) for status in (current, wanted))
    if before is None or after is None or after.status is ConditionStatus.TRUE or before.reason == after.reason:
        return []
    return [EventNote(after.reason, after.message, is_warning=after.reason == Reason.VERSION_ARCHIVED)]


def _is_bad(condition: Condition) -> bool:
    waits = {*(kind.waiting for kind in ENTRY_KINDS.values()), Reason.WAITING_FOR_REGISTRY, Reason.PAUSED}
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
        yield writer.write(ConditionType.READY, ConditionStatus.TRUE, Reason.SYNCED, _describe_sync(outcome))
    if outcome.drift:
        reason = Reason.CONTESTED if outcome.is_contested else Reason.CHANGED_OUTSIDE
        yield writer.write(ConditionType.DRIFTED, ConditionStatus.TRUE, reason, describe_drift(outcome))
    if outcome.has_unread_aliases:
        yield from writer.recorded(ConditionType.ALIASES_RESOLVED)
    elif outcome.alias_problems is not None:
        yield _alias_condition(outcome.alias_problems, writer)


def _describe_sync(outcome: Outcome) -> str:
    """Return a sentence that claims no more than was compared."""
    if outcome.drift:
        return IN_SYNC_BUT_DRIFTED
    return IN_SYNC_IGNORING_DRIFT if outcome.ignores_drift else IN_SYNC


def _problem_conditions(problem: Problem, writer: ConditionWriter) -> Iterable[Condition]:
    yield writer.write(ConditionType.READY, ConditionStatus.FALSE, problem.reason, problem.message)
    condition_type = ConditionType.STALLED if problem.disposition is Disposition.TERMINAL else ConditionType.RECONCILING
    yield writer.write(condition_type, ConditionStatus.TRUE, problem.reason, problem.message)


def _alias_condition(problems: Sequence[AliasProblem], writer: ConditionWriter) -> Condition:
    condition_type, reasons = ConditionType.ALIASES_RESOLVED, {problem.reason for problem in problems}
    if not problems:
        return writer.write(condition_type, ConditionStatus.TRUE, Reason.ALIASES_RESOLVED, ALIASES_RESOLVED)
    # The one that needs a person comes first.
    reason = next(reason for reason in ALIAS_REASONS if reason in reasons)
    message = " ".join(problem.message for problem in problems)
    return writer.write(condition_type, ConditionStatus.FALSE, reason, message)


def _describe_pause(value: str) -> str:
    until = f"nothing is written to the registry until {PAUSED_ANNOTATION} is removed."
    if value == "true":
        return f"Paused by annotation: {until}"
    return f"Paused by annotation: {until} Its value {value[:MAX_VALUE_LENGTH]!r} counts as 'true'; 'false' resumes."


def describe_drift(outcome: Outcome) -> str:
    """Return a sentence that names what changed in the registry, what the spec says, and why both stay."""
    shown = [
        f"{change.path} is {as_written(change.path, change.observed)}, "
        f"the spec says {as_written(change.path, change.wanted)}"
        for change in outcome.drift
    ]
    hidden = len(shown) - MAX_DRIFT_PATHS
    more = f" and {hidden} more" if hidden > 0 else ""
    why = "driftPolicy Report leaves it"
    if outcome.is_contested:
        why = "no longer corrected, because another writer keeps changing it; find that writer"
    return f"Changed in the registry ({why}): {'; '.join(shown[:MAX_DRIFT_PATHS])}{more}."
