"""The one map from the client's errors to problems."""

from __future__ import annotations

from model_registry import exceptions
from registrar.api.conditions import Reason
from registrar.planning.problems import Problem, ReconcileError, Severity


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
