"""The external ID of an entry that gave its own up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar.planning.external_ids import MAX_LENGTH, released_external_id

IDS = st.integers(min_value=1, max_value=2**31 - 1).map(str)


def test_it_names_the_former_one_and_the_entry() -> None:
    assert released_external_id("hf:example/churn", "7") == "hf:example/churn~released-7"
    assert released_external_id("hf:example/churn~released-7", "8") == "hf:example/churn~released-7~released-8"


@pytest.mark.parametrize("length", [244, 245, 255])
def test_a_long_one_is_cut(length: int) -> None:
    released = released_external_id("x" * length, "7")
    assert released == "x" * min(length, 244) + "~released-7"


@given(st.text(min_size=1, max_size=MAX_LENGTH), IDS, st.integers(0, 3))
def test_it_is_another_one_that_the_registry_can_store(external_id: str, entry_id: str, times: int) -> None:
    # Also one that looks like what this returns, at any length.
    given = f"{external_id}{f'~released-{entry_id}' * times}"[-MAX_LENGTH:]
    released = released_external_id(given, entry_id)
    assert released != given
    assert len(released) <= MAX_LENGTH
    assert released.endswith(f"~released-{entry_id}")
