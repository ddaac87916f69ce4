"""``registrar validate``: what is wrong with manifests, found without a cluster and without a registry."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from registrar.cli.exits import ExitCode
from registrar.cli.findings import namespace_option, output_option, paths_argument, show_findings
from registrar.cli.options import option
from registrar.cli.validate.everything import problems_of
from registrar.cli.validate.reading import read
from registrar.cli.validate.report import Report


@click.command()
@paths_argument
@namespace_option
@option("--strict", is_flag=True, help="Count warnings as errors.")
@output_option
def validate(paths: tuple[Path, ...], *, namespace: str | None, strict: bool, output: str) -> ExitCode:
    """Check manifests before they are applied; "-" reads them from stdin.

    It needs neither a cluster nor a registry. From a folder, it reads all files that end in .yaml, .yml or .json.
    Manifests of other kinds are passed over. Give all manifests of a namespace at once: some rules compare them with
    each other.

    Exit codes: 0 nothing is wrong but for warnings, 1 something is, 3 a path could not be read, 64 usage.
    """
    report = _check(paths, namespace, is_strict=strict)
    show_findings(report, output)
    return report.exit_code


def _check(paths: Sequence[Path], namespace: str | None, *, is_strict: bool) -> Report:
    reading = read(paths, sys.stdin.buffer, namespace)
    problems = problems_of(reading)
    order = {file: number for number, file in enumerate(dict.fromkeys(problem.file for problem in problems))}
    problems.sort(key=lambda problem: (order[problem.file], problem.line or 0))
    return Report(problems, reading.files, len(reading.manifests) + len(reading.registries), reading.others, is_strict)
