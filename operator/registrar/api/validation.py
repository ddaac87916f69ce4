"""Turns pydantic's errors into sentences that name the field to change, and how."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from registrar.api.rules import POSITION

MAX_PROBLEMS = 5
"""Problems that a condition's message names; nobody would read more."""
MAX_PART_LENGTH = 63
"""Characters that a message shows of each name on the way to a field."""
_NAMES = {
    "string_too_short": "a name must not be empty; give it one, or remove it",
    "string_too_long": "a name must have at most {max_length} characters; shorten it",
}
"""What is wrong with a key of a map, by pydantic's sort of error."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a resource.

    Attributes:
        path: the way to the field: names, and positions in lists. Empty where several fields together are wrong.
        message: what to change.
        is_null: whether the field is null.
    """

    path: tuple[str | int, ...]
    message: str
    is_null: bool = False

    def __str__(self) -> str:
        return f"{'.'.join(map(_shown, self.path))}: {self.message}" if self.path else self.message


def problems(error: ValidationError) -> Iterator[Problem]:
    """Yield each thing that is wrong with a resource."""
    for found in error.errors(include_url=False):
        if found["type"] == "too_short" and found["input"]:
            # Those of its items that are wrong are reported each.
            continue
        # pydantic adds "[key]" for a refused key of a map.
        path = tuple(part for part in found["loc"] if part != "[key]")
        context = found.get("ctx", {})
        path = (*path, context[POSITION]) if POSITION in context else path
        message = found["msg"]
        if "[key]" in found["loc"] and found["type"] in _NAMES:
            message = _NAMES[found["type"]].format(**context)
        is_unquoted = found["type"] == "string_type" and isinstance(found["input"], bool | int | float)
        message = f"{message}; put it in quotes" if is_unquoted else message
        message = "there is no such field; check its name" if found["type"] == "extra_forbidden" else message
        yield Problem(path, message, found["input"] is None)


def _shown(part: str | int) -> str:
    """Return a part of a path, as far as it helps to find the field."""
    text = repr(str(part))[1:-1] or '""'
    return text if len(text) <= MAX_PART_LENGTH else f"{text[:MAX_PART_LENGTH]}…"


def describe(error: ValidationError) -> str:
    """Return what is wrong with a resource.

    Returns:
        ``<path>: <what to change>`` for each problem, joined by ``; ``, such as
        ``spec.customProperties.tags: must be a string, …``.
    """
    found = [str(problem) for problem in problems(error)]
    hidden = len(found) - MAX_PROBLEMS
    return "; ".join([*found[:MAX_PROBLEMS], *([f"and {hidden} more"] if hidden > 0 else [])])
