"""Where a plan and the operator disagree, in words."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from model_registry.types import RegistryEntry
from registrar.cli.plan.change import NOT_WRITTEN, Action
from tests.cli.plan.oracle.batch import Played
from tests.cli.plan.oracle.cases import OWNER_PROPERTY, Place
from tests.cli.plan.oracle.writes import Write, Writes
from tests.support.resources import condition

_ORIGIN = re.compile('"adopted:')


def disagreements(played: Played) -> list[str]:
    """Return what differs; empty where the plan was right."""
    return [*_of_writes(played), *_of_report(played), *_of_conditions(played), *_of_changed_only(played)]


def _of_writes(played: Played) -> Iterator[str]:
    kept = {place for place, entry in played.entries.items() if _stamp(entry).startswith("kept:")}
    planned, done = (_without_origin_of_kept(writes, kept) for writes in (played.planned.writes, played.done))
    adopted = kept & {put.place for put in played.case.before}
    planned, done = (_without_retirement(writes, adopted) for writes in (planned, done))
    for place in sorted({*planned, *done}):
        if planned.get(place, []) != done.get(place, []):
            yield f"{place}:\n    planned: {_text(planned.get(place, []))}\n    done:    {_text(done.get(place, []))}"


def _stamp(entry: RegistryEntry) -> str:
    return str((entry.custom_properties or {}).get(OWNER_PROPERTY, ""))


def _without_origin_of_kept(writes: Writes, kept: Collection[Place]) -> Writes:
    """Return writes without what only the status knows of an entry whose stamp says ``kept``: how it came.

    A later deletion policy writes it into the stamp again, which no plan shows.
    """
    return {
        place: [(method, json.loads(_ORIGIN.sub('"created:', json.dumps(body)))) for method, body in sequence]
        if place in kept
        else sequence
        for place, sequence in writes.items()
    }


def _without_retirement(writes: Writes, adopted: Collection[Place]) -> Writes:
    """Return writes without what a release does to an adopted entry whose stamp says ``kept``.

    Only the status knows that it was adopted. If an inline artifact leaves its version together with the policy
    ``Orphan``, a plan takes its entry for a created one, which is retired and keeps a stamp.
    """
    return {
        place: [(method, _without_stamp(body) if _releases(body) else body) for method, body in sequence]
        if place in adopted
        else sequence
        for place, sequence in writes.items()
    }


def _releases(body: dict[str, Any]) -> bool:
    properties = body.get("customProperties")
    stamp = {} if properties is None else properties.get(OWNER_PROPERTY, {"string_value": "released:"})
    return str(stamp.get("string_value")).startswith("released:")


def _without_stamp(body: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in body["customProperties"].items() if name != OWNER_PROPERTY}
    return {**body, "customProperties": kept, "state": None}


def _of_report(played: Played) -> Iterator[str]:
    """Compare the entries that the report calls changed with those that were written."""
    stated = {
        (change.entry.kind, change.entry.names)
        for change in played.planned.report.changes
        if change.action not in NOT_WRITTEN
    }
    written = {(place.kind, place.names) for place in played.planned.writes}
    for kind, names in sorted(stated ^ written):
        what = "the report has no write" if (kind, names) in written else "the report has a write that is not planned"
        yield f"{kind} {'/'.join(names)}: {what}"


def _of_conditions(played: Played) -> Iterator[str]:
    """Compare what the report says of resources that are not written with their conditions."""
    blocked = {
        change.origin.key: change
        for change in played.planned.report.changes
        if change.action in NOT_WRITTEN - {Action.LEAVE}
    }
    keys = {*blocked, *played.refused, *played.resources}
    for key in sorted(keys):
        said = blocked.get(key)
        if key in played.refused:
            if said is None or said.action is not Action.REFUSE:
                yield f"{key}: the API server refuses it, the plan does not: {played.refused[key]}"
            continue
        ready = condition(played.resources.get(key, {}), "Ready")
        reason = ready.get("reason") if ready.get("status") != "True" else None
        expected = None if said is None else said.reason
        if reason != expected:
            yield f"{key}: planned {expected}, but it is {reason}: {ready.get('message')}"


def _of_changed_only(played: Played) -> Iterator[str]:
    """Compare the plan that reads a part of the registry with the one that reads all."""
    changed = played.changed_only
    if changed is None or changed.of_part is None:
        return
    of_part, of_all = changed.of_part.changes, changed.of_all.changes
    yield from (f"--changed alone says: {change}" for change in of_part if change not in of_all)
    yield from (f"--changed lacks: {change}" for change in of_all if change not in of_part)
    if changed.of_part.unchanged != changed.of_all.unchanged:
        yield f"--changed counts {changed.of_part.unchanged} unchanged, not {changed.of_all.unchanged}"


def _text(writes: list[Write]) -> str:
    return "; ".join(f"{method} {json.dumps(body, ensure_ascii=False, sort_keys=True)}" for method, body in writes)


def history(played: Played) -> str:
    """Return a case for a person who looks for the cause."""
    case = played.case
    lines = [f"case {case.name}, deletes first: {case.deletes_first}"]
    for title, items in {"before": case.before, "meanwhile": case.meanwhile}.items():
        lines += [
            f"  {title}: {put.place} {json.dumps([put.fields, put.properties], ensure_ascii=False)}" for put in items
        ]
    for title, manifests in {"base": case.base, "head": case.head}.items():
        for found in manifests:
            metadata = found["metadata"]
            lines.append(
                f"  {title}: {found['kind']} {metadata['namespace']}/{metadata['name']} "
                f"{json.dumps(metadata.get('annotations', {}))} {json.dumps(found['spec'], ensure_ascii=False)}"
            )
    lines += [f"  found: {place} {entry!r}" for place, entry in played.entries.items()]
    return "\n".join(lines)
