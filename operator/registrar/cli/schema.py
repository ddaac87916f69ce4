"""``registrar schema``: the kinds as JSON Schema, for editors and kubeconform."""

from __future__ import annotations

import json
from pathlib import Path

import click

from registrar.api.meta import VERSION
from registrar.cli.console import write_errors_explained
from registrar.cli.files import write_beside
from registrar.cli.json_schema import any_kind_schema, kind_schemas
from registrar.kinds.table import DEFINED


@click.command()
@click.argument("kind", required=False, type=click.Choice([kind.KIND for kind in DEFINED]))
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write one file for each kind into this folder, under the names that kubeconform looks for.",
)
def schema(kind: str | None, directory: Path | None) -> None:
    """Print the JSON Schema of a kind, or one for all kinds, for editors and kubeconform.

    It refuses unknown fields, which the API server passes over with a warning at most. Rules that compare several
    fields are not in it: the API server checks them.
    """
    if directory is None:
        click.echo(json.dumps(kind_schemas()[kind] if kind else any_kind_schema(), indent=2))
        return
    for name, content in kind_schemas().items():
        if kind in {None, name}:
            with write_errors_explained():
                write_beside(directory / f"{name.lower()}_{VERSION}.json", [json.dumps(content, indent=2), "\n"])
