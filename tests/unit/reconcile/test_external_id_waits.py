"""The index of resources that wait for an external ID: who is woken, and which of them wait for each other."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from registrar.api.bodies import ResourceKey
from registrar.reconcile.external_id_waits import ExternalIdWait, ExternalIdWaits
from tests.unit.build import artifact, model, model_key

A, B, C, D = (model_key(name) for name in "abcd")
WAIT = ExternalIdWait(A, None, B, None, "7", "x")


def between(waiter: ResourceKey, holder: ResourceKey) -> ExternalIdWait:
    return replace(WAIT, waiter=waiter, holder=holder)


def test_a_waiter_is_returned_once_when_the_entry_lets_the_external_id_go() -> None:
    waits = ExternalIdWaits()
    assert waits.begin(WAIT)
    assert waits.let_go(B, None, model("7", external_id="x")) == frozenset(), "it still has it"
    assert waits.let_go(B, "weights", artifact("7", external_id="y")) == frozenset(), "another entry of the resource"
    assert waits.let_go(C, None, model("8")) == frozenset(), "another resource"
    assert waits.let_go(B, None, model("7", external_id="y")) == {A}
    assert waits.let_go(B, None, model("7", external_id="y")) == frozenset()
    assert A not in waits
    assert B not in waits


def test_a_waiter_is_returned_when_the_entry_is_replaced_or_released() -> None:
    for entry in (model("8", external_id="x"), None):
        waits = ExternalIdWaits()
        waits.begin(WAIT)
        assert waits.let_go(B, None, entry) == {A}


def test_a_wait_is_new_once() -> None:
    waits = ExternalIdWaits()
    assert waits.begin(WAIT)
    assert not waits.begin(WAIT)
    assert waits.begin(between(A, C))
    assert waits.let_go(B, None, None) == frozenset(), "it waits for one at a time"
    assert waits.let_go(C, None, None) == {A}


def test_those_that_wait_for_each_other_are_a_circle() -> None:
    waits = ExternalIdWaits()
    waits.begin(between(A, B))
    waits.begin(between(B, C))
    assert waits.circle(A) == ()
    waits.begin(between(C, A))
    assert (waits.circle(A), waits.circle(B), waits.circle(C)) == ((B, C), (C, A), (A, B))
    # One that waits for a member of the circle is not in it.
    waits.begin(between(D, A))
    assert waits.circle(D) == ()
    waits.end(B)
    assert waits.circle(A) == ()


def test_entries_of_one_resource_do_not_make_a_circle() -> None:
    waits = ExternalIdWaits()
    waits.begin(replace(WAIT, artifact="a2", held_by="b1"))
    waits.begin(replace(between(B, A), artifact="b2", held_by="a1"))
    assert waits.circle(A) == ()
    waits.begin(replace(between(B, A), artifact="b1", held_by="a2"))
    assert waits.circle(A) == (B,)


def test_a_resource_that_waits_for_itself_is_no_circle_of_others() -> None:
    waits = ExternalIdWaits()
    waits.begin(replace(between(A, A), artifact="a1", held_by="a2"))
    assert waits.circle(A) == ()
    assert waits.forget(A) == frozenset()
    assert A not in waits


class Waiting(RuleBasedStateMachine):
    """Waits that begin and end in any order, compared with a plain dictionary."""

    keys = st.sampled_from([A, B, C, D])

    def __init__(self) -> None:
        super().__init__()
        self.waits = ExternalIdWaits()
        self.holders: dict[ResourceKey, ResourceKey] = {}

    @rule(waiter=keys, holder=keys)
    def begin(self, waiter: ResourceKey, holder: ResourceKey) -> None:
        assert self.waits.begin(between(waiter, holder)) == (self.holders.get(waiter) != holder)
        self.holders[waiter] = holder

    @rule(waiter=keys)
    def end(self, waiter: ResourceKey) -> None:
        self.waits.end(waiter)
        self.holders.pop(waiter, None)

    @rule(key=keys)
    def let_go(self, key: ResourceKey) -> None:
        assert self.waits.let_go(key, None, None) == self._drop_waiters_of(key)

    @rule(key=keys)
    def forget(self, key: ResourceKey) -> None:
        self.holders.pop(key, None)
        assert self.waits.forget(key) == self._drop_waiters_of(key)

    @invariant()
    def holds_those_that_wait_and_those_that_are_waited_for(self) -> None:
        for key in (A, B, C, D):
            assert (key in self.waits) == (key in self.holders or key in self.holders.values())

    @invariant()
    def a_circle_leads_back(self) -> None:
        for key in (A, B, C, D):
            way, at = [key], self.holders.get(key)
            while at is not None and at not in way:
                way.append(at)
                at = self.holders.get(at)
            assert self.waits.circle(key) == (tuple(way[1:]) if at == key else ())

    def _drop_waiters_of(self, key: ResourceKey) -> set[ResourceKey]:
        waiters = {waiter for waiter, holder in self.holders.items() if holder == key}
        self.holders = {waiter: holder for waiter, holder in self.holders.items() if waiter not in waiters}
        return waiters


TestWaiting = Waiting.TestCase
