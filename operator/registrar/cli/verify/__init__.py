"""``registrar verify``: whether the addresses of artifacts lead to the content that was approved."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from registrar.cli.console import Counter
from registrar.cli.exits import ExitCode
from registrar.cli.findings import namespace_option, output_option, paths_argument, show_findings
from registrar.cli.options import option
from registrar.cli.validate import alone
from registrar.cli.validate.reading import read
from registrar.cli.verify.declared import artifacts_in
from registrar.cli.verify.measuring import measure
from registrar.cli.verify.report import Report
from registrar.cli.verify.verdict import judge


@click.command()
@paths_argument
@namespace_option
@option("--require-digest", is_flag=True, help="Count an artifact that declares no digest as wrong.")
@output_option
def verify(paths: tuple[Path, ...], *, namespace: str | None, require_digest: bool, output: str) -> ExitCode:
    """Compare artifacts with the digests in their manifests; "-" reads them from stdin.

    It needs neither a cluster nor a model registry, but it opens the artifacts' addresses: oci (the manifest's digest),
    https and http (the file is downloaded and hashed, and not kept), and hf (the SHA-256 that the Hub publishes of a
    file in a commit). The content of folders and of other addresses, such as s3, gs and pvc, cannot be determined.

    Your credentials are those of docker, in netrc, and in HF_TOKEN. Each goes to its own server alone.

    Exit codes: 0 all that declare a digest are right, 1 an artifact is wrong or missing, or a manifest is invalid, 2
    the content of an artifact could not be determined, or a file could not be read, 64 usage. 1 counts more than 2.
    """
    report = _check(paths, namespace, require_digest=require_digest)
    show_findings(report, output)
    return report.exit_code


def _check(paths: Sequence[Path], namespace: str | None, *, require_digest: bool) -> Report:
    reading = read(paths, sys.stdin.buffer, namespace)
    problems = list(reading.problems)
    valid = []
    for found in reading.manifests:
        errors = [problem for problem in alone.check(found) if not problem.rule.is_warning]
        problems += errors
        if not errors:
            valid.append(found)
    artifacts = list(artifacts_in(valid))
    counter = Counter("MB read")
    try:
        measured = measure((each.uri for each in artifacts if each.expected and each.uri), counter)
    finally:
        counter.clear()
    checked = [judge(each, measured.get(each.uri or ""), require_digest=require_digest) for each in artifacts]
    return Report(checked, problems)
