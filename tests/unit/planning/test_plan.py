"""What is decided about an entry: laws that hold for every plan, and the tables of the design."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_registry.types import (
    ModelArtifact,
    ModelVersion,
    OpaqueProperty,
    ProtoProperty,
    RegisteredModel,
    RegistryEntry,
    StructProperty,
)
from registrar.api.conditions import Reason
from registrar.api.meta import OWNER_PROPERTY
from registrar.api.properties import Scalar, TypedProperty, resolve_properties
from registrar.api.v1alpha1 import AdoptionPolicy, DeletionPolicy, DriftPolicy
from registrar.kinds.artifacts import MODEL_ARTIFACT
from registrar.kinds.model_version import MODEL_VERSION
from registrar.planning.actions import (
    Change,
    Create,
    FieldSet,
    Leave,
    Patch,
    RecordedState,
    RecordOwnership,
    Refuse,
    owned_by,
)
from registrar.planning.ownership import Origin, stamp_of
from registrar.planning.plan import after_recording, plan
from registrar.planning.problems import Disposition
from tests.unit.build import OWNER_ID, TEXTS, Case, artifact, cases, desired, model, policies, properties_of, stamp

TAKING = policies(take_over=True)
ORPHANING = policies(deletion=DeletionPolicy.ORPHAN)


def write(case: Case) -> Patch | Leave:
    """What is written in the end: the ownership is recorded first, where the plan asks for that."""
    action = plan(case.wanted, case.observed, case.recorded, TAKING, OWNER_ID)
    if isinstance(action, RecordOwnership):
        recorded = after_recording(case.recorded, action)
        action = plan(case.wanted, case.observed, recorded, TAKING, OWNER_ID)
    assert isinstance(action, Patch | Leave)
    return action


def applied(action: Patch | Leave) -> RegistryEntry:
    """The entry after the action, as the registry would answer it: what is sent replaces, what is not is kept."""
    if isinstance(action, Leave):
        return action.entry
    changes: dict[str, Any] = dict(action.fields)
    if action.properties is not None:
        changes["custom_properties"] = dict(action.properties)
    if action.state is not None:
        changes["state"] = action.state
    return action.entry.model_copy(update=changes)


@given(cases())
def test_after_a_patch_nothing_is_left_to_do(case: Case) -> None:
    after = applied(write(case))
    again = plan(case.wanted, after, RecordedState("7", owned=owned_by(case.wanted)), TAKING, OWNER_ID)
    assert isinstance(again, Leave)
    assert again.drift == ()


@given(cases())
def test_a_patch_leaves_alone_what_is_neither_declared_nor_owned(case: Case) -> None:
    after = applied(write(case))
    mine = owned_by(case.wanted) | case.owned
    for field in type(case.observed).model_fields:
        if field not in mine.fields | {"custom_properties", "state"}:
            assert getattr(after, field) == getattr(case.observed, field), field
    before = properties_of(case.observed)
    for name in before.keys() - mine.properties - {OWNER_PROPERTY}:
        assert properties_of(after)[name] == before[name]
        assert type(properties_of(after)[name]) is type(before[name])
    assert properties_of(after).keys() <= before.keys() | mine.properties | {OWNER_PROPERTY}


@given(cases())
def test_a_patch_sets_what_is_declared_and_clears_what_left_the_spec(case: Case) -> None:
    after = applied(write(case))
    for field, value in case.wanted.fields.items():
        assert (getattr(after, field) or None) == (value or None)
    # In value and type: to Python True is 1 and 1 is 1.0.
    for name, scalar in resolve_properties(case.wanted.properties, properties_of(case.observed)).items():
        assert (type(properties_of(after)[name]), properties_of(after)[name]) == (type(scalar), scalar)
    for field in case.owned.fields - case.wanted.fields.keys() - {"state", "external_id", "uri"}:
        # A text is cleared by an empty text, a list by an empty list; what was empty already is not written.
        before = getattr(case.observed, field)
        assert getattr(after, field) == (type(before)() if before else before)
    assert not properties_of(after).keys() & (case.owned.properties - case.wanted.properties.keys())
    assert {OWNER_PROPERTY: properties_of(after)[OWNER_PROPERTY]} in (stamp(Origin.CREATED), stamp(Origin.ADOPTED))


def test_a_text_is_cleared_by_an_empty_text_and_a_list_by_an_empty_list() -> None:
    entry = model(owner="me", tasks=["a"], external_id="x", custom_properties=stamp())
    owned = FieldSet(frozenset({"owner", "tasks", "external_id", "description"}))
    action = plan(desired(), entry, RecordedState("7", owned=owned), policies(), OWNER_ID)
    assert isinstance(action, Patch)
    assert (action.fields, action.properties) == ({"owner": "", "tasks": []}, None)
    assert action.changes == (Change("owner", "me", None), Change("tasks", ["a"], None))


@given(cases())
def test_an_external_id_is_changed_but_never_cleared(case: Case) -> None:
    action = write(case)
    if isinstance(action, Patch):
        assert action.fields.get("external_id", "something") != ""
    assert applied(action).external_id == case.wanted.fields.get("external_id", case.observed.external_id)


@given(
    uri=st.sampled_from([None, "s3://by/the/upload"]),
    state=st.sampled_from([None, "UNKNOWN", "PENDING", "LIVE", "MARKED_FOR_DELETION", "DELETED", "ABANDONED"]),
    owned=st.frozensets(st.sampled_from(["uri", "state", "storage_key"])),
    storage_key=TEXTS,
)
def test_uri_and_state_of_an_upload_are_left_alone_until_they_are_declared(
    uri: str | None, state: str | None, owned: frozenset[str], storage_key: str
) -> None:
    wanted = desired(MODEL_ARTIFACT, state="PENDING", fields={"storage_key": storage_key})
    before = artifact(state=state, uri=uri, custom_properties=stamp())
    after = applied(write(Case(wanted, before, RecordedState("7", owned=FieldSet(owned), settled=True))))
    assert isinstance(after, ModelArtifact)
    assert (after.uri, after.storage_key or "") == (uri, storage_key)
    assert after.state == state
    assert owned_by(wanted).fields == {"storage_key"}


@pytest.mark.parametrize("state", ["MARKED_FOR_DELETION", "DELETED", "ABANDONED", "UNKNOWN", "LIVE"])
@pytest.mark.parametrize("uri", [None, "s3://by/the/upload"])
@pytest.mark.parametrize(
    "written",
    [stamp(Origin.RELEASED), stamp(Origin.RELEASED, "team/before"), {}],
    ids=["resumed", "from an earlier resource", "adopted"],
)
def test_an_upload_that_was_deleted_begins_again_with_its_resource(
    written: dict[str, Scalar], uri: str | None, state: str
) -> None:
    wanted = desired(MODEL_ARTIFACT, state="PENDING")
    before = artifact(state=state, uri=uri, custom_properties=written)
    after = applied(write(Case(wanted, before, RecordedState())))
    assert isinstance(after, ModelArtifact)
    restored = "PENDING" if uri is None else "LIVE"
    assert after.state == (restored if state in {"MARKED_FOR_DELETION", "DELETED", "ABANDONED"} else state)


@pytest.mark.parametrize("state", ["MARKED_FOR_DELETION", "DELETED", "ABANDONED"])
def test_an_upload_that_ended_stays_so_when_the_stamp_is_lost(state: str) -> None:
    wanted, before = desired(MODEL_ARTIFACT, state="PENDING"), artifact(state=state, uri=None)
    after = applied(write(Case(wanted, before, RecordedState("7", origin=Origin.CREATED, settled=True))))
    assert getattr(after, "state", None) == state


@given(cases())
def test_a_patch_says_what_it_does_to_stamp_and_state(case: Case) -> None:
    action = write(case)
    if not isinstance(action, Patch):
        return
    before, after = stamp_of(case.observed, OWNER_ID), stamp_of(applied(action), OWNER_ID)
    assert action.stamp == after
    is_lost_stamp = OWNER_PROPERTY not in properties_of(case.observed) and case.recorded.proves(case.observed)
    assert action.adopts == (before is None and not is_lost_stamp)
    retired = case.wanted.kind.retired_state
    assert action.restores == (action.state is not None and getattr(case.observed, "state", None) == retired)


@given(cases())
def test_the_map_of_properties_is_sent_only_if_it_differs(case: Case) -> None:
    action = write(case)
    if isinstance(action, Patch) and action.properties is not None:
        before = {name: (type(value), value) for name, value in properties_of(case.observed).items()}
        assert {name: (type(value), value) for name, value in action.properties.items()} != before


@pytest.mark.parametrize(
    ("observed", "declared"), [(True, 1), (1, True), (0, False), (1.0, True), (1, TypedProperty(1.0))]
)
def test_a_property_of_another_type_differs(observed: Scalar, declared: Scalar | TypedProperty) -> None:
    entry = model(custom_properties=stamp() | {"flag": observed})
    wanted = desired(properties={"flag": declared})
    action = plan(wanted, entry, RecordedState("7", owned=owned_by(wanted)), policies(), OWNER_ID)
    assert isinstance(action, Patch)
    value = declared.value if isinstance(declared, TypedProperty) else declared
    assert [(change.path, type(change.wanted)) for change in action.changes] == [("customProperties.flag", type(value))]


@given(cases())
def test_changes_report_the_observed_and_the_wanted_value(case: Case) -> None:
    action = write(case)
    if not isinstance(action, Patch):
        return
    after = applied(action)
    changes = {change.path: change for change in action.changes}
    assert len(changes) == len(action.changes)
    assert not any("model-registrar.dev/" in path for path in changes)
    for path, change in changes.items():
        assert change.observed != change.wanted or type(change.observed) is not type(change.wanted)
        if path.startswith("customProperties."):
            name = path.removeprefix("customProperties.")
            assert change.observed == properties_of(case.observed).get(name)
            assert change.wanted == properties_of(after).get(name)
    assert ("state" in changes) == (action.state is not None)
    if action.state is not None:
        assert changes["state"] == Change("state", getattr(case.observed, "state", None), getattr(after, "state", None))


STRUCT = StructProperty({"metadataType": "MetadataStructValue", "struct_value": '{"f1":0.9}'})
PROTO = ProtoProperty({"metadataType": "MetadataProtoValue", "type": "t", "proto_value": "AQ=="})


@pytest.mark.parametrize("opaque", [STRUCT, PROTO])
@pytest.mark.parametrize("stamped", [True, False])
def test_properties_of_types_that_are_not_written_are_carried_back_unchanged(
    opaque: OpaqueProperty, *, stamped: bool
) -> None:
    others = {"theirs": opaque, "text": "x", **(stamp() if stamped else {})}
    entry = model(custom_properties=others, description="before")
    action = plan(desired(properties={"team": "a"}), entry, RecordedState(entry_id="7"), TAKING, OWNER_ID)
    if isinstance(action, RecordOwnership):
        recorded = after_recording(RecordedState(entry_id="7"), action)
        action = plan(desired(properties={"team": "a"}), entry, recorded, TAKING, OWNER_ID)
    assert isinstance(action, Patch)
    assert action.properties is not None
    assert {name: action.properties[name] for name in ("theirs", "text")} == {"theirs": opaque, "text": "x"}
    assert [change.path for change in action.changes] == ["customProperties.team"]
    settled = model(custom_properties=dict(action.properties))
    owned = FieldSet(properties=frozenset({"team"}))
    again = plan(desired(properties={"team": "a"}), settled, RecordedState(entry_id="7", owned=owned), TAKING, OWNER_ID)
    assert isinstance(again, Leave)


def test_a_declared_property_is_not_written_over_one_of_another_type() -> None:
    entry = model(custom_properties={"metrics": STRUCT, "team": "a", **stamp()})
    action = plan(
        desired(properties={"metrics": "x", "team": "b"}), entry, RecordedState(entry_id="7"), policies(), OWNER_ID
    )
    assert isinstance(action, Refuse)
    assert (action.problem.disposition, action.problem.reason) == (Disposition.TERMINAL, Reason.REFUSED_BY_REGISTRY)
    assert "has the custom properties metrics of a type that the operator cannot write" in action.problem.message
    assert "Remove these names from spec.customProperties" in action.problem.message


def test_a_missing_entry_is_created_live_and_stamped() -> None:
    wanted = desired(fields={"description": "d"}, properties={"size": 1})
    action = plan(wanted, None, RecordedState("7"), policies(), OWNER_ID)
    assert isinstance(action, Create)
    assert (action.fields, action.properties, action.state) == ({"description": "d"}, {"size": 1, **stamp()}, "LIVE")
    archived = plan(desired(state="ARCHIVED"), None, RecordedState(), policies(), OWNER_ID)
    assert isinstance(archived, Create)
    assert archived.state == "ARCHIVED"
    upload = plan(desired(MODEL_ARTIFACT, state="PENDING"), None, RecordedState(), policies(), OWNER_ID)
    assert isinstance(upload, Create)
    assert (upload.fields, upload.state) == ({}, "PENDING")


DRIFTED = model(description="by hand", custom_properties=stamp() | {"team": "x"})
DRIFT = (Change("description", "by hand", "by git"), Change("customProperties.team", "x", "y"))
DECLARING = desired(fields={"description": "by git"}, properties={"team": "y"})


@pytest.mark.parametrize(
    ("drift", "is_settled", "expected"),
    [
        (DriftPolicy.CORRECT, True, None),
        (DriftPolicy.REPORT, True, DRIFT),
        (DriftPolicy.IGNORE, True, ()),
        (DriftPolicy.REPORT, False, None),
        (DriftPolicy.IGNORE, False, None),
    ],
)
def test_drift_is_corrected_reported_or_ignored(
    drift: DriftPolicy,
    is_settled: bool,  # noqa: FBT001 - a column of the table
    expected: tuple[Change, ...] | None,
) -> None:
    recorded = RecordedState("7", owned=owned_by(DECLARING), settled=is_settled)
    action = plan(DECLARING, DRIFTED, recorded, policies(drift=drift), OWNER_ID)
    if expected is None:
        assert isinstance(action, Patch)
        assert action.changes == DRIFT
    else:
        assert action == Leave(DRIFTED, Origin.CREATED, expected)


@pytest.mark.parametrize("origin", [Origin.CREATED, Origin.ADOPTED])
@pytest.mark.parametrize("drift", [DriftPolicy.CORRECT, DriftPolicy.REPORT])
def test_a_lost_stamp_is_restored_with_its_origin_and_is_no_drift(drift: DriftPolicy, origin: Origin) -> None:
    entry = model(custom_properties={"theirs": 1})
    recorded = RecordedState("7", origin=origin, settled=True)
    action = plan(desired(), entry, recorded, policies(drift=drift), OWNER_ID)
    assert isinstance(action, Patch)
    assert action.properties == {"theirs": 1, **stamp(origin)}
    assert (action.changes, action.drift, action.adopts) == ((), (), False)


def test_report_restores_a_lost_stamp_and_nothing_else() -> None:
    entry = model(description="by hand", custom_properties={"team": "theirs"})
    recorded = RecordedState("7", origin=Origin.CREATED, owned=owned_by(DECLARING), settled=True)
    action = plan(DECLARING, entry, recorded, policies(drift=DriftPolicy.REPORT), OWNER_ID)
    assert isinstance(action, Patch)
    assert (action.fields, action.state) == ({}, None)
    assert action.properties == {"team": "theirs", **stamp(Origin.CREATED)}
    assert {change.path for change in action.drift} >= {"description"}


def test_ignore_leaves_an_entry_without_its_stamp_unguarded() -> None:
    recorded = RecordedState("7", origin=Origin.CREATED, settled=True)
    action = plan(desired(), model(custom_properties={}), recorded, policies(drift=DriftPolicy.IGNORE), OWNER_ID)
    assert isinstance(action, Leave)


@pytest.mark.parametrize("other", [{"id": "8"}, {"create_time_since_epoch": "6"}])
def test_what_is_recorded_of_another_entry_counts_for_nothing(other: dict[str, str]) -> None:
    """After a reset of the registry a stranger's entry can have the name, or the ID, of the recorded one."""
    entry = model(description="theirs", create_time_since_epoch="5").model_copy(update=other)
    recorded = RecordedState("7", "5", Origin.CREATED, FieldSet(frozenset({"description", "owner"})), settled=True)
    action = plan(desired(), entry, recorded, policies(), OWNER_ID)
    assert isinstance(action, Patch)
    assert (action.fields, action.adopts, action.stamp.origin) == ({}, True, Origin.ADOPTED)
    refused = plan(desired(), entry, recorded, policies(adoption=AdoptionPolicy.FAIL), OWNER_ID)
    assert isinstance(refused, Refuse)


@pytest.mark.parametrize("origin", [Origin.CREATED, Origin.ADOPTED])
def test_the_stamp_says_kept_while_the_policy_is_orphan(origin: Origin) -> None:
    recorded = RecordedState("7", origin=origin)
    kept = plan(desired(), model(custom_properties=stamp(origin)), recorded, ORPHANING, OWNER_ID)
    assert isinstance(kept, Patch)
    assert kept.properties == stamp(Origin.KEPT)
    assert kept.origin is origin
    again = plan(desired(), model(custom_properties=stamp(Origin.KEPT)), recorded, policies(), OWNER_ID)
    assert isinstance(again, Patch)
    assert again.properties == stamp(origin)
    created = plan(desired(), None, RecordedState(), ORPHANING, OWNER_ID)
    assert isinstance(created, Create)
    assert created.properties == stamp(Origin.KEPT)


@pytest.mark.parametrize("recorded_id", [None, "8"])
def test_adoption_is_refused_where_the_policy_is_fail(recorded_id: str | None) -> None:
    action = plan(desired(), model(), RecordedState(recorded_id), policies(adoption=AdoptionPolicy.FAIL), OWNER_ID)
    assert isinstance(action, Refuse)
    assert (action.problem.disposition, action.problem.reason) == (Disposition.TERMINAL, Reason.ADOPTION_REFUSED)
    assert action.problem.message == (
        "The registry already has RegisteredModel 'fraud' (id 7), and adoptionPolicy is Fail. Choose another "
        "spec.name, or set adoptionPolicy to Adopt to manage that entry."
    )


@pytest.mark.parametrize(
    ("entry", "recorded_id"),
    [
        (model(), "7"),
        (model(custom_properties=stamp()), None),
        (model(custom_properties=stamp(reference="team/gone")), None),
    ],
    ids=["recorded by its ID", "stamped with this resource", "stamped with a resource that is gone"],
)
def test_an_entry_of_ours_is_not_adopted_again(entry: RegisteredModel, recorded_id: str | None) -> None:
    action = plan(desired(), entry, RecordedState(recorded_id), policies(adoption=AdoptionPolicy.FAIL), OWNER_ID)
    assert isinstance(action, Patch | Leave)


def test_the_entry_of_another_installation_is_left_until_take_over() -> None:
    entry = model(custom_properties={OWNER_PROPERTY: "created:others/team/fraud"})
    refused = plan(desired(), entry, RecordedState("7"), policies(), OWNER_ID)
    assert isinstance(refused, Refuse)
    assert (refused.problem.disposition, refused.problem.reason) == (Disposition.TERMINAL, Reason.OWNED_BY_OTHER)
    assert refused.problem.message == (
        "RegisteredModel 'fraud' (id 7) carries the owner stamp 'created:others/team/fraud' of another installation. "
        'Delete it there, or set the annotation model-registrar.dev/take-over: "true" here. If this installation had '
        "the owner ID 'others' before, start the operator with --owner-id=others."
    )
    elsewhere = model(custom_properties={OWNER_PROPERTY: "created:others/team/copy"})
    refused = plan(desired(), elsewhere, RecordedState("7"), policies(), OWNER_ID)
    assert isinstance(refused, Refuse)
    assert refused.problem.message.endswith('take-over: "true" here.'), "no earlier name of this resource"
    taken = plan(desired(), entry, RecordedState("7"), policies(take_over=True), OWNER_ID)
    assert isinstance(taken, Patch)
    assert taken.properties == stamp(Origin.ADOPTED)


@pytest.mark.parametrize("text", ["others/team/fraud", "created:/team/fraud", "created:team/fraud", "created:"])
def test_a_stamp_without_an_owner_id_names_none_to_start_with(text: str) -> None:
    refused = plan(desired(), model(custom_properties={OWNER_PROPERTY: text}), RecordedState(), policies(), OWNER_ID)
    assert isinstance(refused, Refuse)
    assert "--owner-id" not in refused.problem.message


@pytest.mark.parametrize(
    ("may_take_over", "way_out"),
    [
        (
            True,
            (
                "which a deletion there leaves. Make sure that no resource there has it, and set the annotation "
                'model-registrar.dev/take-over: "true" here.'
            ),
        ),
        (False, "A deletion there leaves the stamp: ask the administrator of the registry."),
    ],
)
def test_nobody_is_sent_to_delete_what_keeps_its_stamp(may_take_over: bool, way_out: str) -> None:  # noqa: FBT001 - a parameter of the test
    entry = model(custom_properties={OWNER_PROPERTY: "kept:others/team/other"})
    limited = dataclasses.replace(policies(), may_take_over=may_take_over)
    refused = plan(desired(), entry, RecordedState("7"), limited, OWNER_ID)
    assert isinstance(refused, Refuse)
    assert refused.problem.message.endswith(way_out)


@pytest.mark.parametrize(
    ("written", "inherited"),
    [
        (Origin.CREATED, Origin.CREATED),
        (Origin.ADOPTED, Origin.ADOPTED),
        # What was archived will be archived again; of what was kept, nothing says that this operator created it.
        (Origin.RELEASED, Origin.CREATED),
        (Origin.KEPT, Origin.ADOPTED),
    ],
)
def test_a_successor_inherits_the_origin_of_the_entry(written: Origin, inherited: Origin) -> None:
    entry = model(custom_properties=stamp(written, "team/gone"))
    action = plan(desired(), entry, RecordedState(), policies(adoption=AdoptionPolicy.FAIL), OWNER_ID)
    assert isinstance(action, Patch)
    assert action.properties == stamp(inherited)


def test_an_entry_that_was_moved_to_another_parent_is_left_alone() -> None:
    """The registry finds it below its first parent all the same, because its name stays taken there."""
    moved = ModelVersion("v1", id="7", registered_model_id="2", custom_properties=stamp())
    wanted = desired(MODEL_VERSION.entry, name="v1", parent_id="1")
    action = plan(wanted, moved, RecordedState("7"), policies(), OWNER_ID)
    assert isinstance(action, Refuse)
    assert action.problem.reason is Reason.NAME_CONFLICT
    assert "was moved to another parent in the registry" in action.problem.message
