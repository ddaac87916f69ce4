"""A plan as a unified diff of the fields that change, as ``kubectl diff`` prints it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

import click

from registrar.cli.console import one_line
from registrar.cli.documents.dump import dump
from registrar.cli.plan.change import Action, PlannedChange, plain
from registrar.cli.plan.report import Report
from registrar.cli.plan.text import NO_FILE, describe, subject

_NOTHING = "/dev/null"
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def diff_lines(report: Report) -> Iterator[str]:
    """Yield the plan: each entry has a headline, and its fields before and after as YAML."""
    for change in report.listed:
        yield click.style(f"diff {subject(change)}: {describe(change, [])}", bold=True)
        before, after = _yaml(change, is_before=True), _yaml(change, is_before=False)
        names = _NOTHING if change.action is Action.CREATE else _registry_name(change), _manifest_name(change)
        for line in difflib.unified_diff(before, after, *names, lineterm=""):
            yield click.style(one_line(line), fg=_COLOURS.get(line[:1]))


def _registry_name(change: PlannedChange) -> str:
    return f"registry/{change.entry.kind}/{change.entry.id or change.entry.path}"


def _manifest_name(change: PlannedChange) -> str:
    origin = change.origin
    return NO_FILE if origin.file is None else f"{origin.file}:{origin.line}"


def _yaml(change: PlannedChange, *, is_before: bool) -> list[str]:
    fields: dict[str, Any] = {}
    maps: dict[str, dict[str, Any]] = {}
    if change.action is Action.CREATE and not is_before:
        fields["name"] = change.entry.names[-1]
    for each in change.fields:
        value = each.before if is_before else each.after
        if value is None:
            continue
        if each.is_sensitive:
            # Two hidden values that differ must not look the same.
            value = f"{value}, {'before' if is_before else 'after'}"
        # Only the keys of maps, such as custom properties, come behind a dot.
        name, _, key = each.path.partition(".")
        if key:
            maps.setdefault(name, {})[key] = plain(value)
        else:
            fields[name] = plain(value)
    return _lines({**fields, **maps})


def _lines(content: Mapping[str, Any]) -> list[str]:
    return dump(content).splitlines() if content else []
