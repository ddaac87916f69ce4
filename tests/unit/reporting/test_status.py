"""The status that follows from an outcome, its merge patch, and the Events about its changes."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar.api.conditions import Reason
from registrar.api.meta import ObjectMeta
from registrar.api.v1alpha1 import ModelVersionStatus, RegisteredModelStatus
from registrar.api.v1alpha1.common import EntryStatus
from registrar.api.v1alpha1.model_version import ArtifactType, InlineArtifactStatus
from registrar.planning.actions import Change
from registrar.planning.problems import Disposition, Problem
from registrar.reporting.conditions import MAX_MESSAGE_LENGTH
from registrar.reporting.outcome import AliasProblem, EventNote, Facts, OperationResult, Outcome
from registrar.reporting.status import (
    MAX_DRIFT_PATHS,
    as_json,
    describe_drift,
    events_for,
    merge_patch,
    next_status,
)
from registrar.reporting.values import MAX_VALUE_LENGTH

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
FACTS = Facts(id="7", state="LIVE", registry_url="http://registry", owned_fields=("description",))
SYNCED = Outcome(FACTS)
DRIFTED = Outcome(FACTS, drift=(Change("description", "by hand", "by git"),))
PAUSED = Outcome(FACTS, paused=True)
MISSING = AliasProblem("a", Reason.VERSION_MISSING, "The alias 'a' waits.")
ARCHIVED = AliasProblem("b", Reason.VERSION_ARCHIVED, "The alias 'b' waits.")


def problem(disposition: Disposition, reason: Reason = Reason.NAME_CONFLICT) -> Outcome:
    return Outcome(FACTS, Problem(disposition, reason, "Change something."))


def after(outcome: Outcome, current: EntryStatus | None = None, *, generation: int = 1, now: datetime = NOW) -> Any:
    metadata = ObjectMeta(name="fraud", namespace="team", generation=generation)
    return next_status(metadata, current or RegisteredModelStatus(), outcome, now)


def conditions(status: EntryStatus) -> dict[str, tuple[str, str]]:
    return {condition.type: (condition.status.value, condition.reason) for condition in status.conditions or ()}


OUTCOMES: dict[str, tuple[Outcome, dict[str, tuple[str, str]]]] = {
    "synced": (SYNCED, {"Ready": ("True", "Synced")}),
    "drifted": (DRIFTED, {"Ready": ("True", "Synced"), "Drifted": ("True", "ChangedOutside")}),
    "aliases resolved": (
        Outcome(FACTS, alias_problems=()),
        {"Ready": ("True", "Synced"), "AliasesResolved": ("True", "AllResolved")},
    ),
    "aliases that wait": (
        Outcome(FACTS, alias_problems=(MISSING, ARCHIVED)),
        {"Ready": ("True", "Synced"), "AliasesResolved": ("False", "VersionArchived")},
    ),
    "paused": (PAUSED, {"Ready": ("Unknown", "Paused")}),
    "waiting": (
        problem(Disposition.WAITING),
        {"Ready": ("False", "NameConflict"), "Reconciling": ("True", "NameConflict")},
    ),
    "transient": (
        problem(Disposition.TRANSIENT),
        {"Ready": ("False", "NameConflict"), "Reconciling": ("True", "NameConflict")},
    ),
    "another reason": (
        problem(Disposition.TERMINAL, Reason.INVALID_SPEC),
        {"Ready": ("False", "InvalidSpec"), "Stalled": ("True", "InvalidSpec")},
    ),
    "terminal": (
        problem(Disposition.TERMINAL),
        {"Ready": ("False", "NameConflict"), "Stalled": ("True", "NameConflict")},
    ),
}


@pytest.mark.parametrize(("outcome", "expected"), OUTCOMES.values(), ids=list(OUTCOMES))
def test_conditions_follow_kstatus(outcome: Outcome, expected: dict[str, tuple[str, str]]) -> None:
    status = after(outcome, generation=3)
    assert conditions(status) == expected
    assert status.observed_generation == 3
    assert {condition.observed_generation for condition in status.conditions} == {3}


@pytest.mark.parametrize("first", OUTCOMES.values(), ids=list(OUTCOMES))
@pytest.mark.parametrize("second", OUTCOMES.values(), ids=list(OUTCOMES))
def test_a_transition_time_moves_only_with_the_status_of_its_condition(
    first: tuple[Outcome, Any], second: tuple[Outcome, Any]
) -> None:
    before = after(first[0])
    then = after(second[0], before, generation=2, now=LATER)
    assert conditions(then) == second[1]
    for condition in then.conditions:
        is_same = first[1].get(condition.type, ("",))[0] == condition.status.value
        assert condition.last_transition_time == (NOW if is_same else LATER)


@pytest.mark.parametrize("outcome", [outcome for outcome, _ in OUTCOMES.values()], ids=list(OUTCOMES))
def test_the_same_outcome_again_changes_nothing_and_posts_no_event(outcome: Outcome) -> None:
    before = after(outcome)
    again = after(outcome, before, now=LATER)
    assert merge_patch(as_json(before), as_json(again)) == {}
    assert events_for(before, again, outcome) == []


def test_the_status_reports_the_facts_that_its_kind_has() -> None:
    artifacts = (InlineArtifactStatus(name="card", type=ArtifactType.DOC, id="9"),)
    facts = dataclasses.replace(
        FACTS, parent_id="3", storage_uri="model-registry://a/b", artifacts=artifacts, owned_properties=("team",)
    )
    assert as_json(after(Outcome(facts), ModelVersionStatus())) == {
        "id": "7",
        "parentId": "3",
        "state": "LIVE",
        "registryUrl": "http://registry",
        "storageUri": "model-registry://a/b",
        "ownedFields": ["description"],
        "ownedProperties": ["team"],
        "artifacts": [{"name": "card", "type": "doc-artifact", "id": "9"}],
        "observedGeneration": 1,
        "syncedGeneration": 1,
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "Synced",
                "message": "The registry entry matches the spec.",
                "lastTransitionTime": "2026-11-23T12:00:00Z",
                "observedGeneration": 1,
            }
        ],
    }
    assert not {"parentId", "storageUri", "artifacts"} & as_json(after(Outcome(facts))).keys()


@pytest.mark.parametrize("status", [RegisteredModelStatus(), ModelVersionStatus()], ids=["model", "version"])
def test_facts_are_read_back_from_the_status(status: EntryStatus) -> None:
    reported = after(SYNCED, status)
    assert Facts.of(reported) == FACTS
    assert Facts.of(type(status).model_validate(as_json(reported))) == FACTS


def test_facts_of_a_version_are_read_back_whole() -> None:
    card = InlineArtifactStatus(name="card", type=ArtifactType.DOC, id="9")
    facts = Facts(
        id="7",
        parent_id="3",
        state="LIVE",
        registry_url="http://registry",
        storage_uri="model-registry://a/b",
        owned_fields=("author",),
        owned_properties=("team",),
        artifacts=(card,),
    )
    assert Facts.of(after(Outcome(facts), ModelVersionStatus())) == facts
    assert Facts.of(ModelVersionStatus()) == Facts.of(RegisteredModelStatus()) == Facts()


def test_the_sync_time_is_that_of_the_last_write() -> None:
    written = after(dataclasses.replace(SYNCED, operation=OperationResult.CREATED))
    assert written.last_sync_time == NOW
    assert after(SYNCED, written, now=LATER).last_sync_time == NOW
    assert (
        after(dataclasses.replace(SYNCED, operation=OperationResult.UPDATED), written, now=LATER).last_sync_time
        == LATER
    )


def test_an_answered_request_stays_in_the_status() -> None:
    answered = after(dataclasses.replace(SYNCED, handled_request="1"))
    assert answered.last_handled_reconcile_at == "1"
    assert after(SYNCED, answered).last_handled_reconcile_at == "1"


def test_a_message_fits_its_condition() -> None:
    long = Outcome(FACTS, Problem(Disposition.TERMINAL, Reason.INVALID_SPEC, "x" * (MAX_MESSAGE_LENGTH + 1)))
    assert {len(condition.message) for condition in after(long).conditions} == {MAX_MESSAGE_LENGTH}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("abä", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abä", max_size=3), inner, max_size=3),
    max_leaves=6,
)
VALUES = st.one_of(st.booleans(), st.integers(0, 3), st.sampled_from(["a", "b"]), st.lists(JSON, max_size=3))
STATUSES = st.dictionaries(st.sampled_from("abcdef"), VALUES)


def merged(target: Any, patch: Any) -> Any:
    """MergePatch of RFC 7386, section 2, word by word."""
    if not isinstance(patch, dict):
        return patch
    if not isinstance(target, dict):
        target = {}
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = merged(target.get(name), value)
    return target


@given(STATUSES, STATUSES)
def test_a_patch_leads_from_one_status_to_the_other(current: dict[str, Any], wanted: dict[str, Any]) -> None:
    patch = merge_patch(current, wanted)
    assert merged(dict(current), patch) == wanted
    assert all(current.get(name, ...) != (value if value is not None else ...) for name, value in patch.items())
    assert merge_patch(wanted, wanted) == {}


def test_events_report_what_changed() -> None:
    same = EventNote("SameUri", "Two of them.", is_warning=True)
    changed = dataclasses.replace(SYNCED, notes=(EventNote("IdentityChanged", "A new ID."), same))
    assert events_for(RegisteredModelStatus(), after(changed), changed) == [
        EventNote("IdentityChanged", "A new ID."),
        same,
        EventNote("Synced", "The registry entry matches the spec."),
    ]


def test_a_resource_that_became_ready_by_a_write_has_the_event_of_the_write_alone() -> None:
    write = EventNote("Created", "Created RegisteredModel 'fraud' (id 7)")
    created = SYNCED.noting(OperationResult.CREATED, write)
    assert events_for(RegisteredModelStatus(), after(created), created) == [write]
    failed = dataclasses.replace(problem(Disposition.TERMINAL, Reason.INVALID_SPEC), notes=(write,))
    reasons = [note.reason for note in events_for(RegisteredModelStatus(), after(failed), failed)]
    assert reasons == ["Created", "InvalidSpec"]


def test_each_write_has_an_event_though_no_condition_changes() -> None:
    updated = SYNCED.noting(OperationResult.UPDATED, EventNote("Updated", "Updated it"))
    assert events_for(after(SYNCED), after(updated), updated) == [EventNote("Updated", "Updated it")]


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        (SYNCED, "The registry entry matches the spec."),
        (problem(Disposition.TERMINAL), "Change something."),
        (
            PAUSED,
            "Paused by annotation: nothing is written to the registry until model-registrar.dev/paused is removed.",
        ),
    ],
    ids=["synced", "problem", "paused"],
)
def test_the_event_of_a_condition_has_its_message(outcome: Outcome, message: str) -> None:
    (note,) = events_for(RegisteredModelStatus(), after(outcome), outcome)
    assert note.message == message


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (DRIFTED, [("Warning", "ChangedOutside")]),
        (PAUSED, [("Normal", "Paused")]),
        (problem(Disposition.TERMINAL, Reason.INVALID_SPEC), [("Warning", "InvalidSpec")]),
        (problem(Disposition.WAITING, Reason.NAME_CONFLICT), [("Warning", "NameConflict")]),
        (problem(Disposition.WAITING, Reason.WAITING_FOR_MODEL_VERSION), [("Normal", "WaitingForModelVersion")]),
        (problem(Disposition.WAITING, Reason.WAITING_FOR_REGISTERED_MODEL), [("Normal", "WaitingForRegisteredModel")]),
        (problem(Disposition.TRANSIENT, Reason.REGISTRY_UNAVAILABLE), [("Warning", "RegistryUnavailable")]),
    ],
)
def test_events_warn_of_problems_and_not_of_waiting(outcome: Outcome, expected: list[tuple[str, str]]) -> None:
    synced = after(SYNCED)
    events = events_for(synced, after(outcome, synced), outcome)
    assert [("Warning" if note.is_warning else "Normal", note.reason) for note in events] == expected


def test_the_end_of_drift_is_an_event_that_names_what_ended() -> None:
    drifted = after(DRIFTED)
    (note,) = events_for(drifted, after(SYNCED, drifted), SYNCED)
    assert (note.reason, note.is_warning) == ("DriftEnded", False)
    assert note.message == f"No drift is left to report. Before: {describe_drift(DRIFTED)}"


@pytest.mark.parametrize("outcome", [PAUSED, problem(Disposition.OUTAGE)], ids=["paused", "problem"])
def test_drift_that_was_not_compared_has_not_ended(outcome: Outcome) -> None:
    drifted = after(DRIFTED)
    reasons = [note.reason for note in events_for(drifted, after(outcome, drifted), outcome)]
    assert len(reasons) == 1
    assert "DriftEnded" not in reasons


def test_a_resource_with_drift_does_not_claim_to_match_its_spec() -> None:
    ready, drifted = after(DRIFTED).conditions
    assert ready.message == "In sync, except for drift that is left in place; see the Drifted condition."
    assert drifted.message == describe_drift(DRIFTED)
    assert after(SYNCED).conditions[0].message == "The registry entry matches the spec."
    (ready,) = after(dataclasses.replace(SYNCED, ignores_drift=True)).conditions
    assert ready.message == "In sync, except for any drift, which driftPolicy Ignore leaves in place."


def test_another_reason_is_reported_though_the_status_is_the_same() -> None:
    first, second = problem(Disposition.WAITING), problem(Disposition.TERMINAL, Reason.INVALID_SPEC)
    before = after(first)
    assert [note.reason for note in events_for(before, after(second, before), second)] == ["InvalidSpec"]


@pytest.mark.parametrize(("hidden", "more"), [(0, ""), (1, " and 1 more"), (2, " and 2 more")])
def test_drift_names_a_few_fields_and_counts_the_rest(hidden: int, more: str) -> None:
    drift = tuple(Change(f"customProperties.p{n}", n, None) for n in range(MAX_DRIFT_PATHS + hidden))
    named = "; ".join(f"customProperties.p{n} is {n}, the spec says not set" for n in range(MAX_DRIFT_PATHS))
    expected = f"Changed in the registry (driftPolicy Report leaves it): {named}{more}."
    assert describe_drift(Outcome(FACTS, drift=drift)) == expected
    (condition,) = (found for found in after(Outcome(FACTS, drift=drift)).conditions if found.type == "Drifted")
    assert condition.message == expected


def test_contested_drift_says_why_it_stays() -> None:
    outcome = dataclasses.replace(DRIFTED, is_contested=True)
    assert describe_drift(outcome) == (
        "Changed in the registry (no longer corrected, because another writer keeps changing it; find that writer): "
        "description is 'by hand', the spec says 'by git'."
    )
    assert conditions(after(outcome))["Drifted"] == ("True", "Contested")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "not set"),
        (True, "true"),
        (False, "false"),
        (1.5, "1.5"),
        ("true", "'true'"),
        (["en", "no"], "['en', 'no']"),
        ("x" * 200_000, f"'{'x' * (MAX_VALUE_LENGTH - 1)}…"),
    ],
)
def test_drift_shows_values_as_a_manifest_writes_them(value: Any, shown: str) -> None:
    for change, expected in (
        (Change("customProperties.p", value, "y"), f"customProperties.p is {shown}, the spec says 'y'."),
        (Change("customProperties.p", "y", value), f"customProperties.p is 'y', the spec says {shown}."),
    ):
        drifted = after(Outcome(FACTS, drift=(change,))).conditions[1]
        assert drifted.message.endswith(expected)


def _pause_message(value: str) -> str:
    metadata = ObjectMeta(
        name="fraud", namespace="team", generation=1, annotations={"model-registrar.dev/paused": value}
    )
    (ready,) = next_status(metadata, RegisteredModelStatus(), PAUSED, NOW).conditions or ()
    return ready.message


def test_a_pause_by_an_unusual_value_says_that_it_counts() -> None:
    usual = "Paused by annotation: nothing is written to the registry until model-registrar.dev/paused is removed."
    assert _pause_message("true") == usual
    assert _pause_message("yes") == f"{usual} Its value 'yes' counts as 'true'; 'false' resumes."


def test_the_synced_generation_stays_until_the_next_one_is_synced() -> None:
    done = after(SYNCED)
    outage = after(problem(Disposition.OUTAGE), done)
    paused = after(PAUSED, done, generation=2)
    assert (done.synced_generation, outage.synced_generation, paused.synced_generation) == (1, 1, 1)
    assert after(SYNCED, paused, generation=2).synced_generation == 2


def test_aliases_that_wait_are_named_each_and_are_an_event_only_if_they_did_not_wait_at_first() -> None:
    waiting = Outcome(FACTS, alias_problems=(MISSING, ARCHIVED))
    first = after(waiting)
    (found,) = (one for one in first.conditions if one.type == "AliasesResolved")
    assert found.message == "The alias 'a' waits. The alias 'b' waits."
    assert [note.reason for note in events_for(RegisteredModelStatus(), first, waiting)] == ["Synced"]
    resolved = Outcome(FACTS, alias_problems=())
    assert events_for(first, after(resolved, first), resolved) == []
    before = after(resolved)
    assert events_for(before, after(waiting, before), waiting) == [
        EventNote("VersionArchived", found.message, is_warning=True)
    ]
    missing = Outcome(FACTS, alias_problems=(MISSING,))
    (note,) = events_for(before, after(missing, before), missing)
    assert not note.is_warning
