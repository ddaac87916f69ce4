"""The rules of which requests may be repeated, and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_registry._deadline import Deadline
from model_registry._response import Response
from model_registry._retry import may_have_been_applied, retry_delay, should_retry
from model_registry.exceptions import (
    APIStatusError,
    ConnectionFailed,
    NotARegistryError,
    OutcomeUnknown,
    RegistryError,
    RequestTimeout,
    ServerError,
)

TOO_LONG = "error saving registered model: ERROR: value too long for type character varying(255) (SQLSTATE 22001)"
CONSTRAINT = 'ERROR: insert violates foreign key constraint "x" (SQLSTATE 23503)'
OF_MYSQL = "error saving registered model: Error 1406 (22001): Data too long for column 'name' at row 1"
DEADLOCK = "ERROR: deadlock detected (SQLSTATE 40P01)"


def answered(status: int, message: str = "x") -> APIStatusError:
    with pytest.raises(APIStatusError) as raised:
        Response("POST", "http://r", status, f'{{"code": "x", "message": "{message}"}}'.encode()).raise_for_status()
    return raised.value


@pytest.mark.parametrize(
    ("error", "of_create", "of_others"),
    [
        (ConnectionFailed("never sent"), True, True),
        (ConnectionFailed("not believed", is_temporary=False), False, False),
        (OutcomeUnknown("lost"), False, False),
        (RequestTimeout("late"), True, True),
        (answered(429), True, True),
        (answered(500), False, True),
        (answered(500, DEADLOCK), False, True),
        (answered(500, TOO_LONG), False, False),
        (answered(500, CONSTRAINT.replace('"', "'")), False, False),
        (answered(500, OF_MYSQL), False, False),
        (answered(501), False, False),
        (answered(502), False, True),
        (answered(503), False, True),
        (answered(504), False, True),
        *((answered(status), False, False) for status in (400, 401, 403, 404, 405, 409, 410, 422)),
    ],
    ids=str,
)
def test_which_requests_may_be_repeated(error: RegistryError, *, of_create: bool, of_others: bool) -> None:
    assert should_retry(error, 0, is_idempotent=False) is of_create
    assert should_retry(error, 0, is_idempotent=True) is of_others


def test_a_500_is_repeated_twice_at_most() -> None:
    assert [should_retry(answered(500), tried, is_idempotent=True) for tried in range(4)] == [True, True, False, False]
    assert should_retry(answered(503), 3, is_idempotent=True)


@pytest.mark.parametrize(
    ("error", "doubtful"),
    [
        (OutcomeUnknown("lost"), True),
        (ConnectionFailed("never sent"), False),
        *((answered(status), True) for status in (500, 502, 503, 504, 520)),
        (answered(500, TOO_LONG), False),
        (answered(500, OF_MYSQL), False),
        *((answered(status), False) for status in (301, 400, 401, 403, 404, 409, 410, 422, 429)),
        (NotARegistryError("a success that cannot be read", 201, "POST", "http://r"), True),
    ],
    ids=str,
)
def test_which_errors_leave_a_create_in_doubt(error: RegistryError, *, doubtful: bool) -> None:
    assert may_have_been_applied(error) is doubtful


@given(st.integers(0, 50), st.floats(0, 1), st.none() | st.floats(0, 30))
def test_the_delay_grows_to_a_bound_with_full_jitter_and_never_falls_short_of_what_is_asked(
    tried: int, chance: float, asked: float | None
) -> None:
    delay = retry_delay(tried, chance, asked)
    longest = min(8.0, 0.5 * 2**tried)
    assert delay is not None
    assert (asked or 0) <= delay <= (asked or 0) + longest
    assert retry_delay(tried, 0.0, None) == 0
    assert retry_delay(tried, 1.0, None) == longest


def test_no_wait_exceeds_half_a_minute() -> None:
    assert retry_delay(0, 0.0, 30.0) == 30
    assert retry_delay(0, 0.0, 30.1) is None


@pytest.mark.parametrize(
    ("retry_after", "date", "seconds"),
    [
        ("", "", None),
        ("5", "", 5),
        (" 5 ", "", 5),
        ("-5", "", None),
        ("1.5", "", None),
        ("\N{ARABIC-INDIC DIGIT FIVE}", "", None),
        ("soon", "Mon, 23 Nov 2026 10:00:00 GMT", None),
        ("Mon, 23 Nov 2026 10:00:07 GMT", "Mon, 23 Nov 2026 10:00:00 GMT", 7),
        ("Mon, 23 Nov 2026 09:00:00 GMT", "Mon, 23 Nov 2026 10:00:00 GMT", 0),
        ("Mon, 23 Nov 2026 10:00:07 GMT", "", None),
        ("Mon, 23 Nov 99999999999 10:00:07 GMT", "Mon, 23 Nov 2026 10:00:00 GMT", None),
        ("9" * 400, "", float("inf")),
    ],
)
def test_how_long_a_server_asks_to_wait(retry_after: str, date: str, seconds: float | None) -> None:
    response = Response("GET", "http://r", 503, b"", date=date, retry_after=retry_after)
    assert response.retry_after_seconds == seconds
    with pytest.raises(ServerError) as raised:
        response.raise_for_status()
    assert raised.value.retry_after == seconds


def test_a_create_leaves_a_quarter_of_its_time_for_the_look_up() -> None:
    deadline = Deadline(60)
    assert deadline.attempt_timeout(is_idempotent=True) == 60
    assert deadline.attempt_timeout(is_idempotent=False) == 45
    deadline.remaining = -1
    assert deadline.attempt_timeout(is_idempotent=True) == 0
