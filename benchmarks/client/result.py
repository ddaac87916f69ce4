"""The result of a run, written as JSON. It keeps every sample, so that medians and ratios can be checked."""

from statistics import median
from typing import Final, Self

from benchmarks.client.process import Rival
from benchmarks.frozen import Frozen
from benchmarks.machine import Machine

AIMS: Final = {Rival.UPSTREAM: 8.0, Rival.BARE: 0.9}
"""The lowest acceptable ratio of our client's calls per second to that rival's."""


class Cell(Frozen):
    """One rival at one kind of work.

    Attributes:
        calls_per_second: Median of the rounds.
        cpu_ms_per_call: Milliseconds of CPU time in the rival's own process, on which other programs have little
            influence; median of the rounds.
        all_calls_per_second: One sample per round.
        all_cpu_ms_per_call: One sample per round.
    """

    calls_per_second: float
    cpu_ms_per_call: float
    all_calls_per_second: list[float]
    all_cpu_ms_per_call: list[float]

    @classmethod
    def of(cls, calls: int, seconds: list[float], cpu_seconds: list[float]) -> Self:
        """Return the cell for ``calls`` per round, and the seconds of each round."""
        speeds = [calls / duration for duration in seconds]
        cpu_times = [duration * 1000 / calls for duration in cpu_seconds]
        return cls(
            calls_per_second=median(speeds),
            cpu_ms_per_call=median(cpu_times),
            all_calls_per_second=speeds,
            all_cpu_ms_per_call=cpu_times,
        )

    @property
    def spread(self) -> float:
        """Half the difference between the fastest and the slowest round, as a part of the median."""
        return (max(self.all_calls_per_second) - min(self.all_calls_per_second)) / self.calls_per_second / 2


class Row(Frozen):
    """One kind of work.

    Attributes:
        transport: "http"; "tls", if the server's certificate authority is among the system's; "tls-ca", if it is the
            only authority in a file that the client gets.
        in_flight: Concurrent calls.
        operation: A method of `Contender`.
        calls: Calls per round.
        cells: The cell of each rival.
        ratios: Our client's calls per second divided by that rival's; both are medians.
        cpu_ratios: That rival's CPU time per call divided by our client's; both are medians.
        met: Whether our client meets the aim, for each rival.
    """

    transport: str
    in_flight: int
    operation: str
    calls: int
    cells: dict[Rival, Cell]
    ratios: dict[Rival, float]
    cpu_ratios: dict[Rival, float]
    met: dict[Rival, bool]

    @classmethod
    def of(cls, transport: str, in_flight: int, operation: str, calls: int, cells: dict[Rival, Cell]) -> Self:
        """Return the row of these cells, with their ratios."""
        ours = cells[Rival.OURS]
        others = {rival: cell for rival, cell in cells.items() if rival is not Rival.OURS}
        ratios: dict[Rival, float] = {
            rival: ours.calls_per_second / cell.calls_per_second for rival, cell in others.items()
        }
        return cls(
            transport=transport,
            in_flight=in_flight,
            operation=operation,
            calls=calls,
            cells=cells,
            ratios=ratios,
            cpu_ratios={rival: cell.cpu_ms_per_call / ours.cpu_ms_per_call for rival, cell in others.items()},
            met={rival: ratio >= AIMS[rival] for rival, ratio in ratios.items()},
        )


class Footprint(Frozen):
    """What a rival costs besides its calls.

    Attributes:
        rival: Which one.
        library: Name and version of its library.
        transport: As in `Row`.
        import_ms: Milliseconds of CPU time to import the library into a Python that has already imported asyncio and
            json.
        imported_bytes: Memory of the process after the import.
        first_client_bytes: What the first client and its first call add, including code that is loaded late.
        client_bytes: What each further open client adds after one call.
    """

    rival: Rival
    library: str
    transport: str
    import_ms: float
    imported_bytes: int
    first_client_bytes: int
    client_bytes: int


class Traffic(Frozen):
    """What one call costs on the wire, with one call at a time, after the first.

    Attributes:
        rival: Which one.
        operation: A method of `Contender`.
        requests_per_call: HTTP requests.
        connections_per_call: Connections opened.
    """

    rival: Rival
    operation: str
    requests_per_call: float
    connections_per_call: float


class Result(Frozen):
    """A whole run.

    Attributes:
        date: When it started, UTC, ISO 8601.
        registry: The kind of server.
        rounds: Samples per cell.
        listed: Entries in the list that is read.
    """

    date: str
    registry: str
    rounds: int
    listed: int
    machine: Machine
    rows: list[Row]
    footprints: list[Footprint]
    traffic: list[Traffic]

    @property
    def libraries(self) -> dict[Rival, str]:
        """Name and version of each rival's library."""
        return {footprint.rival: footprint.library for footprint in self.footprints}
