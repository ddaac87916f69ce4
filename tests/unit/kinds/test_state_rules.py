"""Which state an existing entry must have, by the declared and the observed state."""

import pytest

from registrar.kinds.artifacts import unmanaged_unless_declared
from registrar.kinds.registered_model import live_unless_declared


@pytest.mark.parametrize("observed", ["LIVE", "ARCHIVED"])
def test_a_model_or_version_is_live_unless_the_spec_says_otherwise(observed: str) -> None:
    assert live_unless_declared(None, observed) == "LIVE"
    assert live_unless_declared("ARCHIVED", observed) == "ARCHIVED"


def test_a_model_or_version_without_a_state_gets_a_declared_one_alone() -> None:
    assert live_unless_declared(None, None) is None
    assert live_unless_declared("LIVE", None) == "LIVE"


@pytest.mark.parametrize("observed", [None, "LIVE", "PENDING", "UNKNOWN", "REFERENCE", "A_LATER_STATE"])
def test_the_state_of_an_artifact_is_left_alone_unless_declared(observed: str | None) -> None:
    assert unmanaged_unless_declared(None, observed) is None
    assert unmanaged_unless_declared("PENDING", observed) == "PENDING"


@pytest.mark.parametrize("observed", ["MARKED_FOR_DELETION", "DELETED", "ABANDONED"])
def test_an_artifact_that_counts_as_deleted_is_made_live_again(observed: str) -> None:
    assert unmanaged_unless_declared(None, observed) == "LIVE"
    assert unmanaged_unless_declared(observed, observed) == observed
