"""What can stand in the way of a resource, and the one map from client errors to it.

Waiting is no error: something else has to happen first, and its happening is noticed. Transient problems are tried
again with back-off. Terminal ones need another spec (or another registry), so they are tried again only when the
spec changes, on request, or once per sweep.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from model_registry import exceptions
from registrar.conditions import Reason


class Severity(Enum):
    """How a problem ends: by another event, by itself, or by a change of the spec."""

    WAITING = "waiting"
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
    """

    severity: Severity
    reason: Reason
    message: str
    recheck: float | None = None


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


def terminal(reason: Reason, message: str) -> ReconcileError:
    """The spec has to change first."""
    return ReconcileError(Problem(Severity.TERMINAL, reason, message))


def problem_of(error: ReconcileError | exceptions.StoreError) -> Problem:
    """The problem that an error stands for."""
    match error:
        case ReconcileError():
            return error.problem
        case exceptions.Unauthorized() | exceptions.Forbidden():
            # The connection's fault, not the resource's: another token heals it without a change of any spec.
            message = f"The registry refused the operator's token: {error}. Check the token and what it may do."
            return Problem(Severity.TRANSIENT, Reason.UNAUTHORIZED, message)
        case exceptions.AmbiguousEntryError():
            return Problem(Severity.TERMINAL, Reason.AMBIGUOUS_ENTRY, f"{error}. Rename or merge them by hand.")
        case exceptions.BadRequest() | exceptions.Unprocessable():
            message = f"The registry refused the entry: {error}. Change the spec."
            return Problem(Severity.TERMINAL, Reason.REFUSED_BY_REGISTRY, message)
        case exceptions.APIStatusError() | exceptions.IdentityMismatch():
            message = f"The registry did not do what it was asked, which is tried again: {error}"
            return Problem(Severity.TRANSIENT, Reason.REGISTRY_UNAVAILABLE, message)
        case _:
            return Problem(Severity.TRANSIENT, Reason.REGISTRY_UNAVAILABLE, f"The registry did not answer: {error}")
