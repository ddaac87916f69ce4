"""What the operator wrote is reported once the status can be written, and then never again."""

from registrar.reporting.outcome import EventNote, Facts, OperationResult, Outcome
from registrar.reporting.unreported import UnreportedOutcomes
from tests.unit.build import model_key

CHANGED, RELEASED = EventNote("IdentityChanged", "m"), EventNote("ExternalIdReleased", "m")
NOTHING = Outcome(Facts())


def test_an_unreported_outcome_is_joined_with_the_next_ones() -> None:
    unreported = UnreportedOutcomes()
    created = Outcome(Facts(), operation=OperationResult.CREATED, notes=(CHANGED,))
    assert unreported.join(model_key(), "uid", created) == created
    later = unreported.join(
        model_key(), "uid", Outcome(Facts(id="7"), operation=OperationResult.UPDATED, notes=(CHANGED, RELEASED))
    )
    assert later == Outcome(Facts(id="7"), operation=OperationResult.CREATED, notes=(CHANGED, RELEASED))
    assert unreported.join(model_key(), "uid", NOTHING) == Outcome(
        Facts(), operation=OperationResult.CREATED, notes=(CHANGED, RELEASED)
    )


def test_an_outcome_is_reported_once() -> None:
    unreported = UnreportedOutcomes()
    unreported.join(model_key(), "uid", Outcome(Facts(), operation=OperationResult.CREATED))
    unreported.reported(model_key())
    assert unreported.join(model_key(), "uid", NOTHING) == NOTHING


def test_a_successor_of_the_same_name_inherits_no_outcome() -> None:
    unreported = UnreportedOutcomes()
    unreported.join(model_key(), "uid", Outcome(Facts(), operation=OperationResult.CREATED))
    assert unreported.join(model_key(), "another", NOTHING) == NOTHING
    assert unreported.join(model_key("other"), "uid", NOTHING) == NOTHING


def test_an_event_is_kept_however_the_reconcile_ends() -> None:
    unreported = UnreportedOutcomes()
    unreported.note(model_key(), "uid", RELEASED)
    unreported.note(model_key(), "uid", CHANGED)
    failed = Outcome(Facts(id="7"))
    assert unreported.join(model_key(), "uid", failed) == Outcome(Facts(id="7"), notes=(RELEASED, CHANGED))
    assert unreported.join(model_key("other"), "uid", failed) == failed
