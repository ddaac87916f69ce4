"""The status of a version's inline artifacts: laws over names, and what a failed write leaves."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_registry.types import ModelVersion
from registrar.api.conditions import Reason
from registrar.api.v1alpha1.common import EntryOrigin
from registrar.api.v1alpha1.model_version import ArtifactType, InlineArtifactStatus
from registrar.kinds.artifacts import DOC_ARTIFACT, MODEL_ARTIFACT
from registrar.kinds.base import Desired
from registrar.planning.actions import Change, FieldSet, RecordedState
from registrar.planning.ownership import Origin
from registrar.planning.problems import terminal, waiting
from registrar.reconcile.deletion import with_departures
from registrar.reconcile.inline_artifacts import (
    Statuses,
    departed,
    givers_first,
    in_order,
    joined,
    recorded_artifact,
    recorded_since,
    with_artifact,
    without_entry,
)
from registrar.reporting.outcome import EntryResult, Facts, OperationResult, Outcome
from tests.unit.build import artifact, desired

NAMES = st.sampled_from(["card", "weights", "onnx"])
TYPES = st.sampled_from(list(ArtifactType))
STATUS = st.builds(InlineArtifactStatus, name=NAMES, type=TYPES, id=st.sampled_from([None, "8", "9"]))
STATUSES: st.SearchStrategy[Statuses] = st.lists(STATUS, unique_by=lambda status: status.name).map(tuple)
DESIRED = st.lists(
    st.builds(lambda kind, name: desired(kind, name=name), st.sampled_from([DOC_ARTIFACT, MODEL_ARTIFACT]), NAMES),
    unique_by=lambda wanted: wanted.name,
)
OWNED = FieldSet(frozenset({"uri", "model_format_name"}), frozenset({"team"}))


def card(entry_id: str | None = "9", kind: ArtifactType = ArtifactType.DOC) -> InlineArtifactStatus:
    return InlineArtifactStatus(name="card", type=kind, id=entry_id)


def weights(entry_id: str | None = "8") -> InlineArtifactStatus:
    return InlineArtifactStatus(name="weights", type=ArtifactType.MODEL, id=entry_id)


@given(STATUSES, DESIRED)
def test_departed_are_those_that_no_desired_artifact_has_the_name_and_type_of(
    statuses: Statuses, wanted: list[Desired]
) -> None:
    names_and_types = {(item.name, item.kind.name) for item in wanted}
    left = departed(statuses, wanted)
    for status in statuses:
        assert (status in left) == ((status.name, status.type.value) not in names_and_types)
    assert len(left) == len(set(left))


@given(STATUSES, NAMES)
def test_an_artifact_is_added_or_replaced_and_nothing_else_moves(statuses: Statuses, name: str) -> None:
    after = with_artifact(statuses, desired(MODEL_ARTIFACT, name=name), artifact("10"), Origin.CREATED, OWNED)
    written = next(status for status in after if status.name == name)
    assert written == InlineArtifactStatus(
        name=name,
        type=ArtifactType.MODEL,
        id="10",
        origin=EntryOrigin.CREATED,
        owned_fields=("modelFormatName", "uri"),
        owned_properties=("team",),
    )
    names = [status.name for status in statuses]
    assert [status.name for status in after] == (names if name in names else [*names, name])
    assert [status for status in after if status.name != name] == [s for s in statuses if s.name != name]


def test_an_empty_set_leaves_the_owned_names_out() -> None:
    (status,) = with_artifact(
        (), desired(DOC_ARTIFACT, name="card"), artifact("9", create_time_since_epoch="5"), Origin.ADOPTED, FieldSet()
    )
    assert status.model_dump(mode="json", exclude_none=True) == {
        "name": "card",
        "type": "doc-artifact",
        "id": "9",
        "create_time_since_epoch": "5",
        "origin": "Adopted",
    }


def test_an_artifact_is_removed_and_not_the_one_of_another_type_that_has_its_name_now() -> None:
    statuses = (card("9"), weights(None))
    assert without_entry(statuses, "card", "9") == (weights(None),)
    assert without_entry(statuses, "card", "8") == statuses
    assert without_entry(statuses, "weights", "") == (card("9"),)


def test_the_recorded_state_of_an_artifact_is_that_of_its_status() -> None:
    wanted = desired(MODEL_ARTIFACT, name="weights")
    entry = artifact("8", create_time_since_epoch="5")
    statuses = with_artifact((card(),), wanted, entry, Origin.CREATED, OWNED)
    for settled in (True, False):
        recorded = RecordedState("8", "5", Origin.CREATED, OWNED, settled)
        assert recorded_artifact(statuses, "weights", settled=settled) == recorded
    assert recorded_artifact(statuses, "other", settled=True) == RecordedState()


@given(STATUSES, DESIRED)
def test_statuses_come_in_the_order_of_writing_and_what_departs_comes_last(
    statuses: Statuses, wanted: list[Desired]
) -> None:
    ordered = in_order(statuses, wanted)
    assert sorted(ordered, key=repr) == sorted(statuses, key=repr)
    names = [item.name for item in wanted]
    places = [names.index(status.name) if status.name in names else len(names) for status in ordered]
    assert places == sorted(places)
    leaving = [status for status in ordered if status.name not in names]
    assert leaving == [status for status in statuses if status.name not in names]


def test_what_was_recorded_before_a_failed_write_stays() -> None:
    before, recorded = (card(), weights(None)), (card(), weights("8"))
    # Nothing was recorded: the statuses stay as the reconcile has them.
    assert recorded_since((card(),), "weights", before=before, now=before) == (card(),)
    assert recorded_since(before, "weights", before=before, now=recorded) == recorded
    assert recorded_since((card("10"),), "weights", before=before, now=recorded) == (card("10"), weights("8"))
    assert recorded_since(before, "weights", before=before, now=(card(),)) == (card(),)


OUTCOME = Outcome(Facts(id="4"))
WANTED = desired(MODEL_ARTIFACT, name="weights")


def test_an_artifact_that_was_written_updates_its_version() -> None:
    written = EntryResult(artifact(), Origin.CREATED, FieldSet(), OperationResult.CREATED)
    assert joined(OUTCOME, WANTED, written).operation is OperationResult.UPDATED
    created = dataclasses.replace(OUTCOME, operation=OperationResult.CREATED)
    assert joined(created, WANTED, written).operation is OperationResult.CREATED
    untouched = EntryResult(artifact(), Origin.CREATED, FieldSet())
    assert joined(OUTCOME, WANTED, untouched) == OUTCOME
    assert joined(created, WANTED, untouched) == created


def test_drift_of_an_artifact_is_reported_with_its_name() -> None:
    own = Change("description", "a", "b")
    drifted = EntryResult(artifact(), Origin.CREATED, FieldSet(), drift=(Change("uri", "s3://x", "s3://y"),))
    outcome = joined(dataclasses.replace(OUTCOME, drift=(own,)), WANTED, drifted)
    assert outcome.drift == (own, Change("model-artifact weights: uri", "s3://x", "s3://y"))
    assert not outcome.is_contested
    contested = dataclasses.replace(drifted, is_contested=True)
    assert joined(OUTCOME, WANTED, contested).is_contested
    assert joined(dataclasses.replace(OUTCOME, is_contested=True), WANTED, drifted).is_contested


def test_the_versions_own_entry_is_not_among_them() -> None:
    result = EntryResult(ModelVersion("v1", id="4"), Origin.CREATED, FieldSet())
    assert joined(OUTCOME, WANTED, result).facts == OUTCOME.facts


def wanting(**external_ids: str | None) -> list[Desired]:
    return [
        desired(MODEL_ARTIFACT, name=name, fields={"external_id": external_id} if external_id else {})
        for name, external_id in external_ids.items()
    ]


@pytest.mark.parametrize(
    ("wanted", "held", "expected"),
    [
        (wanting(new="x", giver="y"), {"giver": "x"}, ["giver", "new"]),
        (wanting(a="x", b="y", c="z"), {"b": "x", "c": "y"}, ["c", "b", "a"]),
        (wanting(a="x", b="x"), {"b": "x"}, ["b", "a"]),
        (wanting(a="x", b="y"), {"a": "x", "b": "y"}, ["a", "b"]),
        (wanting(a=None, b="x", c=None), {"a": None, "c": "z"}, ["a", "b", "c"]),
        (wanting(a="x"), {"gone": "x"}, ["a"]),
        (wanting(a="y", b="x"), {"a": "x", "b": "y"}, ["b", "a"]),
    ],
    ids=["moved", "moved along", "declared twice", "unchanged", "none", "of one that departs", "exchanged"],
)
def test_an_external_id_is_let_go_before_another_artifact_takes_it(
    wanted: list[Desired], held: dict[str, str | None], expected: list[str]
) -> None:
    assert [item.name for item in givers_first(wanted, held)] == expected


def test_a_problem_of_a_version_does_not_keep_a_departing_artifact_waiting() -> None:
    problem = terminal(Reason.AMBIGUOUS_ENTRY, "Two.").problem
    assert with_departures(problem, {}) is problem
    assert with_departures(problem, {"a": 3.0, "b": 4.0}).requeue_after == 4.0
    waits = waiting(Reason.NAME_CONFLICT, "Taken.", requeue_after=300.0).problem
    assert with_departures(waits, {"a": 3.0}) == dataclasses.replace(waits, requeue_after=3.0)
    assert with_departures(dataclasses.replace(waits, requeue_after=1.0), {"a": 3.0}).requeue_after == 1.0
