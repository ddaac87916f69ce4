"""Who has the better claim, and the index of claims under any order of events."""

import dataclasses
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from registrar.api.bodies import ResourceKey
from registrar.kinds.base import Claim
from registrar.planning.claims import Claimant, winner
from registrar.reconcile.claims import ClaimIndex
from tests.unit.build import claimant, model_key

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


@given(st.permutations(list({one for pair in BETTER.values() for one in pair})), st.sampled_from([None, "team/o"]))
def test_there_is_one_winner_whoever_asks_first(claimants: list[Claimant], stamped: str | None) -> None:
    ordered = sorted(claimants, key=lambda one: one.uid)
    assert winner(claimants, stamped) == winner(ordered, stamped)


def test_an_inline_artifact_is_named_behind_its_version() -> None:
    key = ResourceKey("ModelVersion", "team", "v1")
    assert Claimant(key, "a#b", "2026-11-23T12:00:00Z", "1", terminating=False).reference == "team/v1#a#b"


def test_giving_up_tells_who_wanted_the_same() -> None:
    index, place = ClaimIndex(), Claim("RegisteredModel", "", "fraud")
    first, second = claimant("first"), claimant("second")
    index.register(place, first)
    index.register(place, second)
    assert index.keep_only(first.key, frozenset({place})) == frozenset()
    assert index.keep_only(first.key, frozenset()) == {second.key}
    assert index.claimants(place) == (second,)
    assert index.keep_only(first.key, frozenset()) == frozenset()


def test_a_claim_is_renewed_with_what_is_known_now() -> None:
    index, place, before = ClaimIndex(), Claim("RegisteredModel", "", "fraud"), claimant()
    index.register(place, before)
    after = dataclasses.replace(before, terminating=True)
    index.register(place, after)
    assert index.claimants(place) == (after,)


KEYS = [model_key(name) for name in ("a", "b", "c")]
PLACES = [Claim("ModelVersion", "1", name) for name in ("x", "y")] + [Claim("doc-artifact", "1", "x")]


class Claims(RuleBasedStateMachine):
    """The index against a plain set of (place, resource, artifact)."""

    def __init__(self) -> None:
        super().__init__()
        self.index = ClaimIndex()
        self.expected: set[tuple[Claim, ResourceKey, str | None]] = set()

    @rule(place=st.sampled_from(PLACES), key=st.sampled_from(KEYS), artifact=st.sampled_from([None, "x"]))
    def register(self, place: Claim, key: ResourceKey, artifact: str | None) -> None:
        self.index.register(place, Claimant(key, artifact, "2026", str(random.random()), terminating=False))  # noqa: S311 - any uid
        self.expected.add((place, key, artifact))

    @rule(key=st.sampled_from(KEYS), kept=st.frozensets(st.sampled_from(PLACES)))
    def keep_only(self, key: ResourceKey, kept: frozenset[Claim]) -> None:
        given_up = {place for place, one, _ in self.expected if one == key and place not in kept}
        freed = {one for place, one, _ in self.expected if place in given_up and one != key}
        assert self.index.keep_only(key, kept) == freed
        self.expected = {one for one in self.expected if one[1] != key or one[0] in kept}

    @invariant()
    def agrees(self) -> None:
        for place in PLACES:
            found = {(place, one.key, one.artifact) for one in self.index.claimants(place)}
            assert found == {one for one in self.expected if one[0] == place}
            assert len(self.index.claimants(place)) == len(found)

    @invariant()
    def holds_nothing_for_nobody(self) -> None:
        assert set(self.index._claims) == {key for _, key, _ in self.expected}
        assert set(self.index._claimants) == {place for place, _, _ in self.expected}


TestClaims = Claims.TestCase
