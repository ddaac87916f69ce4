"""Diagnosis: what an error that a reconcile met says of the registry."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from model_registry.exceptions import APIStatusError, RegistryError
from registrar.api.bodies import ResourceKey
from registrar.planning.problems import Disposition, Problem, ReconcileError
from registrar.planning.resolution import described
from registrar.registries.problems import problem_of, problem_of_one, remedy_of
from registrar.registries.registry import Registry
from registrar.reporting.advice import RETRIES

logger = logging.getLogger(__name__)


def diagnose(error: ReconcileError | RegistryError, key: ResourceKey, registry: Registry) -> Problem:
    """Return the problem that an error represents; one that means an outage opens the breaker.

    Here, and not where the problem is reported: a report adds words about one resource, and an outage concerns all.

    Args:
        error: the error.
        key: the resource whose reconcile met it.
        registry: the registry.
    """
    breaker = registry.breaker
    if isinstance(error, ReconcileError):
        return _opening(registry, problem_of(error), None, "")
    if key in breaker.outliers and not breaker.is_open:
        problem = problem_of_one(error)
        # By now it may be an outage all the same.
        breaker.request_probe()
    else:
        problem = _opening(registry, problem_of(error), key, remedy_of(error, registry.url))
    if isinstance(error, APIStatusError):
        level = logging.WARNING if problem.disposition is Disposition.TERMINAL else logging.DEBUG
        logger.log(level, "What the registry answered: %s", error)
    return problem


def for_resources(problem: Problem, registry: Registry, remedy: str) -> Problem:
    """Return an outage as its resources report it: whoever reads that may not know who can act, and where.

    Args:
        problem: the outage.
        registry: the registry.
        remedy: what to check if the operator's flags configure the registry; may be empty.
    """
    if problem.message.endswith(RETRIES):
        # All others report what the first one met.
        return problem
    if registry.ref is not None:
        remedy = f"The conditions of {described(registry.name)} show its administrator what to do."
    sentences = (f"{problem.message.removesuffix('.')}.", remedy, RETRIES)
    return replace(problem, message=" ".join(filter(None, sentences)))


def _opening(registry: Registry, problem: Problem, suspect: ResourceKey | None, remedy: str) -> Problem:
    """Open the breaker, if the problem is an outage."""
    if problem.disposition is not Disposition.OUTAGE:
        return problem
    problem = for_resources(problem, registry, remedy)
    registry.breaker.open(problem, time.monotonic(), suspect)
    return problem
