"""Prints a result as tables."""

from collections.abc import Callable, Iterator
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.operator import aims
from benchmarks.operator.aims import Verdict
from benchmarks.operator.result import Interval, Operator, Result, Run, Traffic

_NOT_MEASURED = "n/a"

Cell = Callable[[Run], str | None]


def show(result: Result, console: Console) -> None:
    """Print a result."""
    console.print("\n[bold]What it costs, by number of resources[/bold]", highlight=False)
    console.print(_costs(result))
    console.print("\n[bold]Aims[/bold]", highlight=False)
    console.print(_judged(list(aims.verdicts(result))))
    console.print()
    for line in notes(result):
        console.print(line, soft_wrap=True, highlight=False)


def notes(result: Result) -> Iterator[str]:
    """Return what a reader of the tables has to know."""
    if result.of(Operator.TEXTBOOK):
        yield (
            f"The textbook operator had {result.rival_seconds:g} s for each part. If not all resources were Ready by "
            "then, the parts that follow are n/a. It does not detect drift."
        )
    yield f"{result.date}, {result.registry}; {result.machine.description()}."
    yield result.machine.calmness()


def _costs(result: Result) -> Table:
    table = Table("")
    runs = [run for operator in Operator for run in result.of(operator)]
    for run in runs:
        table.add_column(f"{run.operator}\n{run.filled.resources}", justify="right")
    for section in _ROWS:
        for title, cell in section.items():
            table.add_row(title, *(cell(run) or _NOT_MEASURED for run in runs))
        table.add_section()
    return table


def _judged(verdicts: list[Verdict]) -> Table:
    table = Table("aim", "found (number of resources)", "met")
    marks = {True: "[green]✓[/green]", False: "[red]✗[/red]", None: _NOT_MEASURED}
    for verdict in verdicts:
        found = ", ".join(f"{value:.4g} ({resources})" for resources, value in verdict.found.items())
        table.add_row(verdict.aim, found or _NOT_MEASURED, marks[verdict.met])
    return table


def _number(value: Callable[[Run], float | None], pattern: str) -> Cell:
    def cell(run: Run) -> str | None:
        number = value(run)
        return None if number is None else format(number, pattern)

    return cell


def _per_entry(value: Callable[[Traffic], int]) -> Cell:
    return _number(lambda run: run.filled.per_entry(value(run.filled.traffic)), ".2f")


def _of(part: Callable[[Run], Interval | None], value: Callable[[Interval], float], pattern: str = ".0f") -> Cell:
    def cell(run: Run) -> str | None:
        stretch = part(run)
        return None if stretch is None else format(value(stretch), pattern)

    return cell


def _requests(part: Callable[[Run], Interval | None]) -> dict[str, Cell]:
    """Return rows with the requests to both servers during an interval."""
    return {
        "  registry requests, of these writes": _pair(
            part, lambda traffic: (traffic.registry_requests, traffic.registry_writes)
        ),
        "  Kubernetes requests, of these writes": _pair(
            part, lambda traffic: (traffic.kubernetes_requests, traffic.kubernetes_writes + traffic.events)
        ),
    }


def _pair(part: Callable[[Run], Interval | None], values: Callable[[Traffic], tuple[int, int]]) -> Cell:
    def cell(run: Run) -> str | None:
        stretch = part(run)
        return None if stretch is None else "{}, {}".format(*values(stretch.traffic))

    return cell


_ROWS: Final[list[dict[str, Cell]]] = [
    {
        "new entries Ready": lambda run: str(run.filled.ready),
        "  per second": _number(aims.speed, ".1f"),
        "  Kubernetes writes per entry": _per_entry(lambda traffic: traffic.kubernetes_writes),
        "  Events per entry": _per_entry(lambda traffic: traffic.events),
        "  registry requests per entry": _per_entry(lambda traffic: traffic.registry_requests),
        "  registry writes per entry": _per_entry(lambda traffic: traffic.registry_writes),
        "  CPU seconds per 1,000 entries": _number(aims.cpu_milliseconds, ".1f"),
        "  memory per 1,000 entries, MB": _number(aims.memory_kilobytes, ".1f"),
    },
    {
        "single new chains, the others in sync": lambda run: str(len(run.chains.milliseconds)) if run.chains else None,
        "  p50 from apply to Ready, ms": _number(lambda run: run.chains.p50 if run.chains else None, ".0f"),
        "  p99, ms": _number(aims.p99, ".0f"),
    },
    {
        "one entry changed in the registry, s to correct it": _of(
            lambda run: run.drift, lambda interval: interval.seconds, ".1f"
        ),
        **_requests(lambda run: run.drift),
    },
    {
        "a restart, s until at rest": _of(lambda run: run.restart, lambda interval: interval.seconds, ".1f"),
        "  CPU seconds": _of(lambda run: run.restart, lambda interval: interval.cpu_seconds, ".1f"),
        "  memory then, MB": _of(lambda run: run.restart, lambda interval: interval.memory_bytes / 1e6),
        **_requests(lambda run: run.restart),
    },
    {
        "a quiet period, s": _of(lambda run: run.quiet, lambda interval: interval.seconds),
        "  CPU seconds": _of(lambda run: run.quiet, lambda interval: interval.cpu_seconds, ".2f"),
        **_requests(lambda run: run.quiet),
    },
]
