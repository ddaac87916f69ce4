"""What can keep a resource from its desired state.

Waiting is no error: something else has to happen first, and the operator notices when it does. The operator retries
transient problems with back-off. Terminal ones need another spec (or another registry), so it retries those only when
the spec changes, on request, or once per resync. An outage is the registry's: one prober retries for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from registrar.api.conditions import Reason


class Disposition(Enum):
    """How a problem ends: by another event, with the registry's return, by a retry, or by a change of the spec."""

    WAITING = "waiting"
    OUTAGE = "outage"
    TRANSIENT = "transient"
    TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a resource does not match its spec.

    Attributes:
        disposition: what has to happen.
        reason: the reason of the ``Ready`` condition.
        message: one or two sentences that say what to change, or what the resource waits for.
        requeue_after: seconds until the next attempt, where no event ends the wait or something else is due earlier.
        retry_after: seconds for which the registry asked for no requests; None if it did not ask.
    """

    disposition: Disposition
    reason: Reason
    message: str
    requeue_after: float | None = None
    retry_after: float | None = None


class ReconcileError(Exception):
    """A problem on its way from the stage that found it to the status."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.reason}: {problem.message}")
        self.problem = problem


def waiting(reason: Reason, message: str, *, requeue_after: float | None = None) -> ReconcileError:
    """Return the error for something else that has to happen first."""
    return ReconcileError(Problem(Disposition.WAITING, reason, message, requeue_after))


def transient(reason: Reason, message: str) -> ReconcileError:
    """Return the error for what a retry may fix."""
    return ReconcileError(Problem(Disposition.TRANSIENT, reason, message))


def outage(message: str) -> ReconcileError:
    """Return the error for a registry that has to come back first."""
    return ReconcileError(Problem(Disposition.OUTAGE, Reason.REGISTRY_UNAVAILABLE, message))


def refused(reason: Reason, message: str, *, requeue_after: float | None = None) -> Problem:
    """Return the problem of a spec that has to change first."""
    return Problem(Disposition.TERMINAL, reason, message, requeue_after)


def terminal(reason: Reason, message: str) -> ReconcileError:
    """Return the error for a spec that has to change first."""
    return ReconcileError(refused(reason, message))
