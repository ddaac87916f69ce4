"""Ownership is recorded before a patch that widens it: laws of the action, and what comes before it."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar.api.conditions import Reason
from registrar.api.meta import OWNER_PROPERTY
from registrar.api.v1alpha1 import AdoptionPolicy, DriftPolicy
from registrar.planning.actions import (
    Action,
    FieldSet,
    Leave,
    Patch,
    Policies,
    RecordedState,
    RecordOwnership,
    Refuse,
    owned_by,
)
from registrar.planning.ownership import Origin
from registrar.planning.plan import after_recording, owned_on, plan
from tests.unit.build import OWNER_ID, Case, cases, desired, model, policies, properties_of, stamp

TAKING = policies(take_over=True)


def decide(case: Case, recorded: RecordedState | None = None, using: Policies = TAKING) -> Action:
    return plan(case.wanted, case.observed, recorded or case.recorded, using, OWNER_ID)


@given(cases())
def test_ownership_is_recorded_once(case: Case) -> None:
    action = decide(case)
    if isinstance(action, RecordOwnership):
        recorded = after_recording(case.recorded, action)
        assert isinstance(decide(case, recorded), Patch)


@given(cases())
def test_the_patch_that_follows_is_the_same_as_without_recording(case: Case) -> None:
    action = decide(case)
    if isinstance(action, RecordOwnership):
        # To own what is declared already saves the recording and changes nothing else.
        recorded = after_recording(case.recorded, action)
        everything = dataclasses.replace(recorded, owned=case.owned | owned_by(case.wanted))
        assert decide(case, recorded) == decide(case, everything)


@given(cases())
def test_an_entry_whose_resource_owns_everything_needs_no_recording(case: Case) -> None:
    everything = RecordedState("7", "5", owned=case.recorded.owned | owned_by(case.wanted))
    assert isinstance(decide(case, everything), Patch | Leave)


@given(cases())
def test_a_patch_sets_nothing_that_is_not_recorded(case: Case) -> None:
    action = decide(case)
    if isinstance(action, Patch):
        assert case.owned.covers(owned_by(case.wanted))


@given(cases())
def test_what_is_recorded_is_what_the_patch_sets_and_what_it_has_to_clear(case: Case) -> None:
    action = decide(case)
    if isinstance(action, RecordOwnership):
        declared, on_entry = owned_by(case.wanted), case.observed.custom_properties or {}
        assert action.entry is case.observed
        assert action.owned.fields == declared.fields | case.owned.fields
        assert action.owned.properties == declared.properties | (case.owned.properties & on_entry.keys())


@given(cases())
def test_recording_keeps_everything_else_that_the_status_records(case: Case) -> None:
    action = decide(case)
    if isinstance(action, RecordOwnership):
        assert after_recording(case.recorded, action) == RecordedState(
            entry_id="7",
            created="5",
            origin=action.origin,
            owned=action.owned,
            settled=case.recorded.settled and case.recorded.proves(case.observed),
            had_entry=True,
            adopting=not case.recorded.proves(case.observed),
        )


@given(cases(), st.sampled_from([DriftPolicy.REPORT, DriftPolicy.IGNORE]))
def test_the_drift_policy_comes_before_it(case: Case, drift: DriftPolicy) -> None:
    recorded = dataclasses.replace(case.recorded, settled=True)
    corrected = decide(case, recorded)
    action = decide(case, recorded, policies(drift=drift, take_over=True))
    if not isinstance(corrected, RecordOwnership) or not recorded.proves(case.observed):
        return
    patch = decide(case, after_recording(recorded, corrected))
    assert isinstance(patch, Patch)
    has_stamp = properties_of(case.observed).get(OWNER_PROPERTY) is not None
    if not patch.changes and has_stamp:
        # Such as a stamp that names a resource which is gone: no drift.
        assert action == corrected
    elif drift is DriftPolicy.IGNORE:
        assert action == Leave(case.observed, corrected.origin)
    elif has_stamp:
        assert action == Leave(case.observed, corrected.origin, patch.changes)
    else:
        # The stamp alone guards the entry.
        assert isinstance(action, Patch)
        assert (action.fields, action.state, action.changes, action.drift) == ({}, None, (), patch.changes)


DECLARING = desired(fields={"description": "by git"}, properties={"team": "y"})


def test_refusals_come_before_it() -> None:
    foreign = model(custom_properties={OWNER_PROPERTY: "created:others/team/fraud"})
    refused = plan(DECLARING, foreign, RecordedState("7"), policies(), OWNER_ID)
    assert isinstance(refused, Refuse)
    assert refused.problem.reason is Reason.OWNED_BY_OTHER
    refused = plan(DECLARING, model(), RecordedState(), policies(adoption=AdoptionPolicy.FAIL), OWNER_ID)
    assert isinstance(refused, Refuse)
    assert refused.problem.reason is Reason.ADOPTION_REFUSED
    # Without the refusal it is the first thing to do.
    assert isinstance(plan(DECLARING, foreign, RecordedState("7"), TAKING, OWNER_ID), RecordOwnership)
    assert isinstance(plan(DECLARING, model(), RecordedState(), policies(), OWNER_ID), RecordOwnership)


def test_an_entry_that_matches_already_needs_no_recording() -> None:
    entry = model(description="by git", custom_properties=stamp() | {"team": "y"})
    assert plan(DECLARING, entry, RecordedState("7"), policies(), OWNER_ID) == Leave(entry, Origin.CREATED)


def test_an_adoption_records_what_the_spec_declares_first() -> None:
    entry = model(description="by hand", custom_properties={"theirs": 1})
    action = plan(DECLARING, entry, RecordedState(), policies(), OWNER_ID)
    assert action == RecordOwnership(entry, Origin.ADOPTED, FieldSet(frozenset({"description"}), frozenset({"team"})))


def test_an_adoption_without_a_declared_field_only_sets_the_stamp() -> None:
    action = plan(desired(), model(), RecordedState(), policies(), OWNER_ID)
    assert isinstance(action, Patch)
    assert (action.properties, action.adopts, action.changes) == (stamp(Origin.ADOPTED), True, ())


@given(cases())
def test_the_owned_set_is_the_recorded_one_or_that_of_an_unrecorded_create(case: Case) -> None:
    assert owned_on(case.observed, case.wanted, case.recorded.for_observed(case.observed), OWNER_ID) == case.owned


@pytest.mark.parametrize(
    ("owner", "times", "entry_id", "is_proof"),
    [
        (stamp(), ("5", "5"), None, True),
        (stamp(), ("5", "6"), None, False),
        (stamp(), ("5", "5"), "7", False),
        (stamp(Origin.ADOPTED), ("5", "5"), None, False),
        (stamp(reference="team/before"), ("5", "5"), None, False),
        ({}, ("5", "5"), None, False),
    ],
    ids=["untouched", "changed since", "recorded", "adopted", "another resource's", "without a stamp"],
)
def test_an_untouched_entry_with_our_stamp_proves_a_create_that_no_status_records(
    owner: dict[str, str], times: tuple[str, str], entry_id: str | None, *, is_proof: bool
) -> None:
    created, updated = times
    entry = model(
        description="first spec",
        custom_properties=owner | {"team": "x"},
        create_time_since_epoch=created,
        last_update_time_since_epoch=updated,
    )
    recorded = RecordedState(entry_id, owned=FieldSet(frozenset({"owner"})))
    everything = FieldSet(frozenset({"description"}), frozenset({"team"}))
    assert owned_on(entry, desired(), recorded, OWNER_ID) == (everything if is_proof else recorded.owned)
