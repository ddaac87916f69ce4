"""The result of a run, written as JSON."""

from benchmarks.frozen import Frozen
from benchmarks.machine import Machine
from benchmarks.operator.result import NewChains

DELAY_LIMIT = 2.0
"""The p99 of a new chain beside registries that do not answer, divided by that of the same registries without them."""


class Idle(Frozen):
    """Registries without a resource.

    Attributes:
        connections: Number of ClusterRegistries that were added to a first one.
        memory_bytes: Growth of the operator's resident memory with them.
    """

    connections: int
    memory_bytes: int


class Restart(Frozen):
    """A new process, with all resources in sync but those of registries that do not answer.

    Attributes:
        seconds: From its start until it had read every registry that answers, and wrote nothing for two seconds.
        answering: Requests to the registries that answer, by kind: the method, and of GET whether it asks for a list.
        silent: The same of the others.
        kubernetes_writes: Writes to resources, without Events.
    """

    seconds: float
    answering: dict[str, int]
    silent: dict[str, int]
    kubernetes_writes: int

    @property
    def is_lists_only(self) -> bool:
        """Whether the registries were only asked for pages of lists."""
        return {*self.answering, *self.silent} <= {"GET list"}


class Quiet(Frozen):
    """A period without changes, all registries answering.

    Attributes:
        seconds: Its length.
        cpu_seconds: CPU time of the operator's process.
        memory_bytes: Its resident memory.
        registry_requests: Requests to all registries, by kind.
    """

    seconds: float
    cpu_seconds: float
    memory_bytes: int
    registry_requests: dict[str, int]


class Result(Frozen):
    """A whole run.

    Attributes:
        date: When it started, UTC, ISO 8601.
        registries: Number of registries.
        silent: How many of them do not answer for a while.
        resources: Resources of each.
        idle: Registries without a resource.
        fill_seconds: From the first creation of a resource of the answering ones until the last was Ready.
        before: New chains in the answering registries, without the others.
        beside: The same while the others accept requests and never answer them, and their resources wait.
        restart: A restart during that.
        recovery_seconds: From the moment when the others answer until the last of their resources was Ready.
        after: New chains in the same registries after that.
        quiet: A period without changes.
    """

    date: str
    machine: Machine
    registries: int
    silent: int
    resources: int
    idle: Idle
    fill_seconds: float
    before: NewChains
    beside: NewChains
    restart: Restart
    recovery_seconds: float
    after: NewChains
    quiet: Quiet

    @property
    def alone(self) -> NewChains:
        """All new chains without silent registries: before and after, so that a busier machine shows in both."""
        return NewChains.of([*self.before.milliseconds, *self.after.milliseconds])

    @property
    def delay(self) -> float:
        """How many times as long the p99 is beside silent registries."""
        return self.beside.p99 / self.alone.p99
