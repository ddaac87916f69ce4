"""``registrar validate``: what is wrong with manifests, found without a cluster and without a registry."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from registrar.cli.console import say
from registrar.cli.exits import ExitCode
from registrar.cli.options import option, valid_namespace
from registrar.cli.validate.everything import problems_of
from registrar.cli.validate.reading import read
from registrar.cli.validate.report import Report

_TEXT, _JSON, _GITHUB = "text", "json", "github"


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(allow_dash=True, path_type=Path))
@option("-n", "--namespace", callback=valid_namespace, help="Namespace of the manifests that name none.")
@option("--strict", is_flag=True, help="Count warnings as errors.")
@option(
    "-o",
    "--output",
    type=click.Choice([_TEXT, _JSON, _GITHUB]),
    default=_TEXT,
    show_default=True,
    help="Format: text, JSON for programs, or annotations for GitHub Actions.",
)
def validate(paths: tuple[Path, ...], *, namespace: str | None, strict: bool, output: str) -> ExitCode:
    """Check manifests before they are applied; "-" reads them from stdin.

    It needs neither a cluster nor a registry. From a folder, it reads all files that end in .yaml, .yml or .json.
    Manifests of other kinds are passed over. Give all manifests of a namespace at once: some rules compare them with
    each other.

    Exit codes: 0 nothing is wrong but for warnings, 1 something is, 3 a path could not be read, 64 usage.
    """
    report = _check(paths, namespace, is_strict=strict)
    if output == _GITHUB:
        for line in report.annotations():
            click.echo(line)
    else:
        for line in report.lines():
            say(line)
    click.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=False) if output == _JSON else report.summary())
    return report.exit_code


def _check(paths: Sequence[Path], namespace: str | None, *, is_strict: bool) -> Report:
    reading = read(paths, sys.stdin.buffer, namespace)
    problems = problems_of(reading)
    order = {file: number for number, file in enumerate(dict.fromkeys(problem.file for problem in problems))}
    problems.sort(key=lambda problem: (order[problem.file], problem.line or 0))
    return Report(problems, reading.files, len(reading.manifests), reading.others, is_strict)
