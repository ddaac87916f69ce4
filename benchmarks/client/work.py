"""The work: the same calls for every rival, each checked afterwards in the registry itself."""

import uuid
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.client.process import Process
from benchmarks.client.registry import Registry, WorkError, check_created, check_patched

OPERATIONS: Final = ("create", "get", "find", "patch", "list")
"""In this order: the later ones need what the first created."""

CALLS_PER_LIST: Final = 10
"""A list is that much more work than another call, so there are fewer."""


@dataclass
class Stock:
    """What the registry holds before the first call, and what the rivals made of it.

    Attributes:
        registry: Where.
        tag: Begins the names of all models of this run.
        model_id: ID of a model.
        versions: Names of its versions, which are listed.
        content: What each created model holds beside its name; None before the first.
    """

    registry: Registry
    tag: str
    model_id: str
    versions: list[str]
    content: Any = None


def stocked(registry: Registry, listed: int) -> Stock:
    """Put into the registry what the rivals read: a model with so many versions."""
    tag = f"bench-{uuid.uuid4().hex[:8]}"
    model_id = registry.add_model(tag)
    return Stock(registry, tag, model_id, registry.add_versions(model_id, listed))


class Job:
    """One rival's part: the five operations on models of its own.

    Args:
        stock: What the registry holds.
        label: Tells the models of this job from those of others.
        calls: Calls of each operation; of lists, a tenth.
    """

    def __init__(self, stock: Stock, label: str, calls: int) -> None:
        self._stock = stock
        self._prefix = f"{stock.tag}-{label}-"
        self._names = [f"{self._prefix}{number:05}" for number in range(calls)]
        self._ids: list[str] = []

    def do(self, process: Process, operation: str, in_flight: int) -> dict[str, Any]:
        """Have a rival make all calls of one operation, and check that it did.

        Returns:
            The times, see `Worker.run`, and the number of `calls`.

        Raises:
            RivalError: The rival failed.
            WorkError: The rival did something else.
        """
        calls, expected = self._calls(operation)
        done = process.run(operation, calls, in_flight)
        if [sorted(one) if isinstance(one, list) else one for one in done["returned"]] != expected:
            raise WorkError(f"{process.rival}: {operation} returned {str(done['returned'])[:200]}")
        if operation in ("create", "patch"):
            self._check(operation)
        return done | {"calls": len(calls)}

    def _calls(self, operation: str) -> tuple[list[list[str]], list[Any]]:
        """The arguments of each call, and what each is to return."""
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
