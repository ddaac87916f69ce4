"""Problems on their way to the status."""

from collections.abc import Callable

import pytest

from registrar.api.conditions import Reason
from registrar.planning.problems import Disposition, Problem, ReconcileError, outage, terminal, transient, waiting

ERRORS: dict[str, tuple[Callable[[], ReconcileError], Problem]] = {
    "waiting": (
        lambda: waiting(Reason.NAME_CONFLICT, "m"),
        Problem(Disposition.WAITING, Reason.NAME_CONFLICT, "m"),
    ),
    "waiting for no event": (
        lambda: waiting(Reason.NAME_CONFLICT, "m", requeue_after=3.0),
        Problem(Disposition.WAITING, Reason.NAME_CONFLICT, "m", requeue_after=3.0),
    ),
    "transient": (
        lambda: transient(Reason.INVALID_SPEC, "m"),
        Problem(Disposition.TRANSIENT, Reason.INVALID_SPEC, "m"),
    ),
    "terminal": (
        lambda: terminal(Reason.PARENT_CHANGED, "m"),
        Problem(Disposition.TERMINAL, Reason.PARENT_CHANGED, "m"),
    ),
    "outage": (lambda: outage("m"), Problem(Disposition.OUTAGE, Reason.REGISTRY_UNAVAILABLE, "m")),
}


@pytest.mark.parametrize(("make", "expected"), ERRORS.values(), ids=list(ERRORS))
def test_an_error_carries_its_problem(make: Callable[[], ReconcileError], expected: Problem) -> None:
    error = make()
    assert error.problem == expected
    assert str(error) == f"{expected.reason}: m"
