"""What was done is told once the status can be written, and then no more."""

from registrar.reconcile.unreported import Untold
from registrar.reporting.outcome import Facts, Note, Outcome
from tests.unit.build import model_key

CHANGED, RELEASED = Note("IdentityChanged", "m"), Note("ExternalIdReleased", "m")
NOTHING = Outcome(Facts())


def test_what_was_done_first_is_told_with_what_came_after() -> None:
    untold = Untold()
    created = Outcome(Facts(), deed="Created", notes=(CHANGED,))
    assert untold.joined(model_key(), "uid", created) == created
    later = untold.joined(model_key(), "uid", Outcome(Facts(id="7"), deed="Updated", notes=(CHANGED, RELEASED)))
    assert later == Outcome(Facts(id="7"), deed="Created", notes=(CHANGED, RELEASED))
    assert untold.joined(model_key(), "uid", NOTHING) == Outcome(Facts(), deed="Created", notes=(CHANGED, RELEASED))


def test_it_is_told_once() -> None:
    untold = Untold()
    untold.joined(model_key(), "uid", Outcome(Facts(), deed="Created"))
    untold.told(model_key())
    assert untold.joined(model_key(), "uid", NOTHING) == NOTHING


def test_a_successor_of_the_same_name_did_none_of_it() -> None:
    untold = Untold()
    untold.joined(model_key(), "uid", Outcome(Facts(), deed="Created"))
    assert untold.joined(model_key(), "another", NOTHING) == NOTHING
    assert untold.joined(model_key("other"), "uid", NOTHING) == NOTHING
