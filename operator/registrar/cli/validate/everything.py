"""All that is wrong with what was read: in reading it, with each manifest, and between manifests."""

from __future__ import annotations

from registrar.cli.validate import alone, registries, together
from registrar.cli.validate.problems import Problem, Rule
from registrar.cli.validate.reading import Reading


def problems_of(reading: Reading) -> list[Problem]:
    """Return the problems of files, then those of manifests alone, then those between them."""
    is_complete = not any(problem.rule in {Rule.UNREADABLE, Rule.INVALID_YAML} for problem in reading.problems)
    return [
        *reading.problems,
        *(problem for found in reading.manifests for problem in alone.check(found)),
        *together.check(reading.manifests, is_complete=is_complete),
        *registries.check(reading.registries),
    ]
