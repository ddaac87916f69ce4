"""What a run finds out; written as JSON. Samples are kept, so that medians and ratios can be checked."""

from statistics import median
from typing import Final, Self

from benchmarks.client.process import Rival
from benchmarks.frozen import Frozen
from benchmarks.machine import Machine

AIMS: Final = {Rival.UPSTREAM: 8.0, Rival.BARE: 0.9}
"""How many times as many calls per second as that rival our client is to make, at least."""


class Cell(Frozen):
    """One rival at one piece of work.

    Attributes:
        calls_per_second: Median of the rounds.
        cpu_ms_per_call: Milliseconds of CPU time in the rival's own process, which other programs on the machine
            hardly touch; median of the rounds.
        all_calls_per_second: One value per round.
        all_cpu_ms_per_call: One value per round.
    """

    calls_per_second: float
    cpu_ms_per_call: float
    all_calls_per_second: list[float]
    all_cpu_ms_per_call: list[float]

    @classmethod
    def of(cls, calls: int, seconds: list[float], cpu_seconds: list[float]) -> Self:
        """The cell for so many calls per round, which took so long."""
        speeds = [calls / one for one in seconds]
        cpu_times = [one * 1000 / calls for one in cpu_seconds]
        return cls(
            calls_per_second=median(speeds),
            cpu_ms_per_call=median(cpu_times),
            all_calls_per_second=speeds,
            all_cpu_ms_per_call=cpu_times,
        )

    @property
    def spread(self) -> float:
        """Half the distance of the slowest round from the fastest, as a part of the median."""
        return (max(self.all_calls_per_second) - min(self.all_calls_per_second)) / self.calls_per_second / 2


class Row(Frozen):
    """One piece of work.

    Attributes:
        transport: "http"; "tls", where the server's certificate authority is among the system's; "tls-ca", where it is
            the only one in a file that the client is given.
        in_flight: Calls at once.
        operation: A method of `Contender`.
        calls: Calls per round.
        cells: Who did how.
        ratios: How many times as many calls per second as that rival our client makes, by the medians.
        cpu_ratios: How many times as much CPU time per call that rival takes, by the medians.
        met: Whether the aim is met, against each.
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
        """The row of these cells, compared."""
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
    """What a rival takes before and beside its calls.

    Attributes:
        rival: Who.
        library: Name and version of its library.
        transport: As in `Row`.
        import_ms: Milliseconds of CPU time to import the library into a Python that has asyncio and json already.
        imported_bytes: Memory of the process after the import.
        first_client_bytes: What the first client and its first call add, code that is loaded late included.
        client_bytes: What each further client adds, open and after one call.
    """

    rival: Rival
    library: str
    transport: str
    import_ms: float
    imported_bytes: int
    first_client_bytes: int
    client_bytes: int


class Traffic(Frozen):
    """What one call comes to on the wire, one call at a time, after the first.

    Attributes:
        rival: Who.
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
        date: Of the start, UTC, ISO 8601.
        registry: What the server was.
        rounds: Values per cell.
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
