"""The status that follows from an outcome, and the Events that its changes are worth. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from registrar.api.conditions import Aspect, Condition, ConditionStatus, Reason
from registrar.api.meta import ObjectMeta
from registrar.api.v1alpha1.common import EntryStatus
from registrar.planning.problems import Problem, Severity
from registrar.reporting.conditions import ConditionWriter
from registrar.reporting.outcome import Note, Outcome

MOST_DRIFT = 10
"""Field paths named in the ``Drifted`` condition."""


def next_status(metadata: ObjectMeta, current: EntryStatus, outcome: Outcome, now: datetime) -> EntryStatus:
    """The whole status after a reconcile.

    Args:
        metadata: of the body that was reconciled.
        current: its status.
        outcome: how the reconcile ended.
        now: the time, in UTC.
    """
    facts = outcome.facts
    writer = ConditionWriter(current.conditions or (), metadata.generation, now)
    values: dict[str, Any] = {
        "id": facts.id,
        "parent_id": facts.parent_id,
        "state": facts.state,
        "registry_url": facts.registry_url,
        "storage_uri": facts.storage_uri,
        "owned_fields": facts.owned_fields or None,
        "owned_properties": facts.owned_properties or None,
        "artifacts": facts.artifacts or None,
        "observed_generation": metadata.generation,
        "synced_generation": _synced_generation(metadata, current, outcome),
        "last_sync_time": now if outcome.deed is not None else current.last_sync_time,
        "last_handled_reconcile_at": outcome.handled_request or current.last_handled_reconcile_at,
        "conditions": tuple(_conditions(outcome, writer)),
    }
    kind = type(current)
    return kind(**{name: value for name, value in values.items() if name in kind.model_fields})


def merge_patch(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON merge patch (RFC 7386) between two statuses; lists are replaced as a whole. Empty if they are equal."""
    patch = {name: value for name, value in wanted.items() if current.get(name) != value}
    return patch | dict.fromkeys(current.keys() - wanted.keys())


def as_json(status: EntryStatus) -> dict[str, Any]:
    """The status as the API server keeps it."""
    return status.model_dump(mode="json", by_alias=True, exclude_none=True)


def news(current: EntryStatus, wanted: EntryStatus, outcome: Outcome) -> list[tuple[str, Note]]:
    """The Events to tell, each with its type (``Normal`` or ``Warning``): changes of conditions, and notes."""
    before = {one.type: one for one in current.conditions or ()}
    told: list[tuple[str, Note]] = []
    for one in wanted.conditions or ():
        known = before.get(one.type)
        changed = known is None or (known.status, known.reason) != (one.status, one.reason)
        if changed and one.type in {Aspect.READY, Aspect.DRIFTED}:
            message = one.message if outcome.deed is None else f"{outcome.deed}: id {wanted.id}. {one.message}"
            told.append(("Warning" if _is_bad(one) else "Normal", Note(one.reason, message)))
    return told + [("Normal", note) for note in outcome.notes]


def _is_bad(one: Condition) -> bool:
    waits = {Reason.WAITING_FOR_REGISTERED_MODEL, Reason.WAITING_FOR_MODEL_VERSION, Reason.PAUSED}
    if one.type == Aspect.DRIFTED:
        return True
    return one.status is not ConditionStatus.TRUE and one.reason not in waits


def _synced_generation(metadata: ObjectMeta, current: EntryStatus, outcome: Outcome) -> int | None:
    is_done = outcome.problem is None and not outcome.paused
    return metadata.generation if is_done else current.synced_generation


def _conditions(outcome: Outcome, writer: ConditionWriter) -> Iterable[Condition]:
    if outcome.paused:
        message = (
            "Paused by annotation: nothing is written to the registry until model-registrar.dev/paused is removed."
        )
        yield writer.write(Aspect.READY, ConditionStatus.UNKNOWN, Reason.PAUSED, message)
        return
    if outcome.problem is not None:
        yield from _problem_conditions(outcome.problem, writer)
    else:
        message = "The registry entry matches the spec."
        yield writer.write(Aspect.READY, ConditionStatus.TRUE, Reason.SYNCED, message)
    if outcome.drift:
        reason = Reason.CONTESTED if outcome.is_contested else Reason.CHANGED_OUTSIDE
        yield writer.write(Aspect.DRIFTED, ConditionStatus.TRUE, reason, describe_drift(outcome))


def _problem_conditions(problem: Problem, writer: ConditionWriter) -> Iterable[Condition]:
    yield writer.write(Aspect.READY, ConditionStatus.FALSE, problem.reason, problem.message)
    aspect = Aspect.STALLED if problem.severity is Severity.TERMINAL else Aspect.RECONCILING
    yield writer.write(aspect, ConditionStatus.TRUE, problem.reason, problem.message)


def describe_drift(outcome: Outcome) -> str:
    """Name what was changed in the registry, what is written here, and why it is left so."""
    drift = outcome.drift
    told = [f"{one.path} is {one.observed!r}, here {one.wanted!r}" for one in drift[:MOST_DRIFT]]
    more = f" and {len(drift) - MOST_DRIFT} more" if len(drift) > MOST_DRIFT else ""
    why = "left so by driftPolicy Report"
    if outcome.is_contested:
        why = "not written back any more, because somebody else keeps changing it; find the other writer"
    return f"Changed in the registry and {why}: {'; '.join(told)}{more}."
