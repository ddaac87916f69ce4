"""What the commands that check manifests have in common: which files they read, and the forms of their answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import click

from registrar.cli.console import say
from registrar.cli.options import option, valid_namespace

_TEXT, _JSON, _GITHUB = "text", "json", "github"

paths_argument = click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(allow_dash=True, path_type=Path)
)
namespace_option = option(
    "-n", "--namespace", callback=valid_namespace, help="Namespace of the manifests that name none."
)
output_option = option(
    "-o",
    "--output",
    type=click.Choice([_TEXT, _JSON, _GITHUB]),
    default=_TEXT,
    show_default=True,
    help="Format: text, JSON for programs, or annotations for GitHub Actions.",
)


class Findings(Protocol):
    """The answer of such a command."""

    def lines(self) -> Iterator[str]:
        """Yield the lines for people."""

    def annotations(self) -> Iterator[str]:
        """Yield the annotations for GitHub."""

    def summary(self) -> str:
        """Return the whole in one line."""

    def as_json(self) -> dict[str, Any]:
        """Return the whole for programs."""


def show_findings(findings: Findings, output: str) -> None:
    """Print an answer in the form that ``--output`` names."""
    if output == _GITHUB:
        for line in findings.annotations():
            click.echo(line)
    else:
        for line in findings.lines():
            say(line)
    click.echo(json.dumps(findings.as_json(), indent=2, ensure_ascii=False) if output == _JSON else findings.summary())
