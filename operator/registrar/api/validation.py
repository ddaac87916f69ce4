"""Turns pydantic's errors into sentences that name the field to change, and how."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from registrar.api.rules import POSITION
from registrar.api.schema import StructuralSchema
from registrar.api.wording import shown_path, unknown_field, worded

MAX_PROBLEMS = 5
"""Problems that a condition's message names; nobody would read more."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a resource.

    Attributes:
        path: the way to the field: names, and positions in lists. Empty where several fields together are wrong.
        message: what to change.
        is_null: whether the field is null.
        kind: pydantic's sort of error, or ours (`registrar.api.rules.refusal`).
    """

    path: tuple[str | int, ...]
    message: str
    is_null: bool = False
    kind: str = ""

    def __str__(self) -> str:
        return f"{shown_path(self.path)}: {self.message}" if self.path else self.message


def problems(error: ValidationError, model: type[BaseModel] | None = None) -> Iterator[Problem]:
    """Yield each thing that is wrong with a resource.

    Args:
        error: what pydantic found.
        model: what was validated; it is asked which field an unknown one was meant to be.
    """
    for found in error.errors(include_url=False):
        if found["type"] == "too_short" and found["input"]:
            # Those of its items that are wrong are reported each.
            continue
        # pydantic adds "[key]" for a refused key of a map.
        path = tuple(part for part in found["loc"] if part != "[key]")
        context = found.get("ctx", {})
        path = (*path, context[POSITION]) if POSITION in context else path
        message = worded(found)
        if found["type"] == "extra_forbidden":
            message = unknown_field(str(path[-1]), () if model is None else _known_beside(model, path))
        yield Problem(path, message, found["input"] is None, found["type"])


@cache
def _schema(model: type[BaseModel]) -> Mapping[str, Any]:
    return model.model_json_schema(schema_generator=StructuralSchema)


def _known_beside(model: type[BaseModel], path: tuple[str | int, ...]) -> Collection[str]:
    """Return the names of the fields that may stand where the last part of a path does."""
    node: Mapping[str, Any] = _schema(model)
    for part in path[:-1]:
        node = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, {})
    fields: Collection[str] = node.get("properties", {})
    return fields


def describe(error: ValidationError, model: type[BaseModel] | None = None) -> str:
    """Return what is wrong with a resource.

    Args:
        error: what pydantic found.
        model: what was validated, see `problems`.

    Returns:
        ``<path>: <what to change>`` for each problem, joined by ``; ``, such as
        ``spec.customProperties.tags: must be a string, …``.
    """
    found = [str(problem) for problem in problems(error, model)]
    hidden = len(found) - MAX_PROBLEMS
    return "; ".join([*found[:MAX_PROBLEMS], *([f"and {hidden} more"] if hidden > 0 else [])])
