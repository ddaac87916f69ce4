"""What can stand in the way of a resource, and the one map from client errors to it.

Waiting is no error: something else has to happen first, and its happening is noticed. Transient problems are tried
again with back-off. Terminal ones need another spec (or another registry), so they are tried again only when the
spec changes, on request, or once per resync. An outage is the registry's: it is looked after for all at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from model_registry import exceptions
from registrar.conditions import Reason


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


def problem_of(error: ReconcileError | exceptions.StoreError) -> Problem:
    """The problem that an error stands for."""
    if isinstance(error, ReconcileError):
        return error.problem
    severity, reason, sentence = _verdict(error)
    retry_after = error.retry_after if isinstance(error, exceptions.APIStatusError) else None
    return Problem(severity, reason, sentence.format(error), retry_after=retry_after)


def _verdict(error: exceptions.StoreError) -> tuple[Severity, Reason, str]:
    match error:
        case exceptions.Unauthorized() | exceptions.Forbidden():
            # The connection's fault, not the resource's: another token heals it without a change of any spec.
            sentence = "The registry refused the operator's token: {}. Check the token and what it may do."
            verdict = Severity.OUTAGE, Reason.UNAUTHORIZED, sentence
        case exceptions.AmbiguousEntryError():
            verdict = Severity.TERMINAL, Reason.AMBIGUOUS_ENTRY, "{}. Rename or merge them by hand."
        case exceptions.BadRequest() | exceptions.Unprocessable():
            verdict = (
                Severity.TERMINAL,
                Reason.REFUSED_BY_REGISTRY,
                "The registry refused the entry: {}. Change the spec.",
            )
        case exceptions.ConnectionFailed(is_temporary=False):
            # A token or CA file that cannot be read, a certificate that is not believed: it says itself what to mend.
            verdict = Severity.OUTAGE, Reason.REGISTRY_UNAVAILABLE, "The registry cannot be reached: {}"
        case exceptions.ConnectionFailed():
            verdict = Severity.OUTAGE, Reason.REGISTRY_UNAVAILABLE, "The registry did not answer: {}"
        case exceptions.RateLimited():
            sentence = "The registry asks for fewer requests, and it is tried again: {}"
            verdict = Severity.TRANSIENT, Reason.REGISTRY_UNAVAILABLE, sentence
        case exceptions.NotARegistryError() | exceptions.ServerError(status=502 | 503 | 504):
            verdict = Severity.OUTAGE, Reason.REGISTRY_UNAVAILABLE, "The registry is away: {}"
        case _:
            sentence = "The registry did not do what it was asked, which is tried again: {}"
            verdict = Severity.TRANSIENT, Reason.REGISTRY_UNAVAILABLE, sentence
    return verdict
