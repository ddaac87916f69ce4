"""``make bench-client``: measure all rivals on one server, print tables, write the result as JSON."""

from collections.abc import Callable, Sequence
from pathlib import Path

import certifi
import click
import httpx
from rich.console import Console

from benchmarks import REPOSITORY
from benchmarks.client import measure, table, tls, upstream
from benchmarks.client.process import Rival, RivalError
from benchmarks.client.registry import Registry, WorkError, registry
from benchmarks.client.result import Result
from benchmarks.client.work import stocked
from benchmarks.machine import Watch
from benchmarks.pypi import InstallError
from benchmarks.server import AddressError
from devcluster import progress
from devcluster.certificates import Authority
from devcluster.processes import ChildError, Children

_PLAIN_WIDTH = 120  # of the tables without a terminal
_RIVALS = [rival.value for rival in Rival]


@click.command()
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1), help="Samples per cell of the table.")
@click.option(
    "--calls",
    default=100,
    show_default=True,
    type=click.IntRange(1),
    help="Calls per sample; a tenth of that for lists.",
)
@click.option("--listed", default=1000, show_default=True, type=click.IntRange(1), help="Entries in the list.")
@click.option(
    "--rival",
    "rivals",
    multiple=True,
    default=_RIVALS,
    type=click.Choice(_RIVALS),
    help="A client to measure; repeatable. All by default.",
)
@click.option(
    "--output",
    default=REPOSITORY / "build" / "bench-client.json",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the JSON; build/bench-client.json by default.",
)
def main(rounds: int, calls: int, listed: int, rivals: Sequence[str], output: Path) -> None:
    """Measure this project's client, PyPI's model-registry and bare httpx on the same work.

    The server is an embedded registry, or the one that MODEL_REGISTRY_URL names. The entries stay in that one, because
    a registry deletes nothing; their names begin with "bench-".
    """
    if Rival.OURS not in rivals:
        raise click.BadParameter("every other client is compared with `ours`: add --rival ours", param_hint="--rival")
    console = progress.terminal()
    try:
        if Rival.UPSTREAM in rivals and upstream.UPSTREAM.python() is None:
            console.print(f"Installing PyPI's model-registry {upstream.VERSION} into the cache …")
            upstream.UPSTREAM.ensure()
        with registry() as served:
            result = _measured(served, rounds, calls, listed, [rival for rival in Rival if rival in rivals], console)
    except (RivalError, WorkError, ChildError, InstallError, AddressError, httpx.HTTPError) as error:
        raise click.ClickException(str(error)) from error
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(result.model_dump_json(indent=1) + "\n")
    out = Console()
    table.show(result, out if out.is_terminal else Console(width=_PLAIN_WIDTH))
    console.print(f"Wrote {output}.")


def _measured(
    served: Registry, rounds: int, calls: int, listed: int, rivals: Sequence[Rival], console: Console
) -> Result:
    watch = Watch()
    console.print(f"Filling the registry with {listed} entries to list …")
    stock = stocked(served, listed)
    with Children() as temporary:
        authority = Authority(temporary.folder)
        with tls.proxy(served.url, authority.serving("registry")) as encrypted:
            transports = {
                "http": (served.url, ""),
                "tls": (encrypted, ""),
                "tls-ca": (encrypted, str(authority.certificate)),
            }
            plan = measure.Plan(rivals, rounds, calls, transports, _trusted(authority, temporary.folder))
            with progress.meter(console, "measuring") as meter:
                advance = _counted(lambda done, name: meter.update(done, plan.steps, name))
                rows = measure.timed(plan, stock, watch.look, advance)
                footprints = list(measure.footprints(plan, stock, advance))
                traffic = list(measure.traffic(plan, stock, advance))
    return Result(
        date=watch.date,
        registry=served.kind,
        rounds=rounds,
        listed=listed,
        machine=watch.machine(),
        rows=rows,
        footprints=footprints,
        traffic=traffic,
    )


def _trusted(authority: Authority, folder: Path) -> Path:
    """Write a store of certificate authorities like those of a company's machines: the public ones and its own.

    The time to read a store depends on their number. This way it is the same on every machine.
    """
    store = folder / "trusted.pem"
    store.write_text(Path(certifi.where()).read_text() + authority.certificate.read_text())
    return store


def _counted(update: Callable[[int, str], None]) -> Callable[[str], None]:
    done = -1

    def advance(name: str) -> None:
        nonlocal done
        done += 1
        update(done, name)

    return advance


if __name__ == "__main__":
    main()
