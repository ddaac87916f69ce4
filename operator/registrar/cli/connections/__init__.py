"""``registrar connections``: the registries of a cluster, and the ClusterRegistries that connect them."""

from __future__ import annotations

import click

from registrar.cli.connections.check import check
from registrar.cli.connections.discover import discover


@click.group(commands=[discover, check])
def connections() -> None:
    """Find the registries of a cluster, and check the ClusterRegistries that connect them.

    Both commands have your own rights, and change nothing.
    """
