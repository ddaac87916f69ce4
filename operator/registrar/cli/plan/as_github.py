"""A plan as annotations, which GitHub Actions shows at the manifests of a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from registrar.api.bodies import ResourceKey
from registrar.cli.console import counted
from registrar.cli.github import Level, annotation
from registrar.cli.plan.change import NOT_WRITTEN, Action, PlannedChange
from registrar.cli.plan.report import Report
from registrar.cli.plan.text import describe, field_lines, folded, subject

_MAX_LINES = 30
"""Lines of an annotation, which GitHub shows in full between those of the file."""


def annotation_lines(report: Report) -> Iterator[str]:
    """Yield an annotation for each problem and each listed change, and then the summary."""
    annotated = set()
    for problem in report.problems:
        level = Level.WARNING if problem.rule.is_warning else Level.ERROR
        title = f"registrar plan: {problem.rule}"
        yield annotation(level, title, problem.message, file=problem.file, line=problem.line)
        if problem.subject is not None and level is Level.ERROR:
            found = problem.subject
            annotated.add(ResourceKey(found.kind, str(found.namespace), str(found.name)))
    for change, inline in folded(report.listed):
        if change.action is Action.REFUSE and change.origin.key in annotated:
            continue
        yield _annotation(report, change, inline)
    yield report.summary()


def _annotation(report: Report, change: PlannedChange, inline: list[PlannedChange]) -> str:
    fields = () if change.action is Action.CREATE else change.fields
    lines = [
        f"{subject(change)}: {describe(change, inline)}",
        *(line for field in fields for line in field_lines(field)),
    ]
    if len(lines) > _MAX_LINES:
        lines[_MAX_LINES:] = [f"… {counted(len(lines) - _MAX_LINES, 'more line')}"]
    origin, title = change.origin, f"registrar plan: {change.action}"
    return annotation(_level(report, change), title, "\n".join(lines), file=origin.file, line=origin.line)


def _level(report: Report, change: PlannedChange) -> Level:
    if change.action is Action.REFUSE or change.action in report.fail_on:
        return Level.ERROR
    return Level.WARNING if change.action in NOT_WRITTEN else Level.NOTICE
