"""Which key is next: first come, first served within a lane, urgent before background, and no lane starves."""

from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from registrar.workqueue.lanes import URGENT_IN_A_ROW, Lanes, Turn


class Waiting(RuleBasedStateMachine):
    """The lanes against two ordered maps."""

    def __init__(self) -> None:
        super().__init__()
        self.lanes: Lanes[int] = Lanes()
        self.urgent: OrderedDict[int, float] = OrderedDict()
        self.background: OrderedDict[int, float] = OrderedDict()
        self.passed_over = 0
        self.now = 0.0

    @rule(key=st.integers(0, 30), urgent=st.booleans(), front=st.booleans())
    def add(self, key: int, *, urgent: bool, front: bool) -> None:
        self.now += 1
        is_new = key not in self.urgent and key not in self.background
        since = self.background.get(key, self.now)
        if urgent and key not in self.urgent:
            self.background.pop(key, None)
            self.urgent[key] = since
        elif is_new:
            self.background[key] = since
        if front and key in self.urgent:
            self.urgent.move_to_end(key, last=False)
        assert self.lanes.add(key, self.now, urgent=urgent, front=front) == is_new

    @rule(key=st.integers(0, 30))
    def withdraw(self, key: int) -> None:
        since, is_urgent = self.urgent.pop(key, None), True
        if since is None:
            since, is_urgent = self.background.pop(key, None), False
        expected = None if since is None else Turn(key, since, is_urgent)
        assert self.lanes.withdraw(key) == expected

    @precondition(lambda self: self.urgent or self.background)
    @rule()
    def take(self) -> None:
        turn = self.lanes.take()
        lane = self.urgent if turn.urgent else self.background
        assert (turn.key, turn.since) == next(iter(lane.items())), "the first of its lane, since it was added first"
        del lane[turn.key]
        if turn.urgent:
            self.passed_over = self.passed_over + 1 if self.background else 0
        else:
            assert not self.urgent or self.passed_over == URGENT_IN_A_ROW, "an edit is next"
            self.passed_over = 0
        assert self.passed_over <= URGENT_IN_A_ROW, "the background never stands still"

    @invariant()
    def holds_each_key_once(self) -> None:
        waiting = {*self.urgent, *self.background}
        assert len(self.lanes) == len(waiting) == len(self.urgent) + len(self.background)
        assert all((key in self.lanes) == (key in waiting) for key in range(31))


TestWaiting = Waiting.TestCase


@given(st.integers(1, 200), st.integers(1, 200))
def test_every_background_key_has_its_turn_however_many_urgent_keys_come(background: int, urgent: int) -> None:
    lanes: Lanes[str] = Lanes()
    for number in range(background):
        lanes.add(f"b{number}", 0, urgent=False)
    taken = []
    # Something urgent waits all the time.
    for number in range(background * (URGENT_IN_A_ROW + 1)):
        lanes.add(f"u{number}", 0, urgent=True)
        lanes.add(f"u{number}-{urgent}", 0, urgent=True)
        taken.append(lanes.take().key)
    assert [key for key in taken if key.startswith("b")] == [f"b{number}" for number in range(background)]


def test_a_single_edit_is_always_next() -> None:
    lanes: Lanes[str] = Lanes()
    for number in range(100):
        lanes.add(f"b{number}", 0, urgent=False)
    for number in range(20):
        lanes.take()
        lanes.add(f"edit {number}", 0, urgent=True)
        assert lanes.take().key == f"edit {number}"


def test_edits_that_passed_over_nothing_do_not_put_the_next_edit_behind_the_background() -> None:
    lanes: Lanes[str] = Lanes()
    for number in range(URGENT_IN_A_ROW):
        lanes.add(f"edit {number}", 0, urgent=True)
        lanes.take()
    lanes.add("resync", 0, urgent=False)
    lanes.add("edit", 0, urgent=True)
    assert lanes.take().key == "edit"


def test_a_key_at_the_front_comes_before_all_urgent_keys() -> None:
    lanes: Lanes[str] = Lanes()
    for key, front in (("edit", False), ("child", True), ("another edit", False)):
        lanes.add(key, 0, urgent=True, front=front)
    lanes.add("resync", 0, urgent=False, front=True)
    assert [lanes.take().key for _ in range(4)] == ["child", "edit", "another edit", "resync"]


def test_empty_lanes_have_no_next_key() -> None:
    with pytest.raises(KeyError):
        Lanes().take()
