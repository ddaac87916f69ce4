"""What was done is told once the status can be written, and then no more."""

from registrar.reporting.outcome import EventNote, Facts, Outcome
from registrar.reporting.unreported import UnreportedOutcomes
from tests.unit.build import model_key

CHANGED, RELEASED = EventNote("IdentityChanged", "m"), EventNote("ExternalIdReleased", "m")
NOTHING = Outcome(Facts())


def test_what_was_done_first_is_told_with_what_came_after() -> None:
    untold = UnreportedOutcomes()
    created = Outcome(Facts(), operation="Created", notes=(CHANGED,))
    assert untold.joined(model_key(), "uid", created) == created
    later = untold.joined(model_key(), "uid", Outcome(Facts(id="7"), operation="Updated", notes=(CHANGED, RELEASED)))
    assert later == Outcome(Facts(id="7"), operation="Created", notes=(CHANGED, RELEASED))
    assert untold.joined(model_key(), "uid", NOTHING) == Outcome(
        Facts(), operation="Created", notes=(CHANGED, RELEASED)
    )


def test_it_is_told_once() -> None:
    untold = UnreportedOutcomes()
    untold.joined(model_key(), "uid", Outcome(Facts(), operation="Created"))
    untold.told(model_key())
    assert untold.joined(model_key(), "uid", NOTHING) == NOTHING


def test_a_successor_of_the_same_name_did_none_of_it() -> None:
    untold = UnreportedOutcomes()
    untold.joined(model_key(), "uid", Outcome(Facts(), operation="Created"))
    assert untold.joined(model_key(), "another", NOTHING) == NOTHING
    assert untold.joined(model_key("other"), "uid", NOTHING) == NOTHING
