"""Turns pydantic's errors into a sentence that names the field to change, and how."""

from collections.abc import Iterable

from pydantic import ValidationError

MAX_PROBLEMS = 5
"""Problems that a condition's message names; nobody would read more."""


def describe(error: ValidationError) -> str:
    """Return what is wrong with a resource.

    Returns:
        ``<path>: <what to change>`` for each problem, joined by ``; ``, such as
        ``spec.customProperties.tags: must be a string, …``.
    """
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    shown = [f"{_path(problem['loc'])}: {problem['msg']}" for problem in problems[:MAX_PROBLEMS]]
    if hidden := len(problems) - len(shown):
        shown.append(f"and {hidden} more")
    return "; ".join(shown)


def _path(loc: Iterable[int | str]) -> str:
    """Return a location joined by dots, without the ``[key]`` that pydantic adds to a refused key of a map."""
    return ".".join(str(part) for part in loc if part != "[key]")
