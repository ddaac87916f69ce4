"""A back-off grows with each failure in a row, up to a limit."""

import pytest

from registrar.workqueue import backoff
from registrar.workqueue.backoff import Backoff


def test_each_failure_doubles_it_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "spread", lambda seconds: seconds)
    found = Backoff(1, 5)
    assert found.is_over(0)
    for number, seconds in enumerate((1, 2, 4, 5, 5)):
        now = number * 100
        found.fail(now)
        assert (found.is_over(now + seconds - 0.1), found.is_over(now + seconds)) == (False, True)


def test_a_success_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "spread", lambda seconds: seconds)
    found = Backoff(1, 5)
    found.fail(0)
    found.fail(10)
    found.succeed()
    assert found.is_over(10)
    found.fail(20)
    assert found.is_over(21)
