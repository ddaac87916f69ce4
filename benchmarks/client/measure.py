"""Measures: rounds in which the rivals take turns, then memory, then the number of requests."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

from benchmarks.client.counting import counting
from benchmarks.client.process import Process, Rival, started
from benchmarks.client.result import Cell, Footprint, Row, Traffic
from benchmarks.client.work import OPERATIONS, Job, Stock

IN_FLIGHT: Final = (1, 16)

_MORE_CLIENTS = 20
_COUNTED_CALLS = 20  # two lists

Advance = Callable[[str], None]
"""A function that is called before each step, with its name."""


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes:
        rivals: The clients to compare.
        rounds: How often each cell is measured.
        calls: Calls per cell and round; a tenth of that for lists.
        transports: Root address, and file with the only trusted certificate authority ("" for the system's), by name.
        trusted: File that serves as the system's certificate authorities.
    """

    rivals: Sequence[Rival]
    rounds: int
    calls: int
    transports: Mapping[str, tuple[str, str]]
    trusted: Path

    @property
    def steps(self) -> int:
        """The number of steps in `timed`, `footprints` and `traffic` together."""
        timed = self.rounds * len(self.transports) * len(IN_FLIGHT) * len(OPERATIONS)
        return (timed + len(self.transports) + 1) * len(self.rivals)


def timed(plan: Plan, stock: Stock, look: Callable[[], None], advance: Advance) -> list[Row]:
    """Measure every cell once per round; the rivals take turns.

    Args:
        plan: What to measure.
        stock: What the registry holds.
        look: Called before each round and after the last, when nothing else runs.
        advance: See `Advance`.

    Raises:
        RivalError: A rival failed.
        WorkError: A rival did different work.
    """
    samples: dict[tuple[str, int, str], dict[Rival, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    with ExitStack() as stack:
        processes: dict[tuple[str, Rival], Process] = {}
        for transport, rival in product(plan.transports, plan.rivals):
            process = processes[transport, rival] = stack.enter_context(started(rival, stock.model_id, plan.trusted))
            process.open(*plan.transports[transport])
        for number in range(plan.rounds):
            look()
            for transport, in_flight in product(plan.transports, IN_FLIGHT):
                jobs = {
                    rival: Job(stock, f"{number}-{transport}-{in_flight}-{rival}", plan.calls) for rival in plan.rivals
                }
                for operation, rival in product(OPERATIONS, _turned(plan.rivals, number)):
                    advance(f"{transport}, {in_flight} in flight, {operation}: {rival}")
                    done = jobs[rival].do(processes[transport, rival], operation, in_flight)
                    samples[transport, in_flight, operation][rival].append(done)
        look()
    return [_row(*key, of_rivals) for key, of_rivals in samples.items()]


def _turned(rivals: Sequence[Rival], number: int) -> list[Rival]:
    """Return the rivals in turn: each round begins with another."""
    first = number % len(rivals)
    return [*rivals[first:], *rivals[:first]]


def _row(transport: str, in_flight: int, operation: str, samples: Mapping[Rival, list[dict[str, Any]]]) -> Row:
    cells = {
        rival: Cell.of(done[0]["calls"], [times["seconds"] for times in done], [times["cpu_seconds"] for times in done])
        for rival, done in samples.items()
    }
    calls = samples[Rival.OURS][0]["calls"]
    return Row.of(transport, in_flight, operation, calls, cells)


def footprints(plan: Plan, stock: Stock, advance: Advance) -> Iterator[Footprint]:
    """Measure what importing a library and opening clients costs, in fresh processes."""
    for transport, rival in product(plan.transports, plan.rivals):
        advance(f"{transport}, memory: {rival}")
        with started(rival, stock.model_id, plan.trusted) as process:
            imported = process.memory()
            process.open(*plan.transports[transport])
            first = process.memory()
            process.open(*plan.transports[transport], count=_MORE_CLIENTS)
            all_clients = process.memory()
            process.close()
        yield Footprint(
            rival=rival,
            library=process.library,
            transport=transport,
            import_ms=process.import_seconds * 1000,
            imported_bytes=imported,
            first_client_bytes=first - imported,
            client_bytes=round((all_clients - first) / _MORE_CLIENTS),
        )


def traffic(plan: Plan, stock: Stock, advance: Advance) -> Iterator[Traffic]:
    """Count the requests that reach the registry, with one call at a time."""
    for rival in plan.rivals:
        advance(f"requests: {rival}")
        with (
            counting(stock.registry.url, stock.model_id) as (url, counter),
            started(rival, stock.model_id, plan.trusted) as process,
        ):
            process.open(url, "")
            job = Job(stock, f"counted-{rival}", _COUNTED_CALLS)
            for operation in OPERATIONS:
                requests, connections = counter.requests, counter.connections
                calls = job.do(process, operation, in_flight=1)["calls"]
                yield Traffic(
                    rival=rival,
                    operation=operation,
                    requests_per_call=(counter.requests - requests) / calls,
                    connections_per_call=(counter.connections - connections) / calls,
                )
            process.close()
