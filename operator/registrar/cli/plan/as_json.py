"""A plan for programs: one object, or one a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from registrar.cli.plan.change import Action, FieldChange, PlannedChange, plain
from registrar.cli.plan.report import Report

FORMAT_VERSION = "1.0"
"""The minor version counts additions, the major one breaks."""
TYPES = {bool: "bool", int: "int", float: "double", str: "string", list: "list"}
"""Types of fields, by their classes here."""
OPAQUE = "opaque"
"""The type of a property that the operator does not write."""


def report_json(report: Report) -> dict[str, Any]:
    """Return the plan as one object, whose schema is docs/reference/plan.schema.json."""
    return {**_head(report), "changes": [_change(change) for change in report.changes], **_tail(report)}


def report_records(report: Report) -> Iterator[dict[str, Any]]:
    """Yield the plan as records: the head, each change, the summary."""
    yield {"type": "head", **_head(report)}
    for change in report.changes:
        yield {"type": "change", **_change(change)}
    yield {"type": "summary", **_tail(report)}


def _head(report: Report) -> dict[str, Any]:
    source = report.source
    return {
        "formatVersion": FORMAT_VERSION,
        "registry": {
            "url": source.registry_url,
            "ref": source.registry_ref,
            "ownerId": source.owner_id,
            "readAt": source.read_at,
        },
        "base": source.base,
        "complete": report.is_complete,
        "assumptions": list(source.assumptions()),
    }


def _tail(report: Report) -> dict[str, Any]:
    counts = report.counts()
    return {
        "summary": {
            **{action.value: counts[action] for action in Action},
            "unchanged": report.unchanged,
            "notFromThisChange": sum(not change.is_of_this_change for change in report.changes),
        },
        "warnings": [
            *report.warnings,
            *(f"{problem.place}: {problem.message}" for problem in report.problems if problem.rule.is_warning),
        ],
        "errors": [problem.as_json() for problem in report.errors],
    }


def _change(change: PlannedChange) -> dict[str, Any]:
    key, entry = change.origin.key, change.entry
    found: dict[str, Any] = {
        "resource": {
            "kind": key.kind,
            "namespace": key.namespace,
            "name": key.name,
            "file": change.origin.file,
            "line": change.origin.line,
        },
        "entry": {"kind": entry.kind, "name": entry.names[-1], "parents": list(entry.names[:-1])},
        "action": change.action.value,
        "cause": change.cause.value,
        "fields": [_field(each) for each in change.fields],
    }
    if entry.id is not None:
        found["entry"]["id"] = entry.id
    if change.reason is not None:
        found["reason"] = change.reason
    if change.message is not None:
        found["message"] = change.message
    return found


def _field(change: FieldChange) -> dict[str, Any]:
    shown = {} if change.is_sensitive else {"before": plain(change.before), "after": plain(change.after)}
    flags = {"sensitive": change.is_sensitive, "drift": change.is_drift}
    return {"path": change.path, "type": _type(change), **shown, **flags}


def _type(change: FieldChange) -> str:
    """Return the type that the field has, or had if it is cleared: 1 and 1.0 look alike in some programs."""
    value = change.before if change.after is None else change.after
    return TYPES.get(type(value), OPAQUE)
