"""The aims, and whether a result meets them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from benchmarks.operator.result import Interval, Operator, Result, Run

ENTRIES_PER_SECOND: Final = 60.0
KUBERNETES_WRITES: Final = 2.0
REGISTRY_WRITES: Final = 1.0
CPU_MILLISECONDS: Final = 10.0
MEMORY_KILOBYTES: Final = 20.0
P99_MILLISECONDS: Final = 500.0

ONE_POLL: Final = 3
"""Requests of one poll of the change feed: one for each kind of entry. A minute may hold one poll more or less."""


@dataclass(frozen=True)
class Verdict:
    """One aim.

    Attributes:
        aim: Its text.
        found: The measured values, by number of resources.
        met: Whether all of them meet it; None if nothing was measured.
    """

    aim: str
    found: dict[int, float]
    met: bool | None


def verdicts(result: Result) -> Iterator[Verdict]:
    """Compare our operator's runs with the aims."""
    every = result.of(Operator.OURS)
    runs = [run for run in every if run.filled.is_complete]
    largest = runs[-1:]
    yield _held("entries Ready per second ≥ 60", every, speed, lambda value: value >= ENTRIES_PER_SECOND)
    yield _held(
        "Kubernetes writes per new entry ≤ 2", runs, kubernetes_writes, lambda value: value <= KUBERNETES_WRITES
    )
    yield _held("registry writes per new entry ≤ 1", runs, registry_writes, lambda value: value <= REGISTRY_WRITES)
    yield _held("CPU ms per new entry ≤ 10", runs, cpu_milliseconds, lambda value: value <= CPU_MILLISECONDS)
    # With few entries, the process's buffers and late imports prevail.
    yield _held("memory KB per new entry ≤ 20", largest, memory_kilobytes, lambda value: value <= MEMORY_KILOBYTES)
    yield _held("p99 ms of a new chain, the others in sync < 500", largest, p99, lambda value: value < P99_MILLISECONDS)
    yield _held("writes of a quiet minute = 0", runs, lambda run: _writes(run.quiet), lambda value: value == 0)
    yield _held("writes of a restart = 0", runs, lambda run: _writes(run.restart), lambda value: value == 0)
    quiet = {run.filled.resources: _requests(run.quiet) for run in runs if run.quiet}
    even = max(quiet.values()) - min(quiet.values()) <= ONE_POLL if quiet else None
    yield Verdict("requests of a quiet minute: the same for any number", quiet, even)


def _held(aim: str, runs: list[Run], value: Callable[[Run], float | None], holds: Callable[[float], bool]) -> Verdict:
    found = {run.filled.resources: measured for run in runs if (measured := value(run)) is not None}
    return Verdict(aim, found, all(map(holds, found.values())) if found else None)


def speed(run: Run) -> float:
    """Return the entries that became Ready per second."""
    return run.filled.entries_per_second


def kubernetes_writes(run: Run) -> float | None:
    """Return the Kubernetes writes per new entry, without Events."""
    return run.filled.per_entry(run.filled.traffic.kubernetes_writes)


def registry_writes(run: Run) -> float | None:
    """Return the registry writes per new entry."""
    return run.filled.per_entry(run.filled.traffic.registry_writes)


def cpu_milliseconds(run: Run) -> float | None:
    """Return the CPU time of the operator's process per new entry; the same number is seconds per 1,000 entries."""
    return run.filled.per_entry(run.filled.cpu_seconds * 1000)


def memory_kilobytes(run: Run) -> float | None:
    """Return the growth of the operator's process per new entry; the same number is megabytes per 1,000 entries."""
    return run.filled.per_entry(run.filled.memory_bytes / 1000)


def p99(run: Run) -> float | None:
    """Return the 99th percentile of the milliseconds of a new chain."""
    return run.chains.p99 if run.chains else None


def _writes(stretch: Interval | None) -> float | None:
    if stretch is None:
        return None
    return stretch.traffic.kubernetes_writes + stretch.traffic.events + stretch.traffic.registry_writes


def _requests(stretch: Interval) -> float:
    return stretch.traffic.kubernetes_requests + stretch.traffic.registry_requests
