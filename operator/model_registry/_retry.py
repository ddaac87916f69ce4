"""What may be repeated, and when. Pure.

A request that was never sent, or was put off with 429, has done nothing: it may always be repeated. One whose answer
was lost, or is a 5xx, may have been carried out: it may be repeated if carrying it out twice comes to the same, and
the others, creates, must be looked up first (`_entries`). What the database itself refuses never heals.
"""

import re
from http import HTTPStatus

from .exceptions import APIStatusError, ConnectionFailed, OutcomeUnknown, RateLimited, ServerError, StoreError

RETRIES = 2
"""How often a request is repeated unless told."""

LONGEST_REQUESTED = 30.0
"""Seconds that a server may ask us to wait before we rather give up."""

_FIRST_DELAY = 0.5
_LONGEST_DELAY = 8.0
_RETRIES_OF_500 = 2  # the registry's answer to whatever it did not foresee: mostly it comes back
_PASSING = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}

# Classes 22 (a value too long, or not of its type) and 23 (a constraint), as PostgreSQL's and MySQL's drivers put them.
_REFUSED_BY_DATABASE = re.compile(r"\(SQLSTATE 2[23]\w{3}\)|\bError \d+ \(2[23]\w{3}\)")


def may_repeat(error: StoreError, tried: int, *, is_repeatable: bool) -> bool:
    """Tell whether a request that failed may, and is worth to, be sent again as it is.

    Args:
        error: How it failed.
        tried: How often it has been repeated.
        is_repeatable: Whether carrying it out twice comes to the same as once.
    """
    match error:
        case OutcomeUnknown():
            return False
        case ConnectionFailed():
            return error.is_temporary  # of a create, everything but OutcomeUnknown was never sent
        case RateLimited():
            return True
        case ServerError(status=HTTPStatus.INTERNAL_SERVER_ERROR):
            return is_repeatable and tried < _RETRIES_OF_500 and not is_refused_by_database(error)
        case ServerError():
            return is_repeatable and error.status in _PASSING
        case _:
            return False


def leaves_in_doubt(error: StoreError) -> bool:
    """Tell whether a create that failed so may have been carried out all the same."""
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
    """Tell whether a 500 is the database's refusal of a value, by what the registry passes on of its message."""
    return _REFUSED_BY_DATABASE.search(error.message) is not None


def delay_before(tried: int, chance: float, retry_after: float | None) -> float | None:
    """Return the seconds to wait before a request is repeated; None if the server asks for more than we wait.

    Exponential back-off with full jitter: clients that failed together do not come back together. It is added to what
    the server asks for, which it tells all of them.

    Args:
        tried: How often it has been repeated before.
        chance: A random number from 0 to 1.
        retry_after: What the server asks for, in seconds.
    """
    asked = retry_after or 0.0
    if asked > LONGEST_REQUESTED:
        return None
    return asked + chance * min(_LONGEST_DELAY, _FIRST_DELAY * 2.0**tried)
