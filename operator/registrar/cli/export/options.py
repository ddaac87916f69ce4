"""Options of each command that makes manifests of entries."""

from __future__ import annotations

import click

from registrar.cli.export.report import Reason
from registrar.cli.options import option

allow_option = option(
    "--allow",
    multiple=True,
    metavar="REASON",
    type=click.Choice([*map(str, Reason)]),
    help="Entries that are left out for this reason do not count as a failure; repeat it for several.",
)
"""Gives a command the option whose value `registrar.cli.export.report.failures` takes."""
