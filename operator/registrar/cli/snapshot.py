"""``registrar snapshot``: a registry as one file."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from registrar.cli.console import counted, say, write_errors_explained
from registrar.cli.exits import ExitCode
from registrar.cli.files import write_beside
from registrar.cli.options import ENVIRONMENT_PREFIX, GroupedCommand, option, options_of, parse
from registrar.cli.records import write_records
from registrar.cli.source import read_registry, warn_of_unreadable
from registrar.settings import RegistrySettings


@click.command(cls=GroupedCommand, context_settings={"auto_envvar_prefix": ENVIRONMENT_PREFIX})
@option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="File to write; a name that ends in .gz makes a compressed one, and - prints it.",
)
@options_of(RegistrySettings)
def snapshot(output: Path, **options: Any) -> ExitCode:
    """Write everything that a registry holds to one file, for commands that must not reach the registry.

    The file has all custom properties, secrets among them: treat it as you treat the registry.

    The options of the registry are the operator's own, and so are their environment variables.
    """
    settings = parse(RegistrySettings, options)
    inventory = read_registry(settings)
    read_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = write_records(inventory, settings.registry_url, read_at)
    if str(output) == "-":
        sys.stdout.writelines(lines)
    else:
        with write_errors_explained():
            write_beside(output, lines)
        say(f"{output}: {counted(len(inventory), 'entry', 'entries')}")
    return warn_of_unreadable(inventory)
