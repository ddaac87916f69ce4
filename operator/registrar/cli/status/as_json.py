"""The report for programs. Within a major version of the format, fields are only added."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from registrar.api.bodies import ResourceKey
from registrar.api.conditions import ConditionType
from registrar.cli.events import Event
from registrar.cli.status.causes import Assessed, Cause
from registrar.cli.status.find import Match
from registrar.cli.status.report import Report

FORMAT_VERSION = "1.0"


def report_json(report: Report, only: Collection[ResourceKey] | None, events: Sequence[Event] | None) -> dict[str, Any]:
    """Return a report.

    Args:
        report: the report.
        only: the resources to list; None lists all.
        events: the Events about the resource; None if nobody asked for them.
    """
    total = len(report.assessed)
    found = {
        **_head(report),
        "summary": {
            "total": total,
            "ready": report.ready,
            "notReady": total - report.ready,
            "drifted": sum(cause.count for cause in report.drift),
            "aliasesWaiting": sum(cause.count for cause in report.aliases),
        },
        "causes": [_cause(cause) for cause in report.causes],
        "drift": [_cause(cause) for cause in report.drift],
        "waitingAliases": [_cause(cause) for cause in report.aliases],
        "resources": [_resource(one) for one in report.assessed if only is None or one.resource.key in only],
    }
    if events is not None:
        found["events"] = [
            {"lastSeen": one.last_seen, **{name: value for name, value in asdict(one).items() if name != "last_seen"}}
            for one in events
        ]
    return found


def matches_json(report: Report, matches: Iterable[Match]) -> dict[str, Any]:
    """Return the resources that represent an entry."""
    found = [
        {
            "entry": {
                "kind": match.kind,
                "id": match.id,
                "name": match.name,
                "registryUrl": match.assessed.resource.status.registry_url,
            },
            "resource": _key(match.assessed.resource.key),
            "health": match.assessed.verdict.health,
        }
        for match in matches
    ]
    return {**_head(report), "matches": found}


def _head(report: Report) -> dict[str, Any]:
    return {
        "formatVersion": FORMAT_VERSION,
        "complete": not report.problems,
        "namespace": report.scope.namespace,
        "errors": list(report.problems),
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "reason": cause.reason,
        "advice": cause.advice,
        "needsPerson": cause.origins[0].needs_person,
        "count": cause.count,
        "origins": [
            {"subject": origin.subject or None, "message": origin.message, "affected": [_key(key) for key in keys]}
            for origin, keys in zip(cause.origins, cause.affected, strict=True)
        ],
    }


def _resource(assessed: Assessed) -> dict[str, Any]:
    resource, verdict, status = assessed.resource, assessed.verdict, assessed.resource.status
    parent, drifted, waiting = resource.parent, status.condition(ConditionType.DRIFTED), resource.waiting_aliases
    return {
        **_key(resource.key),
        "entry": {
            "id": status.id,
            "name": resource.entry_name,
            "state": status.state,
            "registryUrl": status.registry_url,
        },
        "parent": None if parent is None or parent.key is None else _key(parent.key),
        "health": verdict.health,
        "reason": verdict.reason,
        "message": verdict.message,
        "drifted": None if drifted is None else {"reason": drifted.reason, "message": drifted.message},
        "aliasesWaiting": None if waiting is None else {"reason": waiting.reason, "message": waiting.message},
        "paused": resource.metadata.paused,
        "terminating": resource.metadata.terminating,
        "generation": resource.metadata.generation,
        "observedGeneration": status.observed_generation,
        "cause": None if assessed.origin is None else _origin(assessed),
        "aliases": [
            {"name": one.name, "version": one.version, "versionId": one.version_id} for one in resource.aliases
        ],
        "artifacts": [{"type": one.type, "name": one.name, "id": one.id} for one in resource.artifacts],
    }


def _origin(assessed: Assessed) -> dict[str, Any]:
    origin = assessed.origin
    return {} if origin is None else {"reason": origin.reason, "subject": origin.subject or None}


def _key(key: ResourceKey) -> dict[str, str]:
    return {"kind": key.kind, "namespace": key.namespace, "name": key.name}
