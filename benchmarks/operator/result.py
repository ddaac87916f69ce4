"""What a run finds out; written as JSON."""

import math
from enum import StrEnum
from typing import Self

from benchmarks.frozen import Frozen
from benchmarks.machine import Machine


class Operator(StrEnum):
    """Who is compared."""

    OURS = "ours"
    TEXTBOOK = "textbook"


class Traffic(Frozen):
    """Requests that were answered.

    Attributes:
        kubernetes: By the API server, by what was asked for: see `cluster.counted`.
        registry: By the registry, by method.
    """

    kubernetes: dict[str, int]
    registry: dict[str, int]

    @property
    def kubernetes_writes(self) -> int:
        """To resources; Events are not among them."""
        return sum(n for name, n in self.kubernetes.items() if name.startswith(("PATCH", "PUT", "APPLY", "DELETE")))

    @property
    def events(self) -> int:
        """Events written."""
        return self.kubernetes.get("POST events", 0)

    @property
    def registry_writes(self) -> int:
        """Everything but reads."""
        return sum(n for method, n in self.registry.items() if method != "GET")

    @property
    def registry_requests(self) -> int:
        """All."""
        return sum(self.registry.values())

    @property
    def kubernetes_requests(self) -> int:
        """All, Events included."""
        return sum(self.kubernetes.values())


class Filled(Frozen):
    """All resources were applied as fast as the API server took them, to an operator that had none.

    Attributes:
        resources: How many there are to be.
        applied: How many were applied until the end.
        ready: How many of them became Ready.
        seconds: From the first creation until the last became Ready, or until time was up.
        entries_per_second: `ready` by `seconds`.
        cpu_seconds: Of the operator's process.
        memory_bytes: What its resident memory has grown by.
        traffic: Meanwhile.
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
        """Whether all became Ready."""
        return self.ready == self.resources

    def per_entry(self, value: float) -> float | None:
        """A value's share of one entry; None where none became Ready."""
        return value / self.ready if self.ready else None


class NewChains(Frozen):
    """Single new chains, one after the other, while all other resources are in sync.

    Attributes:
        milliseconds: Of each, from the first of its three creations until the watch shows the last of them Ready.
        p50, p99: Of these, by the nearest rank.
    """

    milliseconds: list[float]
    p50: float
    p99: float

    @classmethod
    def of(cls, milliseconds: list[float]) -> Self:
        """From the samples, at least one."""
        return cls(milliseconds=milliseconds, p50=_rank(milliseconds, 0.5), p99=_rank(milliseconds, 0.99))


def _rank(samples: list[float], share: float) -> float:
    return sorted(samples)[max(0, math.ceil(share * len(samples)) - 1)]


class Stretch(Frozen):
    """A stretch of time.

    Attributes:
        seconds: How long.
        cpu_seconds: Of the operator's process.
        memory_bytes: Its resident memory at the end.
        traffic: Meanwhile.
    """

    seconds: float
    cpu_seconds: float
    memory_bytes: int
    traffic: Traffic


class Run(Frozen):
    """One operator on one number of resources. What it did not get to is None.

    Attributes:
        operator: Who.
        filled: See there.
        chains: See there.
        drift: From a change of one entry in the registry until it was set back, with the second after it.
        restart: From the start of a new process, all resources being in sync, until it came to rest.
        quiet: A while in which nobody did anything.
    """

    operator: Operator
    filled: Filled
    chains: NewChains | None = None
    drift: Stretch | None = None
    restart: Stretch | None = None
    quiet: Stretch | None = None


class Result(Frozen):
    """A whole run.

    Attributes:
        date: Of the start, UTC, ISO 8601.
        registry: What the server was.
        rival_seconds: How long the textbook operator was given for each number of resources.
        runs: In the order in which they were made.
    """

    date: str
    registry: str
    rival_seconds: float
    machine: Machine
    runs: list[Run]

    def of(self, operator: Operator) -> list[Run]:
        """The runs of one operator, by number of resources."""
        return sorted((run for run in self.runs if run.operator is operator), key=lambda run: run.filled.resources)
