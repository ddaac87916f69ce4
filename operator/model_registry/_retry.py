"""Which requests may be retried, and when. No I/O.

A request that was never sent, or was refused with 429, had no effect and may always be retried. A request whose
response was lost, or is a 5xx, may have had its effect: it may be retried if it is idempotent. The others are creates,
and must be looked up first (`_entries`). A value that the database refuses will be refused again.
"""

import re
from http import HTTPStatus

from model_registry.exceptions import (
    APIStatusError,
    ConnectionFailed,
    OutcomeUnknown,
    RateLimited,
    RegistryError,
    ServerError,
)

DEFAULT_RETRIES = 2
"""How often a request is retried by default."""

MAX_RETRY_AFTER_SECONDS = 30.0
"""The longest pause that the client accepts from a server. It fails if the server asks for more."""

_FIRST_DELAY_SECONDS = 0.5
_MAX_DELAY_SECONDS = 8.0
_MAX_RETRIES_OF_500 = 2  # the registry answers every unexpected error with 500, and most of them happen again
_TRANSIENT = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}

# Classes 22 (a value too long, or of the wrong type) and 23 (a constraint), as PostgreSQL's and MySQL's drivers write
# them.
_REFUSED_BY_DATABASE = re.compile(r"\(SQLSTATE 2[23]\w{3}\)|\bError \d+ \(2[23]\w{3}\)")


def should_retry(error: RegistryError, retries_taken: int, *, is_idempotent: bool) -> bool:
    """Return whether to send a failed request again as it is.

    Args:
        error: How it failed.
        retries_taken: How often it has been retried.
        is_idempotent: Whether sending it twice has the same effect as once.
    """
    match error:
        case OutcomeUnknown():
            return False
        case ConnectionFailed():
            return error.is_temporary  # of a create, everything but OutcomeUnknown was never sent
        case RateLimited():
            return True
        case ServerError(status=HTTPStatus.INTERNAL_SERVER_ERROR):
            return is_idempotent and retries_taken < _MAX_RETRIES_OF_500 and not is_refused_by_database(error)
        case ServerError():
            return is_idempotent and error.status in _TRANSIENT
        case _:
            return False


def may_have_been_applied(error: RegistryError) -> bool:
    """Return whether a create that failed with this error may have been carried out."""
    match error:
        case OutcomeUnknown():
            return True
        case ServerError():
            return not is_refused_by_database(error)
        case APIStatusError():
            return error.status < HTTPStatus.MULTIPLE_CHOICES  # a success that cannot be read
        case _:
            return False


def is_refused_by_database(error: APIStatusError) -> bool:
    """Return whether a 500 means that the database refused a value. The registry passes on part of its message."""
    return _REFUSED_BY_DATABASE.search(error.message) is not None


def retry_delay(retries_taken: int, jitter: float, retry_after: float | None) -> float | None:
    """Return the seconds to wait before a retry, or None if the server asks for more than the client waits.

    The delay grows exponentially with full jitter, so that clients that failed together do not come back together. It
    is added to what the server asks for, which is the same for all clients.

    Args:
        retries_taken: How often the request has been retried.
        jitter: A random number from 0 to 1.
        retry_after: What the server asks for, in seconds.
    """
    requested = retry_after or 0.0
    if requested > MAX_RETRY_AFTER_SECONDS:
        return None
    return requested + jitter * min(_MAX_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2.0**retries_taken)
