"""A plan for a terminal."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from itertools import groupby

import click

from registrar.api.secrets import HIDDEN
from registrar.cli.console import counted, one_line
from registrar.cli.plan.change import Action, EntryName, FieldChange, PlannedChange, Value
from registrar.cli.plan.report import Report
from registrar.reporting.values import as_written

NO_FILE = "Not in these manifests"
"""The heading of resources that only the base has."""
_SYMBOLS = {
    Action.CREATE: ("+", "green"),
    Action.ADOPT: ("=", "cyan"),
    Action.UPDATE: ("~", "yellow"),
    Action.RESTORE: ("^", "green"),
    Action.ARCHIVE: ("-", "red"),
    Action.RELEASE: ("-", "red"),
    Action.HAND_OVER: (">", "cyan"),
    Action.TAKE_OVER: (">", "yellow"),
    Action.LEAVE: (".", None),
    Action.WAIT: ("?", "yellow"),
    Action.PAUSE: (".", None),
    Action.REFUSE: ("!", "red"),
}
_VERBS = {
    Action.HAND_OVER: "hand over",
    Action.TAKE_OVER: "take over",
    Action.LEAVE: "left different",
    Action.WAIT: "waits",
    Action.PAUSE: "paused",
    Action.REFUSE: "refused",
}
_LONG = 60
"""Characters from which a text is shown as a difference of lines."""


def report_lines(report: Report) -> Iterator[str]:
    """Yield the plan, the summary last."""
    for file, changes in groupby(folded(report.listed), key=lambda item: item[0].origin.file):
        yield one_line(file or NO_FILE)
        for change, inline in changes:
            yield from _change_lines(change, inline)
    if report.changes:
        yield ""
    yield from report.unlisted_lines()
    yield report.summary()


def folded(changes: list[PlannedChange]) -> Iterator[tuple[PlannedChange, list[PlannedChange]]]:
    """Yield changes, and with the creation of a version those of its artifacts."""
    pending: tuple[PlannedChange, list[PlannedChange]] | None = None
    for change in changes:
        is_part = pending is not None and change.is_inline and change.origin == pending[0].origin
        if is_part and pending is not None and change.action is pending[0].action is Action.CREATE:
            pending[1].append(change)
            continue
        if pending is not None:
            yield pending
        pending = change, []
    if pending is not None:
        yield pending


def describe(change: PlannedChange, inline: list[PlannedChange]) -> str:
    """Return what happens to an entry, without its fields."""
    done = ", ".join([verb_of(change), *extent_of(change, inline)])
    reason = "" if change.reason is None else f": {change.reason}"
    message = "" if change.message is None else f"{',' if change.reason else ''} {one_line(change.message)}"
    return f"{done}{reason}{message}"


def verb_of(change: PlannedChange) -> str:
    """Return the action in words, such as ``hand over``."""
    return _VERBS.get(change.action, change.action.value)


def extent_of(change: PlannedChange, inline: list[PlannedChange]) -> Iterator[str]:
    """Yield how far an action goes: ``stamp only``, or ``with 1 document and 2 artifacts``."""
    if change.action is Action.ADOPT and not change.fields:
        yield "stamp only"
    if inline:
        documents = sum(each.entry.kind == "doc-artifact" for each in inline)
        parts = [counted(documents, "document")] if documents else []
        parts += [counted(len(inline) - documents, "artifact")] if len(inline) > documents else []
        yield f"with {' and '.join(parts)}"


def subject(change: PlannedChange) -> str:
    """Return the resource and its entry, such as ``ModelVersion churn-1 → churn/1 (id 7)``."""
    key = change.origin.key
    return one_line(f"{key.kind} {key.name}{_artifact(change)} → {named(change.entry)}")


def named(entry: EntryName) -> str:
    """Return an entry's names and ID."""
    return entry.path if entry.id is None else f"{entry.path} (id {entry.id})"


def field_lines(change: FieldChange) -> Iterator[str]:
    """Yield what happens to a field."""
    note = " (drift)" if change.is_drift else ""
    if change.is_sensitive:
        yield f"{change.path}  {HIDDEN}{note}"
        return
    if change.after in (None, "", []):
        yield f"{change.path}  {as_written(change.path, change.before)} → cleared{note}"
        return
    if has_long_texts(change):
        yield f"{change.path}{note}"
        yield from (f"  {line}" for line in text_difference(str(change.before), str(change.after)))
        return
    before, after = (as_written(change.path, value) for value in (change.before, change.after))
    yield f"{change.path}  {before} → {after}{note}"


def text_difference(before: str, after: str) -> Iterator[str]:
    """Yield the lines in which two texts differ, with one around them, as ``diff -u`` writes them."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm="")
    yield from (one_line(line) for line in list(lines)[2:])


def has_long_texts(change: FieldChange) -> bool:
    """Return whether a change is shown as a difference of lines."""
    return _is_long(change.before) and _is_long(change.after)


def _is_long(value: Value) -> bool:
    return isinstance(value, str) and (len(value) > _LONG or "\n" in value)


def _artifact(change: PlannedChange) -> str:
    return f" {change.entry.kind}" if change.is_inline else ""


def _change_lines(change: PlannedChange, inline: list[PlannedChange]) -> Iterator[str]:
    symbol, colour = _SYMBOLS[change.action]
    yield click.style(f"  {symbol} {subject(change)}  {describe(change, inline)}", fg=colour)
    if change.action is not Action.CREATE:
        for each in change.fields:
            yield from (f"      {line}" for line in field_lines(each))
