"""What can stand in the way of a resource, and the one map from client errors to it.

Waiting is no error: something else has to happen first, and its happening is noticed. Transient problems are tried
again with back-off. Terminal ones need another spec (or another registry), so they are tried again only when the
spec changes, on request, or once per resync. An outage is the registry's: it is looked after for all at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from registrar.api.conditions import Reason


class Severity(Enum):
    """How a problem ends: by another event, with the registry's return, by itself, or by a change of the spec."""

    WAITING = "waiting"
    OUTAGE = "outage"
    TRANSIENT = "transient"
    TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a resource is not as written.

    Attributes:
        severity: what has to happen.
        reason: the reason of the ``Ready`` condition.
        message: one or two sentences that say what to change, or what is waited for.
        recheck: seconds until another look, where nothing tells that the wait is over.
        retry_after: seconds for which the registry asked to be left alone; None if it did not.
    """

    severity: Severity
    reason: Reason
    message: str
    recheck: float | None = None
    retry_after: float | None = None


class ReconcileError(Exception):
    """A problem on its way from where it was found to the status."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.reason}: {problem.message}")
        self.problem = problem


def waiting(reason: Reason, message: str, *, recheck: float | None = None) -> ReconcileError:
    """Something else has to happen first."""
    return ReconcileError(Problem(Severity.WAITING, reason, message, recheck))


def transient(reason: Reason, message: str) -> ReconcileError:
    """Worth trying again."""
    return ReconcileError(Problem(Severity.TRANSIENT, reason, message))


def outage(message: str) -> ReconcileError:
    """The registry has to come back first."""
    return ReconcileError(Problem(Severity.OUTAGE, Reason.REGISTRY_UNAVAILABLE, message))


def terminal(reason: Reason, message: str) -> ReconcileError:
    """The spec has to change first."""
    return ReconcileError(Problem(Severity.TERMINAL, reason, message))
