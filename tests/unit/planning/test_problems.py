"""Problems on their way to the status."""

import pytest

from registrar.api.conditions import Reason
from registrar.planning.problems import Disposition, Problem, ReconcileError, outage, terminal, transient, waiting


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (waiting(Reason.NAME_CONFLICT, "m"), Problem(Disposition.WAITING, Reason.NAME_CONFLICT, "m")),
        (
            waiting(Reason.NAME_CONFLICT, "m", requeue_after=3.0),
            Problem(Disposition.WAITING, Reason.NAME_CONFLICT, "m", requeue_after=3.0),
        ),
        (transient(Reason.NAME_CONFLICT, "m"), Problem(Disposition.TRANSIENT, Reason.NAME_CONFLICT, "m")),
        (terminal(Reason.NAME_CONFLICT, "m"), Problem(Disposition.TERMINAL, Reason.NAME_CONFLICT, "m")),
    ],
)
def test_an_error_carries_its_problem(error: ReconcileError, expected: Problem) -> None:
    assert error.problem == expected
    assert str(error) == "NameConflict: m"


def test_an_outage_is_that_of_the_registry() -> None:
    assert outage("m").problem == Problem(Disposition.OUTAGE, Reason.REGISTRY_UNAVAILABLE, "m")
