"""From pydantic's error to a sentence that tells the user which field to change, and how."""

from collections.abc import Iterable

from pydantic import ValidationError

MOST_PROBLEMS = 5
"""A condition's message names this many; more would not be read."""


def describe(error: ValidationError) -> str:
    """Say what is wrong with a resource.

    Returns:
        ``<path>: <what to change>`` for each problem, joined by ``; ``, such as
        ``spec.customProperties.tags: must be a string, …``.
    """
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    shown = [f"{_path(problem['loc'])}: {problem['msg']}" for problem in problems[:MOST_PROBLEMS]]
    if hidden := len(problems) - len(shown):
        shown.append(f"and {hidden} more")
    return "; ".join(shown)


def _path(loc: Iterable[int | str]) -> str:
    """Join a location by dots, without the ``[key]`` that pydantic puts behind a refused key of a map."""
    return ".".join(str(part) for part in loc if part != "[key]")
