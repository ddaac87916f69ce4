"""Prints a result as tables."""

from collections.abc import Callable, Iterator

from rich.console import Console
from rich.table import Table

from benchmarks.client.process import Rival
from benchmarks.client.result import AIMS, Cell, Result, Row

_MEGABYTE = 1024 * 1024


def show(result: Result, console: Console) -> None:
    """Print a result."""
    sections = {
        f"Calls per second: median ± half the range of the rounds; a list has {result.listed} entries": _speeds,
        "Milliseconds of CPU time per call in the client's own process: median": _cpu_times,
        "Besides the calls: CPU time to import, resident memory": _footprints,
        "Requests per call, opened connections per call": _traffic,
    }
    for title, table in sections.items():
        console.print(f"\n[bold]{title}[/bold]", highlight=False)
        console.print(table(result))
    console.print()
    for line in notes(result):
        console.print(line, soft_wrap=True, highlight=False)


def notes(result: Result) -> Iterator[str]:
    """Return what a reader of the tables has to know: whether the aims are met, and how far to trust the numbers."""
    for rival in _others(result):
        met = sum(row.met[rival] for row in result.rows)
        yield f"At least {AIMS[rival]:g} times {rival}: met in {met} of {len(result.rows)} rows."
    yield "; ".join(f"{rival}: {library}" for rival, library in result.libraries.items()) + "."
    yield f"{result.date}, {result.registry}, {result.rounds} rounds; {result.machine.description()}."
    yield result.machine.calmness()


def _others(result: Result) -> list[Rival]:
    return [rival for rival in result.libraries if rival is not Rival.OURS]


def _speeds(result: Result) -> Table:
    return _rows(
        result,
        [f"ours / {rival}, aim {AIMS[rival]:g}" for rival in _others(result)],
        lambda cell: f"{cell.calls_per_second:.1f} ±{cell.spread:.0%}",
        _judged,
    )


def _cpu_times(result: Result) -> Table:
    return _rows(
        result,
        [f"{rival} / ours" for rival in _others(result)],
        lambda cell: f"{cell.cpu_ms_per_call:.2f}",
        lambda row, rival: f"{row.cpu_ratios[rival]:.2f}",
    )


def _rows(
    result: Result,
    ratios: list[str],
    write_cell: Callable[[Cell], str],
    write_ratio: Callable[[Row, Rival], str],
) -> Table:
    table = Table("", "in flight", "call")
    for column in (*map(str, result.libraries), *ratios):
        table.add_column(column, justify="right")
    section = None
    for row in result.rows:
        if section is not None and section != (row.transport, row.in_flight):
            table.add_section()
        section = row.transport, row.in_flight
        cells = [write_cell(row.cells[rival]) for rival in result.libraries]
        compared = [write_ratio(row, rival) for rival in _others(result)]
        table.add_row(row.transport, str(row.in_flight), row.operation, *cells, *compared)
    return table


def _judged(row: Row, rival: Rival) -> str:
    colour, mark = ("green", "✓") if row.met[rival] else ("red", "✗")
    return f"[{colour}]{row.ratios[rival]:.2f} {mark}[/{colour}]"


def _footprints(result: Result) -> Table:
    table = Table("", "")
    for column in ("import", "memory then", "first client adds", "each further client"):
        table.add_column(column, justify="right")
    for footprint in result.footprints:
        table.add_row(
            footprint.transport,
            str(footprint.rival),
            f"{footprint.import_ms:.0f} ms",
            f"{footprint.imported_bytes / _MEGABYTE:.1f} MB",
            f"{footprint.first_client_bytes / _MEGABYTE:.1f} MB",
            f"{footprint.client_bytes / 1024:.0f} kB",
        )
    return table


def _traffic(result: Result) -> Table:
    table = Table("call")
    for rival in result.libraries:
        table.add_column(str(rival), justify="right")
    counted = {(traffic.operation, traffic.rival): traffic for traffic in result.traffic}
    for operation in dict.fromkeys(traffic.operation for traffic in result.traffic):
        cells = [counted[operation, rival] for rival in result.libraries]
        table.add_row(operation, *(f"{cell.requests_per_call:g}, {cell.connections_per_call:g}" for cell in cells))
    return table
