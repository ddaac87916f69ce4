"""The work: the same calls for every rival, checked in the registry afterwards."""

import uuid
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.client.process import Process
from benchmarks.client.registry import Registry, WorkError, check_created, check_patched

OPERATIONS: Final = ("create", "get", "find", "patch", "list")
"""In this order, because later operations need what the first created."""

CALLS_PER_LIST: Final = 10
"""A list is more work than another call, so lists are this many times fewer."""


@dataclass
class Stock:
    """What the registry holds before the first call, and what the rivals created.

    Attributes:
        registry: The registry.
        tag: The beginning of the names of all models of this run.
        model_id: ID of a model.
        versions: Names of its versions, which are listed.
        content: Content of each created model besides its name; None before the first.
    """

    registry: Registry
    tag: str
    model_id: str
    versions: list[str]
    content: Any = None


def stocked(registry: Registry, listed: int) -> Stock:
    """Create what the rivals read: a model with ``listed`` versions."""
    tag = f"bench-{uuid.uuid4().hex[:8]}"
    model_id = registry.add_model(tag)
    return Stock(registry, tag, model_id, registry.add_versions(model_id, listed))


class Job:
    """One rival's part: the five operations on its own models.

    Args:
        stock: What the registry holds.
        label: Part of the names of this job's models, different for each job.
        calls: Calls of each operation; a tenth of that for lists.
    """

    def __init__(self, stock: Stock, label: str, calls: int) -> None:
        self._stock = stock
        self._prefix = f"{stock.tag}-{label}-"
        self._names = [f"{self._prefix}{number:05}" for number in range(calls)]
        self._ids: list[str] = []

    def do(self, process: Process, operation: str, in_flight: int) -> dict[str, Any]:
        """Let a rival make all calls of one operation, and check the result.

        Returns:
            The times of `Worker.run`, and the number of `calls`.

        Raises:
            RivalError: The rival failed.
            WorkError: The rival did different work.
        """
        calls, expected = self._calls(operation)
        done = process.run(operation, calls, in_flight)
        if [sorted(names) if isinstance(names, list) else names for names in done["returned"]] != expected:
            raise WorkError(f"{process.rival}: {operation} returned {str(done['returned'])[:200]}")
        if operation in ("create", "patch"):
            self._check(operation)
        return done | {"calls": len(calls)}

    def _calls(self, operation: str) -> tuple[list[list[str]], list[Any]]:
        """Return the arguments of each call, and what each has to return."""
        match operation:
            case "get":
                return [[model_id] for model_id in self._ids], self._names
            case "patch":
                return [[model_id, name] for model_id, name in zip(self._ids, self._names, strict=True)], self._names
            case "list":
                count = max(1, len(self._names) // CALLS_PER_LIST)
                return [[self._stock.model_id]] * count, [sorted(self._stock.versions)] * count
            case _:
                return [[name] for name in self._names], self._names

    def _check(self, operation: str) -> None:
        models = self._stock.registry.models(self._prefix)
        if operation == "create":
            self._stock.content = check_created(models, self._names, self._stock.content)
            self._ids = [models[name]["id"] for name in self._names]
        else:
            check_patched(models, self._names)
