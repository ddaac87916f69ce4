"""The one map from the client's errors to problems."""

from __future__ import annotations

import re
from dataclasses import replace

from model_registry import exceptions
from model_registry._failures import is_unknown_host, is_verification_failure
from model_registry._retry import is_refused_by_database
from registrar.api.conditions import Reason
from registrar.planning.problems import Disposition, Problem, ReconcileError

_REQUEST = re.compile(r"^[A-Z]+ https?://\S+: (?:the registry cannot be reached: )?")
_QUOTED_BYTES = re.compile(r"\s(?:bytearray\()?b['\"].*", re.DOTALL)


def problem_of(error: ReconcileError | exceptions.RegistryError) -> Problem:
    """Return the problem that an error represents."""
    if isinstance(error, ReconcileError):
        return error.problem
    disposition, reason, sentence = _classify(error)
    retry_after = error.retry_after if isinstance(error, exceptions.APIStatusError) else None
    # An outage concerns every resource: the request that met it says nothing about the others.
    cause = _without_request(error) if disposition is Disposition.OUTAGE else _cause(error)
    return Problem(disposition, reason, sentence.format(cause), retry_after=retry_after)


def problem_of_one(error: exceptions.RegistryError) -> Problem:
    """Return the problem that an error represents where only the requests of one resource meet it."""
    problem = problem_of(error)
    if problem.disposition is not Disposition.OUTAGE:
        return problem
    sentence = "The registry answers other requests, but not this one; retrying: {}"
    if problem.reason is Reason.UNAUTHORIZED:
        sentence = (
            "The registry answers other requests, but refuses the operator's token for this one; retrying: {}. Check "
            "what the token may write, and whether a gateway refuses the request."
        )
    message = sentence.format(_without_bytes(_cause(error)))
    return replace(problem, disposition=Disposition.TRANSIENT, message=message)


def remedy_of(error: exceptions.RegistryError, url: str) -> str:
    """Return what to check where the registry of the operator's flags is unavailable; empty where the problem says it.

    Args:
        error: what the operator met.
        url: the address of the registry.
    """
    match error:
        case exceptions.ConnectionFailed() if is_verification_failure(error):
            return "Check that the file of --registry-ca-file contains the authority that issued the certificate."
        case exceptions.ConnectionFailed(is_temporary=True) if is_unknown_host(error):
            return f"Check the host in {url}."
        case exceptions.ConnectionFailed(is_temporary=True) | exceptions.ServerError(status=502 | 503 | 504):
            return f"Check that the registry runs at {url}, and that no network policy or proxy is in the way."
        case exceptions.ServerError():
            return "Check the registry's own log."
    return ""


def is_of_the_value(error: exceptions.RegistryError) -> bool:
    """Return whether a fault of the server means that its database does not take a value of the entry."""
    return isinstance(error, exceptions.APIStatusError) and is_refused_by_database(error)


def _cause(error: exceptions.RegistryError) -> str:
    """Return what happened in our own words: those of a server stay in the log, because many people read a status.

    An address can lead to any server, and a registry may say something of entries that belong to others.
    """
    match error:
        case exceptions.APIStatusError():
            return f"{error.method} {error.url} answered {_answer(error)}"
        case exceptions.IdentityMismatch():
            return "the ID of the entry belongs to another one by now"
        case _:
            return str(error)


def _without_bytes(text: str) -> str:
    """Return what a library says of an answer that is no HTTP, without the answer: it quotes the line."""
    return _QUOTED_BYTES.sub(" …", text)


def _answer(error: exceptions.APIStatusError) -> str:
    match error:
        case exceptions.NotARegistryError():
            return f"{error.status}, but not as a registry does; check its address and API version"
        case exceptions.UnreadableEntry():
            return f"{error.status} with an entry that cannot be read"
        case _:
            return str(error.status)


def _without_request(error: exceptions.RegistryError) -> str:
    if isinstance(error, exceptions.APIStatusError):
        return f"it answered {_answer(error)}"
    return _without_bytes(_REQUEST.sub("", str(error)))


def _classify(error: exceptions.RegistryError) -> tuple[Disposition, Reason, str]:
    match error:
        case exceptions.Unauthorized() | exceptions.Forbidden():
            # The connection's fault, not the resource's: another token heals it without a change of any spec.
            sentence = "The registry refused the operator's token: {}. Check the token and its permissions."
            classified = Disposition.OUTAGE, Reason.UNAUTHORIZED, sentence
        case exceptions.AmbiguousEntryError():
            classified = Disposition.TERMINAL, Reason.AMBIGUOUS_ENTRY, "{}. Rename or merge them by hand."
        case exceptions.BadRequest() | exceptions.Unprocessable():
            sentence = "The registry refused the entry: {}. Change the spec. The operator's log has its answer."
            classified = Disposition.TERMINAL, Reason.REFUSED_BY_REGISTRY, sentence
        case exceptions.UnwritableProperty():
            classified = Disposition.TERMINAL, Reason.REFUSED_BY_REGISTRY, "{}."
        case exceptions.ConnectionFailed(is_temporary=False):
            # A token or CA file that cannot be read, a certificate that is not trusted: the error says what to fix.
            classified = Disposition.OUTAGE, Reason.REGISTRY_UNAVAILABLE, "The registry cannot be reached: {}"
        case exceptions.ConnectionFailed():
            classified = Disposition.OUTAGE, Reason.REGISTRY_UNAVAILABLE, "The registry did not answer: {}"
        case exceptions.RateLimited():
            sentence = "The registry asks for fewer requests; retrying: {}"
            classified = Disposition.TRANSIENT, Reason.REGISTRY_UNAVAILABLE, sentence
        case exceptions.NotARegistryError() | exceptions.ServerError(status=502 | 503 | 504):
            classified = Disposition.OUTAGE, Reason.REGISTRY_UNAVAILABLE, "The registry is unavailable: {}"
        case _:
            sentence = "The registry could not process the request; retrying: {}"
            classified = Disposition.TRANSIENT, Reason.REGISTRY_UNAVAILABLE, sentence
    return classified
