"""The forms of a plan: which there are, and which module writes each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum

from registrar.cli.plan.as_diff import diff_lines
from registrar.cli.plan.as_github import annotation_lines
from registrar.cli.plan.as_json import report_json, report_records
from registrar.cli.plan.as_markdown import Heading, markdown
from registrar.cli.plan.report import Report
from registrar.cli.plan.text import report_lines


class Format(StrEnum):
    """What ``--output`` and ``--out`` take."""

    TEXT = "text"
    """For a terminal."""
    DIFF = "diff"
    """The fields of each entry before and after, as a unified diff of YAML."""
    JSON = "json"
    """One object for programs."""
    NDJSON = "ndjson"
    """The same, a change a line."""
    MARKDOWN = "markdown"
    """The comment of a pull request."""
    GITHUB = "github"
    """Annotations for GitHub Actions."""


def lines_of(report: Report, output: Format, heading: Heading) -> Iterator[str]:
    """Yield the lines of a plan, styled where a terminal shows colours."""
    match output:
        case Format.TEXT:
            yield from report_lines(report)
        case Format.DIFF:
            yield from diff_lines(report)
        case Format.JSON:
            yield json.dumps(report_json(report), indent=2, ensure_ascii=False)
        case Format.NDJSON:
            yield from (json.dumps(record, ensure_ascii=False) for record in report_records(report))
        case Format.MARKDOWN:
            yield markdown(report, heading).removesuffix("\n")
        case Format.GITHUB:
            yield from annotation_lines(report)
