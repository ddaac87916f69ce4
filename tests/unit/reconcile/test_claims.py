"""The index of claims under any order of events."""

import dataclasses
import random

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from registrar.api.bodies import ResourceKey
from registrar.kinds.base import Claim
from registrar.planning.claims import Claimant
from registrar.reconcile.claims import ClaimIndex
from tests.unit.build import claim, claimant, model_key


def test_releasing_a_claim_returns_who_claimed_the_same() -> None:
    index, place = ClaimIndex(), claim()
    first, second = claimant("first"), claimant("second")
    index.register(place, first)
    index.register(place, second)
    assert index.keep_only(first.key, frozenset({place})) == frozenset()
    assert index.keep_only(first.key, frozenset()) == {second.key}
    assert index.claimants(place) == (second,)
    assert index.keep_only(first.key, frozenset()) == frozenset()


def test_registering_again_replaces_what_is_known_of_the_claimant() -> None:
    index, place, before = ClaimIndex(), claim(), claimant()
    index.register(place, before)
    after = dataclasses.replace(before, terminating=True)
    index.register(place, after)
    assert index.claimants(place) == (after,)


def test_the_same_name_in_another_registry_is_another_claim() -> None:
    index, here = ClaimIndex(), claim()
    elsewhere = dataclasses.replace(here, registry="second")
    index.register(here, claimant("first"))
    index.register(elsewhere, claimant("second"))
    assert index.claimants(here) == (claimant("first"),)
    assert index.claimants(elsewhere) == (claimant("second"),)
    assert index.claims_of(model_key("first")) == {here}


KEYS = [model_key(name) for name in ("a", "b", "c")]
PLACES = [claim("x", "ModelVersion", "1"), claim("y", "ModelVersion", "1"), claim("x", "doc-artifact", "1")]


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
        released = {place for place, holder, _ in self.expected if holder == key and place not in kept}
        rivals = {holder for place, holder, _ in self.expected if place in released and holder != key}
        assert self.index.keep_only(key, kept) == rivals
        self.expected = {known for known in self.expected if known[1] != key or known[0] in kept}

    @invariant()
    def agrees(self) -> None:
        for place in PLACES:
            found = {(place, claimant.key, claimant.artifact) for claimant in self.index.claimants(place)}
            assert found == {known for known in self.expected if known[0] == place}
            assert len(self.index.claimants(place)) == len(found)
        for key in KEYS:
            assert self.index.claims_of(key) == {place for place, holder, _ in self.expected if holder == key}
            assert (key in self.index) == any(holder == key for _, holder, _ in self.expected)

    @invariant()
    def has_no_empty_sets(self) -> None:
        assert set(self.index._claims) == {key for _, key, _ in self.expected}
        assert set(self.index._claimants) == {place for place, _, _ in self.expected}


TestClaims = Claims.TestCase
