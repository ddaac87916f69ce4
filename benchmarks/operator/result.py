"""The result of a run, written as JSON."""

import math
from enum import StrEnum
from typing import Self

from benchmarks.frozen import Frozen
from benchmarks.machine import Machine


class Operator(StrEnum):
    """The operators that are compared."""

    OURS = "ours"
    TEXTBOOK = "textbook"


class Traffic(Frozen):
    """Numbers of answered requests.

    Attributes:
        kubernetes: Requests to the API server, by kind of request: see `cluster.counted`.
        registry: Requests to the registry, by method.
    """

    kubernetes: dict[str, int]
    registry: dict[str, int]

    @property
    def kubernetes_writes(self) -> int:
        """Writes to resources, without Events."""
        verbs = ("PATCH", "PUT", "APPLY", "DELETE")
        return sum(count for request, count in self.kubernetes.items() if request.startswith(verbs))

    @property
    def events(self) -> int:
        """Writes of Events."""
        return self.kubernetes.get("POST events", 0)

    @property
    def registry_writes(self) -> int:
        """Every request to the registry but reads."""
        return sum(count for method, count in self.registry.items() if method != "GET")

    @property
    def registry_requests(self) -> int:
        """Every request to the registry."""
        return sum(self.registry.values())

    @property
    def kubernetes_requests(self) -> int:
        """Every request to the API server, including Events."""
        return sum(self.kubernetes.values())


class Filled(Frozen):
    """New resources, created as fast as the API server accepts them, for an operator without any.

    Attributes:
        resources: Number of resources to create.
        applied: Number of resources that were created.
        ready: Number of resources that became Ready.
        seconds: Time from the first creation until the last resource became Ready, or until the time limit.
        entries_per_second: `ready` divided by `seconds`.
        cpu_seconds: CPU time of the operator's process.
        memory_bytes: Growth of its resident memory.
        traffic: Requests during that time.
    """

    resources: int
    applied: int
    ready: int
    seconds: float
    entries_per_second: float
    cpu_seconds: float
    memory_bytes: int
    traffic: Traffic

    @property
    def is_complete(self) -> bool:
        """Whether all resources became Ready."""
        return self.ready == self.resources

    def per_entry(self, value: float) -> float | None:
        """Return a value divided by the number of Ready entries; None if there are none."""
        return value / self.ready if self.ready else None


class NewChains(Frozen):
    """Single new chains, one after the other, while all other resources are in sync.

    Attributes:
        milliseconds: For each, the time from the first of its three creations until the watch shows all three Ready.
        p50, p99: Percentiles of these times, by nearest rank.
    """

    milliseconds: list[float]
    p50: float
    p99: float

    @classmethod
    def of(cls, milliseconds: list[float]) -> Self:
        """Return the chains of these samples, of which there is at least one."""
        return cls(milliseconds=milliseconds, p50=_rank(milliseconds, 0.5), p99=_rank(milliseconds, 0.99))


def _rank(samples: list[float], share: float) -> float:
    return sorted(samples)[max(0, math.ceil(share * len(samples)) - 1)]


class Interval(Frozen):
    """What happened during an interval.

    Attributes:
        seconds: Its length.
        cpu_seconds: CPU time of the operator's process.
        memory_bytes: Resident memory of the process at the end.
        traffic: Requests during the interval.
    """

    seconds: float
    cpu_seconds: float
    memory_bytes: int
    traffic: Traffic


class Run(Frozen):
    """One operator on one number of resources. A part that it did not reach is None.

    Attributes:
        operator: Which operator.
        filled: New resources.
        chains: Single new chains.
        drift: From a change of an entry in the registry until one second after its correction.
        restart: From the start of a new process, with all resources in sync, until it was at rest.
        quiet: A period without any changes.
    """

    operator: Operator
    filled: Filled
    chains: NewChains | None = None
    drift: Interval | None = None
    restart: Interval | None = None
    quiet: Interval | None = None


class Result(Frozen):
    """A whole run.

    Attributes:
        date: When it started, UTC, ISO 8601.
        registry: The kind of server.
        rival_seconds: Time limit of the textbook operator for each part.
        runs: The runs, in order.
    """

    date: str
    registry: str
    rival_seconds: float
    machine: Machine
    runs: list[Run]

    def of(self, operator: Operator) -> list[Run]:
        """Return the runs of one operator, ordered by number of resources."""
        return sorted((run for run in self.runs if run.operator is operator), key=lambda run: run.filled.resources)
