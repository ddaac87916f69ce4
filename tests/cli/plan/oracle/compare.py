"""Where a plan and the operator disagree, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator

from registrar.cli.plan.change import NOT_WRITTEN, Action
from tests.cli.plan.oracle.batch import Played
from tests.cli.plan.oracle.writes import Write
from tests.support.resources import condition


def disagreements(played: Played) -> list[str]:
    """Return what differs; empty where the plan was right."""
    return [*_of_writes(played), *_of_report(played), *_of_conditions(played)]


def _of_writes(played: Played) -> Iterator[str]:
    planned, done = played.planned.writes, played.done
    for place in sorted({*planned, *done}):
        if planned.get(place, []) != done.get(place, []):
            yield f"{place}:\n    planned: {_text(planned.get(place, []))}\n    done:    {_text(done.get(place, []))}"


def _of_report(played: Played) -> Iterator[str]:
    """Compare the entries that the report calls changed with those that were written."""
    told = {
        (change.entry.kind, change.entry.names)
        for change in played.planned.report.changes
        if change.action not in NOT_WRITTEN
    }
    written = {(place.kind, place.names) for place in played.planned.writes}
    for kind, names in sorted(told ^ written):
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


def _text(writes: list[Write]) -> str:
    return "; ".join(f"{method} {json.dumps(body, ensure_ascii=False, sort_keys=True)}" for method, body in writes)


def history(played: Played) -> str:
    """Return a case for a person who looks for the cause."""
    case = played.case
    lines = [f"case {case.name}, deletes first: {case.deletes_first}"]
    for title, items in {"before": case.before, "meanwhile": case.meanwhile}.items():
        lines += [f"  {title}: {put.place} {json.dumps([put.fields, put.properties], ensure_ascii=False)}" for put in items]
    for title, manifests in {"base": case.base, "head": case.head}.items():
        for found in manifests:
            metadata = found["metadata"]
            lines.append(
                f"  {title}: {found['kind']} {metadata['namespace']}/{metadata['name']} "
                f"{json.dumps(metadata.get('annotations', {}))} {json.dumps(found['spec'], ensure_ascii=False)}"
            )
    return "\n".join(lines)
