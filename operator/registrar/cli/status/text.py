"""The report for people: causes first, then the tree, in aligned columns; styles are for a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence

import click

from registrar.api.bodies import ResourceKey
from registrar.cli.events import Event
from registrar.cli.status.causes import Assessed, Cause, Origin
from registrar.cli.status.find import Match
from registrar.cli.status.report import Report, Scope
from registrar.cli.status.tree import Line, label, lines_of
from registrar.cli.status.verdict import Health
from registrar.reporting.advice import REFUSALS

MAX_CAUSES = 20
"""Causes that are written; ``-o json`` has all."""
MAX_ORIGINS = 3
"""Resources that a cause names."""
MAX_MESSAGE = 400
"""Characters of a message: a registry may answer with a page."""
GAP = "   "
NOTHING = "-"
HEADINGS = ("RESOURCE", "ID", "STATE", "READY", "REASON")
WIDE_HEADINGS = ("ENTRY", "GENERATION", "LAST-SYNC", "REGISTRY", "MESSAGE")
FIND_HEADINGS = ("ENTRY", "NAME", "NAMESPACE", "RESOURCE", "READY")

_READY = {Health.READY: "True", Health.STALLED: "False", Health.WAITING: "False", Health.TERMINATING: "False"}


def report_text(report: Report, only: Collection[ResourceKey] | None, *, wide: bool) -> Iterator[str]:
    """Yield the lines of a report.

    Args:
        report: the report.
        only: the resources to list; None lists all.
        wide: whether to add the columns that few need.
    """
    yield summary(report)
    yield from causes_text(report)
    if report.drift:
        drifted = sum(cause.count for cause in report.drift)
        yield f"{_resources(drifted)} drifted: the registry differs from the spec, and the operator leaves it so."
        for cause in report.drift[:MAX_CAUSES]:
            yield from _cause(cause, "yellow")
    if report.aliases:
        waiting = sum(cause.count for cause in report.aliases)
        yield f"The aliases of {_resources(waiting)} wait for their version, and keep their values in the registry."
        for cause in report.aliases[:MAX_CAUSES]:
            yield from _cause(cause, "yellow")
    with_namespace = report.scope.namespace is None
    headings = [*(["NAMESPACE"] if with_namespace else []), *HEADINGS, *(WIDE_HEADINGS if wide else [])]
    listed = list(lines_of(report, only))
    if listed:
        yield ""
        rows = [[*([line.namespace] if with_namespace else []), *_cells(line, wide=wide)] for line in listed]
        yield from table(headings, rows)


def causes_text(report: Report) -> Iterator[str]:
    """Yield the lines of what keeps resources from being ready."""
    for cause in report.causes[:MAX_CAUSES]:
        is_refused = cause.origins[0].needs_person or cause.reason in REFUSALS
        yield from _cause(cause, "red" if is_refused else "yellow")
    if hidden := len(report.causes) - MAX_CAUSES:
        yield from [f"and {hidden} more causes; -o json lists them"] if hidden > 0 else []


def events_text(events: Sequence[Event]) -> Iterator[str]:
    """Yield the lines of the Events about a resource."""
    yield ""
    if not events:
        yield "No Events; the API server keeps them for an hour, unless it is configured otherwise."
        return
    rows = [[one.last_seen, one.type, one.reason, str(one.count), one_line(one.message)] for one in events]
    yield from table(["LAST-SEEN", "TYPE", "REASON", "COUNT", "MESSAGE"], rows)


def matches_text(matches: Iterable[Match], *, wide: bool) -> Iterator[str]:
    """Yield the lines of the resources that represent an entry."""
    rows = []
    for match in matches:
        resource = match.assessed.resource
        ready = click.style(_ready(match.assessed), fg=_colour(match.assessed))
        registry = [resource.status.registry_url or NOTHING] if wide else []
        entry = f"{match.kind}/{match.id or NOTHING}"
        rows.append([entry, one_line(match.name), resource.key.namespace, label(resource.key), ready, *registry])
    yield from table([*FIND_HEADINGS, *(["REGISTRY"] if wide else [])], rows)


def summary(report: Report) -> str:
    """Return one sentence about everything."""
    total, ready = len(report.assessed), report.ready
    if report.scope.resource is not None and total == 1:
        sentence = f"{report.scope.resource} is {'' if ready else 'not '}ready"
    elif report.scope.resource is not None:
        counted = f"all {_resources(total)} are ready" if ready == total else _not_ready(total - ready, total)
        sentence = f"{report.scope.resource} and what belongs to it: {counted}"
    elif total == 0:
        sentence = f"No resources {place_of(report.scope)}"
    elif ready == total:
        place = place_of(report.scope)
        sentence = f"All {total:,} resources {place} are ready" if total > 1 else f"The only resource {place} is ready"
    else:
        sentence = f"{_not_ready(total - ready, total)} {place_of(report.scope)}"
    if ready == total:
        return click.style(f"{sentence}.", fg="green" if total else None)
    return f"{sentence}, for {len(report.causes)} cause{'s' if len(report.causes) > 1 else ''}:"


def place_of(scope: Scope) -> str:
    """Return where the command looked."""
    return "in all namespaces" if scope.namespace is None else f"in namespace {scope.namespace}"


def one_line(text: str) -> str:
    """Return a text of others as a terminal may show it: on one line, without control characters."""
    words = " ".join(text.split())
    shown = "".join(repr(one)[1:-1] if unicodedata.category(one)[0] == "C" else one for one in words)
    return shown if len(shown) <= MAX_MESSAGE else f"{shown[:MAX_MESSAGE]}…"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table; a cell may be styled."""
    cells = [headings, *rows]
    widths = [max(len(click.unstyle(row[column])) for row in cells) for column in range(len(headings))]
    for row in cells:
        padded = (cell + " " * (width - len(click.unstyle(cell))) for cell, width in zip(row, widths, strict=True))
        yield GAP.join(padded).rstrip()


def _cause(cause: Cause, colour: str) -> Iterator[str]:
    named = [
        _subject(origin, len(keys) if len(cause.origins) > 1 else 0)
        for origin, keys in zip(cause.origins[:MAX_ORIGINS], cause.affected, strict=False)
    ]
    hidden = len(cause.origins) - len(named)
    subjects = ", ".join(filter(None, named)) + (f" and {hidden} more" if hidden else "")
    reason = click.style(cause.reason, fg=colour, bold=True)
    number = f"{cause.count:>6,}"
    yield f"{number}  {subjects + ': ' if subjects else ''}{reason}"
    indent = " " * (len(number) + 2)
    yield f"{indent}{'First: ' if len(cause.origins) > 1 else ''}{one_line(cause.origins[0].message)}"
    yield f"{indent}To do: {cause.advice}"


def _subject(origin: Origin, count: int) -> str:
    subject = one_line(origin.subject)
    return f"{subject} ({count})" if count > 1 else subject


def _cells(line: Line, *, wide: bool) -> list[str]:
    name = "  " * line.depth + one_line(line.name)
    if line.assessed is None:
        entry_id, reason = (line.artifact.id or NOTHING, "") if line.artifact else (NOTHING, "does not exist")
        return [name, entry_id, NOTHING, NOTHING, reason, *([""] * len(WIDE_HEADINGS) if wide else [])]
    resource, verdict, status = line.assessed.resource, line.assessed.verdict, line.assessed.resource.status
    concern = resource.concern if line.assessed.is_ready else None
    reason = verdict.reason if concern is None else concern.reason
    colour = _colour(line.assessed)
    cells = [
        name,
        status.id or NOTHING,
        status.state or NOTHING,
        click.style(_ready(line.assessed), fg=colour),
        click.style(reason, fg=colour if concern is None else "yellow"),
    ]
    if wide:
        synced = status.last_sync_time
        cells += [
            one_line(resource.entry_name),
            f"{max(status.observed_generation, 0)}/{resource.metadata.generation}",
            NOTHING if synced is None else synced.strftime("%Y-%m-%dT%H:%M:%SZ"),
            status.registry_url or NOTHING,
            one_line(verdict.message if concern is None else concern.message),
        ]
    return cells


def _ready(assessed: Assessed) -> str:
    return _READY.get(assessed.verdict.health, "Unknown")


def _colour(assessed: Assessed) -> str:
    if assessed.is_ready:
        return "green"
    return "red" if assessed.verdict.is_refused else "yellow"


def _not_ready(number: int, total: int) -> str:
    return f"{number:,} of {_resources(total)} {'is' if number == 1 else 'are'} not ready"


def _resources(number: int) -> str:
    return f"{number:,} resource{'s' if number != 1 else ''}"
