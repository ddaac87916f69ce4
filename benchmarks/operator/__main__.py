"""``make bench-operator``: measure our operator and a textbook operator, print tables, write the result as JSON."""

from collections.abc import Sequence
from pathlib import Path

import aiohttp
import click
from rich.console import Console

from benchmarks import REPOSITORY
from benchmarks.machine import Watch
from benchmarks.operator import rival, table
from benchmarks.operator.cluster import ClusterError
from benchmarks.operator.measure import Plan, measured
from benchmarks.operator.resources import CHAIN
from benchmarks.operator.result import Operator, Result, Run
from benchmarks.pypi import InstallError
from benchmarks.server import EMBEDDED, AddressError, named
from devcluster import progress
from devcluster.controlplane import KubectlError
from devcluster.errors import BinariesError
from devcluster.processes import ChildError

_PLAIN_WIDTH = 120  # of the tables without a terminal
_SIZES = (300, 3000, 12000)


@click.command()
@click.option(
    "--size", "sizes", multiple=True, default=_SIZES, show_default=True, type=click.IntRange(CHAIN), help="Resources."
)
@click.option("--chains", default=100, show_default=True, type=click.IntRange(1), help="New chains to time.")
@click.option(
    "--quiet-seconds", default=60.0, show_default=True, type=click.FloatRange(1), help="Length of the quiet period."
)
@click.option(
    "--rival-seconds",
    default=120.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Time limit of the textbook operator for each part; 0 leaves it out.",
)
@click.option(
    "--output",
    default=REPOSITORY / "build" / "bench-operator.json",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the JSON; build/bench-operator.json by default.",
)
def main(sizes: Sequence[int], chains: int, quiet_seconds: float, rival_seconds: float, output: Path) -> None:
    """Measure this project's operator and a textbook operator on the same resources, in about 20 minutes.

    They run on a real control plane and an embedded registry, or on the registry that MODEL_REGISTRY_URL names. The
    entries stay in that one, because a registry deletes nothing; their names begin with "bench-".
    """
    console = progress.terminal()
    plan = Plan(chains, quiet_seconds, rival_seconds, console)
    try:
        server = named()
        if rival_seconds and rival.ENVIRONMENT.python() is None:
            console.print(f"Installing {rival.ENVIRONMENT.name} into the cache …")
            rival.ENVIRONMENT.ensure()
        watch = Watch()
        runs = _runs([size // CHAIN * CHAIN for size in sizes], plan, watch)
    except (
        AddressError,
        BinariesError,
        ChildError,
        ClusterError,
        InstallError,
        KubectlError,
        aiohttp.ClientError,
    ) as error:
        raise click.ClickException(str(error)) from error
    result = Result(
        date=watch.date,
        registry=server.kind if server else EMBEDDED,
        rival_seconds=rival_seconds,
        machine=watch.machine(),
        runs=runs,
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(result.model_dump_json(indent=1) + "\n")
    out = Console()
    table.show(result, out if out.is_terminal else Console(width=_PLAIN_WIDTH))
    console.print(f"Wrote {output}.")


def _runs(sizes: Sequence[int], plan: Plan, watch: Watch) -> list[Run]:
    runs = []
    operators = [Operator.OURS, Operator.TEXTBOOK] if plan.rival_seconds else [Operator.OURS]
    for size in sizes:
        for operator in operators:
            watch.look()
            plan.console.print(f"{operator}, {size} resources: starting a control plane …")
            runs.append(measured(operator, size, plan))
    watch.look()
    return runs


if __name__ == "__main__":
    main()
