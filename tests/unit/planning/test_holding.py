"""Which installation manages a resource that several watch: one of them, and the others stop writing."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar.api.v1alpha1.common import Holder
from registrar.planning.holding import CLAIM_SECONDS, CONTEST_SECONDS, HELD, Holding, Step, decide

OURS = Holder(owner_id="a", registry_url="http://a")
OTHER = Holder(owner_id="b", registry_url="http://b")


def _step(holding: Holding, holder: Holder | None, now: float = 100.0, generation: int = 1) -> tuple[Step, Holding]:
    decision = decide(holding, holder, OURS, generation, now)
    return decision.step, decision.holding


@pytest.mark.parametrize("holder", [None, OURS])
def test_what_nobody_else_holds_is_reconciled(holder: Holder | None) -> None:
    assert _step(Holding(), holder) == (Step.RECONCILE, HELD)


def test_whom_another_precedes_waits_for_it_and_goes_on_without_it() -> None:
    waiting = Holding(preceded_at=100.0)
    assert _step(waiting, None, 100.0 + CLAIM_SECONDS - 0.1) == (Step.WAIT, waiting)
    assert _step(waiting, None, 100.0 + CLAIM_SECONDS) == (Step.RECONCILE, HELD)
    assert _step(waiting, OURS) == (Step.RECONCILE, HELD), "another process of this installation preceded it"
    step, claimed = _step(waiting, OTHER)
    assert (step, claimed.held) == (Step.CLAIM, False)
    assert _step(claimed, OTHER)[0] is Step.YIELD


def test_another_address_or_another_owner_is_another_holder() -> None:
    for holder in (Holder(owner_id="a", registry_url="http://b"), Holder(owner_id="b", registry_url="http://a")):
        assert _step(Holding(), holder)[0] is Step.CLAIM


def test_a_claim_has_to_stand_before_anything_is_written() -> None:
    step, claimed = _step(Holding(), OTHER)
    assert step is Step.CLAIM
    assert _step(claimed, OURS, 100.0 + CLAIM_SECONDS - 0.1) == (Step.WAIT, claimed)
    assert _step(claimed, OURS, 100.0 + CLAIM_SECONDS)[0] is Step.RECONCILE


def test_whose_claim_was_reversed_yields_once_and_claims_again_for_a_new_generation() -> None:
    _, claimed = _step(Holding(), OTHER)
    step, yielded = _step(claimed, OTHER)
    assert step is Step.YIELD
    assert _step(yielded, OTHER) == (Step.LEAVE, yielded)
    assert _step(yielded, OTHER, generation=2)[0] is Step.CLAIM
    assert _step(yielded, OURS)[0] is Step.RECONCILE, "the other gave it back"


def test_a_claim_that_has_stood_for_long_is_not_reversed_by_another_contest() -> None:
    """The last reconcile was when the claim began to count: a settled resource has the next one at the next resync."""
    _, claimed = _step(Holding(), OTHER)
    _, held = _step(claimed, OURS, 100.0 + CLAIM_SECONDS)
    assert _step(held, OTHER, 100.0 + CONTEST_SECONDS - 0.1)[0] is Step.YIELD
    step, back = _step(held, OTHER, 100.0 + CONTEST_SECONDS)
    assert step is Step.CLAIM
    assert _step(back, OURS, 100.0 + CONTEST_SECONDS)[0] is Step.RECONCILE, "the holder need not wait"


def test_a_new_generation_is_a_new_contest_for_the_holder_too() -> None:
    """It must not lose a resource that is deleted soon after a contest."""
    _, back = _step(HELD, OTHER)
    _, held = _step(back, OURS)
    assert _step(held, OTHER, generation=2)[0] is Step.CLAIM


def test_a_holder_writes_itself_back_once_and_goes_on_at_once() -> None:
    step, back = _step(HELD, OTHER)
    assert step is Step.CLAIM
    step, held = _step(back, OURS)
    assert step is Step.RECONCILE
    assert _step(held, OTHER)[0] is Step.YIELD, "it was reversed again"
    _, later = _step(back, OURS, 100.0 + CONTEST_SECONDS)
    assert later == HELD
    assert _step(later, OTHER, 100.0 + CONTEST_SECONDS)[0] is Step.CLAIM, "that is another contest"


@dataclass
class _Installation:
    """One process, with its own memory."""

    name: Holder
    holding: Holding = field(default_factory=Holding)
    writes: int = 0


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from([0.0, 0.3, 5.0, 16.0])), min_size=60, max_size=120))
def test_any_number_of_installations_ends_with_one_that_writes(turns: list[tuple[int, float]]) -> None:
    installations = [_Installation(Holder(owner_id=name, registry_url="http://r")) for name in "abc"]
    holder: Holder | None = None
    now, claims = 0.0, 0
    for number, pause in turns:
        installation = installations[number]
        now += pause
        decision = decide(installation.holding, holder, installation.name, 1, now)
        installation.holding = decision.holding
        if decision.step is Step.CLAIM:
            holder, claims = installation.name, claims + 1
        elif decision.step is Step.RECONCILE:
            holder = holder or installation.name
            installation.writes += 1
    assert claims <= 2 * len(installations), "nobody claims for ever"
