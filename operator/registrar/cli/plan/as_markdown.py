"""A plan as the comment of a pull request: the summary first, then a fold for each file, never too long to be posted.

Everything that comes from a manifest or a registry stands in code: a name notifies no one, and neither ``|`` nor HTML
nor a fence of backquotes has a meaning. There is no time in it, so that an unchanged plan is an unchanged comment.
"""

from __future__ import annotations

import html
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import quote

from registrar.cli.console import counted, one_line
from registrar.cli.plan.change import Action, FieldChange, PlannedChange
from registrar.cli.plan.report import SUMMARY, Report
from registrar.cli.plan.text import (
    NO_FILE,
    extent_of,
    field_lines,
    folded,
    has_long_texts,
    subject,
    verb_of,
)
from registrar.cli.validate.problems import Problem
from registrar.reporting.values import as_written

MAX_LENGTH = 60_000
"""Characters of a comment by default. GitHub refuses more than 65,536."""
MIN_LENGTH = 4_000
"""Characters that the summary alone may need."""
TITLE = "Plan for the model registry"
"""The heading by default."""
MAX_TITLE = 100
"""Characters of a heading."""
_MAX_DIFFERENCE_LINES = 30
_MAX_LINE = 200
_MAX_MESSAGE = 1_000
_URGENCY = (
    Action.REFUSE,
    Action.ARCHIVE,
    Action.RELEASE,
    Action.TAKE_OVER,
    Action.WAIT,
    Action.HAND_OVER,
    Action.RESTORE,
    Action.UPDATE,
    Action.LEAVE,
    Action.PAUSE,
    Action.ADOPT,
    Action.CREATE,
)
"""Which entries are shown if not all of them fit: those that a reviewer must not overlook first."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What distinguishes a comment from others.

    Attributes:
        title: the heading. A comment is found by it, so two plans of one pull request need different ones.
        max_length: characters of the whole comment.
    """

    title: str = TITLE
    max_length: int = MAX_LENGTH

    @property
    def marker(self) -> str:
        """The first line, which is not shown."""
        return f"<!-- registrar-plan: {quote(self.title).replace('-', '%2D')} -->"


@dataclass(frozen=True, slots=True)
class _Item:
    """An entry, or an error of a file, in Markdown."""

    file: str
    urgency: int
    number: int
    text: str


def markdown(report: Report, heading: Heading) -> str:
    """Return the comment, which ends with a line break."""
    head, notes = "\n".join(_head(report, heading)), "\n".join(_notes(report))
    items = list(_items(report))
    total = sum(item.number for item in items)
    folds = _fold_starts(report)
    room = heading.max_length - len(head) - len(notes) - len(_missing(total)) - 3
    shown = _chosen(items, folds, room)
    body = [
        "".join([folds[file], *(item.text for item in group), _FOLD_END])
        for file, group in groupby(shown, key=lambda item: item.file)
    ]
    left_out = total - sum(item.number for item in shown)
    return "\n".join([head, "".join(body) + (_missing(left_out) if left_out else ""), notes, ""])


def code(text: str) -> str:
    """Return a text as code within a line of Markdown, exactly and without any meaning."""
    line = one_line(text)
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    # One space on each side is removed, unless there is nothing else. It keeps the text's own signs from the fence.
    is_padded = line.strip(" ") and (line[0] in "` " or line[-1] in "` ")
    padding = " " if is_padded else ""
    return f"{fence}{padding}{line}{padding}{fence}"


_FOLD_END = "\n</details>\n"


def _fold_starts(report: Report) -> dict[str, str]:
    """Return how the fold of each file begins, with the numbers of all that is in it."""
    counts: defaultdict[str, Counter[Action]] = defaultdict(Counter)
    for change in report.listed:
        counts[change.origin.file or NO_FILE][change.action] += 1
    errors = Counter(problem.file for problem in report.other_errors)
    starts = {}
    for file in (*errors, *counts):
        parts = [counted(errors[file], "error")] if errors[file] else []
        parts += _counted(counts[file])
        name = html.escape(one_line(file))
        starts[file] = f"\n<details><summary><code>{name}</code>: {', '.join(parts)}</summary>\n\n"
    return starts


def _counted(counts: Counter[Action]) -> list[str]:
    return [f"{counts[action]:,} {words}" for action, words in SUMMARY.items() if counts[action]]


def _chosen(items: list[_Item], folds: dict[str, str], room: int) -> list[_Item]:
    """Return the items that fit, the urgent ones before the others, in the order of files."""
    chosen: set[int] = set()
    opened: set[str] = set()
    for place in sorted(range(len(items)), key=lambda place: (items[place].urgency, place)):
        item = items[place]
        length = len(item.text) + (0 if item.file in opened else len(folds[item.file]) + len(_FOLD_END))
        if length <= room:
            room -= length
            chosen.add(place)
            opened.add(item.file)
    return [item for place, item in enumerate(items) if place in chosen]


def _head(report: Report, heading: Heading) -> Iterator[str]:
    yield heading.marker
    yield f"### {html.escape(one_line(heading.title))}: {_result(report)}"
    yield ""
    if not report.is_complete:
        yield "**This plan is incomplete:** not everything could be read. The log of the job says what.\n"
    if not_allowed := _counted(Counter(change.action for change in report.changes if change.action in report.fail_on)):
        yield f"**Not allowed here:** {', '.join(not_allowed)}.\n"
    if report.other_errors:
        yield f"**{counted(len(report.other_errors), 'error')}:** what cannot be read is not in this plan.\n"
    yield from (f"**Warning:** {warning}\n" for warning in report.warnings)
    yield from (f"{html.escape(one_line(line.strip()))}.\n" for line in report.unlisted_lines())
    counts = report.counts()
    yield "| | entries |\n| --- | ---: |"
    yield from (f"| {words} | {counts[action]:,} |" for action, words in SUMMARY.items() if counts[action])
    yield f"| unchanged | {report.unchanged:,} |"


def _result(report: Report) -> str:
    """Return the result in a few words, which must hold even if everything below is cut off."""
    parts = _counted(report.counts())
    if report.other_errors:
        parts.append(counted(len(report.other_errors), "error"))
    if not report.is_complete:
        return ", ".join(["incomplete", *parts])
    if not parts:
        return "nothing from this change" if report.changes else "no changes"
    return ", ".join(parts)


def _notes(report: Report) -> Iterator[str]:
    yield "\n<details><summary>What this plan assumes</summary>\n"
    yield from (f"- {html.escape(assumption)}" for assumption in report.source.assumptions())
    yield "\n</details>"


def _missing(number: int) -> str:
    return f"\n**{number:,} more in the job's artifact**, which has the whole plan.\n"


def _items(report: Report) -> Iterator[_Item]:
    """Yield what is to be shown, the items of a file behind each other."""
    items = [_error_item(problem) for problem in report.other_errors]
    items += [_change_item(report, change, inline) for change, inline in folded(report.listed)]
    yield from sorted(items, key=lambda item: (item.file == NO_FILE, item.file))


def _error_item(problem: Problem) -> _Item:
    line = "" if problem.line is None else f" in line {problem.line}"
    return _Item(problem.file, -1, 1, f"- **error**{line}: {code(_cut(problem.message, _MAX_MESSAGE))}\n")


def _change_item(report: Report, change: PlannedChange, inline: list[PlannedChange]) -> _Item:
    urgency = -1 if change.action in report.fail_on else _URGENCY.index(change.action)
    text = "".join(f"{line}\n" for line in _change_lines(change, inline))
    return _Item(change.origin.file or NO_FILE, urgency, 1 + len(inline), text)


def _change_lines(change: PlannedChange, inline: list[PlannedChange]) -> Iterator[str]:
    reason = "" if change.reason is None else f": {change.reason}"
    extent = "".join(f", {extent}" for extent in extent_of(change, inline))
    yield f"- **{verb_of(change)}** {code(subject(change))}{extent}{reason}"
    if change.message is not None:
        yield f"  - {code(_cut(change.message, _MAX_MESSAGE))}"
    if change.action is not Action.CREATE:
        for field in change.fields:
            yield from _field_lines(field)


def _field_lines(change: FieldChange) -> Iterator[str]:
    name, note = code(change.path), " (drift)" if change.is_drift else ""
    if change.is_sensitive:
        verb = "set" if change.before is None else "cleared" if change.after is None else "changed"
        yield f"  - {name}: {verb}, and hidden because it looks like a secret{note}"
    elif has_long_texts(change):
        yield f"  - {name}:{note}"
        yield from _fenced(list(field_lines(change))[1:])
    else:
        before, after = (as_written(change.path, value) for value in (change.before, change.after))
        is_cleared = change.after in (None, "", [])
        yield f"  - {name}: {code(before)} → {'cleared' if is_cleared else code(after)}{note}"


def _fenced(lines: list[str]) -> Iterator[str]:
    """Yield a difference as a fenced block within a list, cut to what a reviewer reads."""
    shown = [_cut(line, _MAX_LINE) for line in lines[:_MAX_DIFFERENCE_LINES]]
    if len(lines) > len(shown):
        shown.append(f"… {counted(len(lines) - len(shown), 'more line')}")
    fence = "`" * max(3, *(len(run) + 1 for line in shown for run in re.findall("`+", line)), 0)
    yield f"    {fence}diff"
    # field_lines() indents by two.
    yield from (f"    {line.removeprefix('  ')}" for line in shown)
    yield f"    {fence}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}…"
