"""Diagnosis: what an error that a reconcile met says of the registry."""

from __future__ import annotations

import logging
import time

from model_registry.exceptions import APIStatusError, RegistryError
from registrar.api.bodies import ResourceKey
from registrar.planning.problems import Disposition, Problem, ReconcileError
from registrar.registries.breaker import CircuitBreaker
from registrar.registries.problems import problem_of, problem_of_one

logger = logging.getLogger(__name__)


def diagnose(error: ReconcileError | RegistryError, key: ResourceKey, breaker: CircuitBreaker) -> Problem:
    """Return the problem that an error represents; one that means an outage opens the breaker.

    Here, and not where the problem is reported: a report adds words about one resource, and an outage concerns all.

    Args:
        error: the error.
        key: the resource whose reconcile met it.
        breaker: the breaker of the registry.
    """
    if isinstance(error, ReconcileError):
        return _opening(breaker, problem_of(error), None)
    if key in breaker.outliers and not breaker.is_open:
        problem = problem_of_one(error)
        # By now it may be an outage all the same.
        breaker.request_probe()
    else:
        problem = _opening(breaker, problem_of(error), key)
    if isinstance(error, APIStatusError):
        level = logging.WARNING if problem.disposition is Disposition.TERMINAL else logging.DEBUG
        logger.log(level, "What the registry answered: %s", error)
    return problem


def _opening(breaker: CircuitBreaker, problem: Problem, suspect: ResourceKey | None) -> Problem:
    """Open the breaker, if the problem is an outage."""
    if problem.disposition is Disposition.OUTAGE:
        breaker.open(problem, time.monotonic(), suspect)
    return problem
