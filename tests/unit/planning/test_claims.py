"""Which of several claimants has the better claim."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar.api.bodies import ResourceKey
from registrar.planning.claims import Claimant, winner
from tests.unit.build import claimant

BASE = claimant("m", created="2026-11-23T12:00:00Z", uid="m")
BETTER: dict[str, tuple[Claimant, Claimant]] = {
    "not terminating": (BASE, claimant("s", created="2020-01-01T00:00:00Z", uid="a", terminating=True)),
    "named by the stamp": (claimant("s", uid="z", created="2026-12-01T00:00:00Z"), BASE),
    "older": (claimant("o", created="2026-11-23T11:59:59Z", uid="z"), BASE),
    "smaller uid": (claimant("u", uid="a"), BASE),
}


@pytest.mark.parametrize(("best", "other"), BETTER.values(), ids=list(BETTER))
def test_the_better_claim_wins_in_any_order(best: Claimant, other: Claimant) -> None:
    assert winner([best, other], "team/s") == best
    assert winner([other, best], "team/s") == best


@given(
    st.permutations(list({claimant for pair in BETTER.values() for claimant in pair})),
    st.sampled_from([None, "team/o"]),
)
def test_the_winner_does_not_depend_on_the_order(claimants: list[Claimant], stamped: str | None) -> None:
    ordered = sorted(claimants, key=lambda claimant: claimant.uid)
    assert winner(claimants, stamped) == winner(ordered, stamped)


def test_an_inline_artifact_is_named_behind_its_version() -> None:
    key = ResourceKey("ModelVersion", "team", "v1")
    assert Claimant(key, "a#b", "2026-11-23T12:00:00Z", "1", terminating=False).reference == "team/v1#a#b"
