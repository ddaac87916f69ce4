"""``make bench-registries``: measure the operator with many registries, print a table, write the result as JSON."""

from pathlib import Path

import aiohttp
import click
from rich.console import Console
from rich.table import Table

from benchmarks import REPOSITORY
from benchmarks.machine import Watch
from benchmarks.operator.cluster import ClusterError
from benchmarks.operator.resources import CHAIN
from benchmarks.registries.measure import Plan, measured
from benchmarks.registries.result import DELAY_LIMIT, Result
from devcluster import progress
from devcluster.controlplane import KubectlError
from devcluster.errors import BinariesError
from devcluster.processes import ChildError

_PLAIN_WIDTH = 120  # of the table without a terminal
_MEGABYTE = 1_000_000


@click.command()
@click.option("--registries", default=20, show_default=True, type=click.IntRange(3), help="Registries.")
@click.option(
    "--silent",
    default=2,
    show_default=True,
    type=click.IntRange(0),
    help="How many of them answer nothing for a while.",
)
@click.option("--size", default=500, show_default=True, type=click.IntRange(CHAIN), help="Resources of each.")
@click.option("--chains", default=100, show_default=True, type=click.IntRange(1), help="New chains to time each time.")
@click.option(
    "--quiet-seconds", default=60.0, show_default=True, type=click.FloatRange(1), help="Length of the quiet period."
)
@click.option(
    "--output",
    default=REPOSITORY / "build" / "bench-registries.json",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the JSON; build/bench-registries.json by default.",
)
def main(*, registries: int, silent: int, size: int, chains: int, quiet_seconds: float, output: Path) -> None:
    """Measure the operator with many registries, some of which accept requests and never answer."""
    if silent > registries - 2:
        raise click.UsageError("Two registries at least have to answer: give a smaller --silent.")
    console = progress.terminal()
    watch = Watch()
    watch.look()
    plan = Plan(registries, silent, size // CHAIN * CHAIN, chains, quiet_seconds, console)
    try:
        fields = measured(plan)
    except (BinariesError, ChildError, ClusterError, KubectlError, TimeoutError, aiohttp.ClientError) as error:
        raise click.ClickException(str(error) or "a part took too long") from error
    watch.look()
    result = Result(
        date=watch.date,
        machine=watch.machine(),
        registries=registries,
        silent=silent,
        resources=plan.resources,
        **fields,
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(result.model_dump_json(indent=1) + "\n")
    out = Console()
    show(result, out if out.is_terminal else Console(width=_PLAIN_WIDTH))
    console.print(f"Wrote {output}.")


def show(result: Result, console: Console) -> None:
    """Print a result."""
    table = Table(
        "", "", title=f"{result.registries} registries of {result.resources} resources, {result.silent} silent"
    )
    table.columns[1].justify = "right"
    alone, beside, restart, quiet = result.alone, result.beside, result.restart, result.quiet
    table.add_row("ms of a new chain alone, p50 / p99", f"{alone.p50:.0f} / {alone.p99:.0f}")
    table.add_row("the same beside silent registries", f"{beside.p50:.0f} / {beside.p99:.0f}")
    table.add_row(
        f"p99 beside, divided by alone (≤ {DELAY_LIMIT:g})", _judged(result.delay <= DELAY_LIMIT, result.delay)
    )
    lists = restart.answering.get("GET list", 0) / (result.registries - result.silent)
    table.add_row("list pages of a restart, for each registry that answers", f"{lists:.1f}")
    others = sum((*restart.answering.values(), *restart.silent.values())) - sum(
        counts.get("GET list", 0) for counts in (restart.answering, restart.silent)
    )
    table.add_row("other requests of a restart, to all registries (= 0)", _judged(restart.is_lists_only, others))
    table.add_row("writes of a restart to Kubernetes", str(restart.kubernetes_writes))
    table.add_row("seconds of a restart", f"{restart.seconds:.1f}")
    table.add_row("seconds until all was Ready after the silence", f"{result.recovery_seconds:.1f}")
    idle = result.idle.memory_bytes / result.idle.connections / _MEGABYTE
    table.add_row("MB of memory for each connection without resources", f"{idle:.2f}")
    table.add_row("MB of memory with all resources", f"{quiet.memory_bytes / _MEGABYTE:.0f}")
    table.add_row("CPU seconds of a quiet minute", f"{quiet.cpu_seconds / quiet.seconds * 60:.2f}")
    console.print(table)
    console.print(f"{result.date}; {result.machine.description()}.", soft_wrap=True, highlight=False)
    console.print(result.machine.calmness(), soft_wrap=True, highlight=False)


def _judged(is_met: bool, value: float) -> str:  # noqa: FBT001 - it is the verdict on the value beside it
    return f"{value:.2f} {'✓' if is_met else '✗'}"


if __name__ == "__main__":
    main()
