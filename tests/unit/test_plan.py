"""What is decided about an entry: laws that hold for every plan, and the tables of the design."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_registry.types import ModelArtifact, RegisteredModel, RegistryEntry
from registrar.api.conditions import Reason
from registrar.api.meta import OWNER_PROPERTY
from registrar.api.properties import Scalar, TypedProperty, resolve_properties
from registrar.api.v1alpha1 import AdoptionPolicy, DeletionPolicy, DriftPolicy
from registrar.kinds.artifacts import MODEL_ARTIFACT
from registrar.kinds.base import Desired, EntryKind
from registrar.kinds.model_version import MODEL_VERSION
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.planning.actions import (
    Archive,
    Change,
    Create,
    FieldSet,
    Leave,
    Patch,
    Plan,
    Policies,
    RecordedState,
    Refuse,
    owned_by,
)
from registrar.planning.ownership import Origin
from registrar.planning.plan import plan, plan_retirement
from registrar.planning.problems import Disposition
from tests.unit.build import OWNER_ID, REFERENCE, artifact, desired, model, policies, properties_of, stamp

TEXTS = st.sampled_from(["", "a", "b", "ä"])
WORDS = st.lists(st.sampled_from(["en", "de"]), max_size=2)
SCALARS: st.SearchStrategy[Scalar] = st.sampled_from([True, False, 0, 1, 7, 0.0, 1.0, 2.5, "", "1", "true"])
DECLARED = st.one_of(SCALARS, SCALARS.map(TypedProperty))
NAMES = st.sampled_from(["team", "size", "stage", "score"])
MODEL_FIELDS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {}, optional={"description": TEXTS, "owner": TEXTS, "external_id": st.sampled_from(["x", "y"]), "tasks": WORDS}
)
ARTIFACT_FIELDS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"uri": st.sampled_from(["s3://a", "s3://b"])},
    optional={"description": TEXTS, "storage_key": TEXTS, "external_id": st.sampled_from(["x", "y"])},
)
STAMPS: st.SearchStrategy[dict[str, Scalar]] = st.sampled_from(
    [{}, stamp(), stamp(Origin.ADOPTED), stamp(reference="team/before"), {OWNER_PROPERTY: "created:others/x/y"}]
)
PROPERTIES = st.dictionaries(NAMES, SCALARS)
TAKING = policies(take_over=True)


@dataclasses.dataclass(frozen=True)
class Case:
    """One entry, what it shall be, and what its resource set on it before."""

    wanted: Desired
    observed: RegistryEntry
    owned: FieldSet

    def plan(self, observed: RegistryEntry | None = None, using: Policies = TAKING, **memory: Any) -> Plan:
        return plan(self.wanted, observed or self.observed, RecordedState(owned=self.owned, **memory), using, OWNER_ID)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    is_model = draw(st.booleans())
    strategy = MODEL_FIELDS if is_model else ARTIFACT_FIELDS
    states = ["LIVE", "ARCHIVED"] if is_model else ["LIVE", "PENDING", "MARKED_FOR_DELETION", "DELETED", "ABANDONED"]
    kind: EntryKind = REGISTERED_MODEL if is_model else MODEL_ARTIFACT
    wanted = desired(
        kind,
        fields=draw(strategy),
        properties=draw(st.dictionaries(NAMES, DECLARED)),
        state=draw(st.sampled_from([None, *states])),
    )
    observed = kind.ENTRY(
        "fraud",
        id="7",
        state=draw(st.sampled_from(states)),
        **draw(strategy),
        custom_properties=draw(PROPERTIES) | draw(STAMPS),
    )
    fields = ["description", "external_id", "state", *(["owner", "tasks"] if is_model else ["storage_key"])]
    owned = FieldSet(draw(st.frozensets(st.sampled_from(fields))), draw(st.frozensets(NAMES)))
    return Case(wanted, observed, owned)


def applied(planned: Plan) -> RegistryEntry:
    """The entry after the plan, as the registry would answer it: what is sent replaces, what is not is kept."""
    match planned:
        case Patch():
            changes: dict[str, Any] = dict(planned.fields)
            if planned.properties is not None:
                changes["custom_properties"] = dict(planned.properties)
            if planned.state is not None:
                changes["state"] = planned.state
            return planned.entry.model_copy(update=changes)
        case Leave():
            return planned.entry
    raise AssertionError(planned)


@given(cases())
def test_after_a_plan_was_carried_out_nothing_is_left_to_do(case: Case) -> None:
    after = applied(case.plan())
    again = plan(case.wanted, after, RecordedState(owned=owned_by(case.wanted)), TAKING, OWNER_ID)
    assert isinstance(again, Leave)
    assert again.drift == ()


@given(cases())
def test_what_is_neither_declared_nor_owned_stays_as_it_is(case: Case) -> None:
    after = applied(case.plan())
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
def test_what_is_declared_is_there_and_what_was_dropped_is_cleared(case: Case) -> None:
    after = applied(case.plan())
    for field, value in case.wanted.fields.items():
        assert (getattr(after, field) or None) == (value or None)
    # In value and type: to Python True is 1 and 1 is 1.0.
    for name, scalar in resolve_properties(case.wanted.properties, properties_of(case.observed)).items():
        assert (type(properties_of(after)[name]), properties_of(after)[name]) == (type(scalar), scalar)
    for field in case.owned.fields - case.wanted.fields.keys() - {"state", "external_id"}:
        assert not getattr(after, field)
    assert not properties_of(after).keys() & (case.owned.properties - case.wanted.properties.keys())
    assert {OWNER_PROPERTY: properties_of(after)[OWNER_PROPERTY]} in (stamp(Origin.CREATED), stamp(Origin.ADOPTED))


@given(cases())
def test_an_external_id_is_changed_but_never_cleared(case: Case) -> None:
    planned = case.plan()
    if isinstance(planned, Patch):
        assert planned.fields.get("external_id", "something") != ""
    assert applied(planned).external_id == case.wanted.fields.get("external_id", case.observed.external_id)


@given(cases())
def test_the_map_of_properties_is_sent_only_if_it_differs(case: Case) -> None:
    planned = case.plan()
    if isinstance(planned, Patch) and planned.properties is not None:
        before = {name: (type(value), value) for name, value in properties_of(case.observed).items()}
        assert {name: (type(value), value) for name, value in planned.properties.items()} != before


@pytest.mark.parametrize(
    ("observed", "declared"), [(True, 1), (1, True), (0, False), (1.0, True), (1, TypedProperty(1.0))]
)
def test_a_property_of_another_type_is_another_property(observed: Scalar, declared: Scalar | TypedProperty) -> None:
    entry = model(custom_properties=stamp() | {"flag": observed})
    planned = plan(desired(properties={"flag": declared}), entry, RecordedState("7"), policies(), OWNER_ID)
    assert isinstance(planned, Patch)
    wanted = declared.value if isinstance(declared, TypedProperty) else declared
    assert [(one.path, type(one.wanted)) for one in planned.changes] == [("customProperties.flag", type(wanted))]


@given(cases())
def test_changes_tell_what_was_and_what_will_be(case: Case) -> None:
    planned = case.plan()
    if not isinstance(planned, Patch):
        return
    after = applied(planned)
    told = {one.path: one for one in planned.changes}
    assert len(told) == len(planned.changes)
    assert not any("model-registrar.dev/" in path for path in told)
    for path, change in told.items():
        assert change.observed != change.wanted or type(change.observed) is not type(change.wanted)
        if path.startswith("customProperties."):
            name = path.removeprefix("customProperties.")
            assert change.observed == properties_of(case.observed).get(name)
            assert change.wanted == properties_of(after).get(name)
    assert ("state" in told) == (planned.state is not None)


def test_a_missing_entry_is_created_live_and_stamped() -> None:
    wanted = desired(fields={"description": "d"}, properties={"size": 1})
    planned = plan(wanted, None, RecordedState("7"), policies(), OWNER_ID)
    assert isinstance(planned, Create)
    assert (planned.fields, planned.properties, planned.state) == ({"description": "d"}, {"size": 1, **stamp()}, "LIVE")
    archived = plan(desired(state="ARCHIVED"), None, RecordedState(), policies(), OWNER_ID)
    assert isinstance(archived, Create)
    assert archived.state == "ARCHIVED"


CONTEXT_STATES = [
    # declared, observed, written
    (None, "LIVE", None),
    (None, "ARCHIVED", "LIVE"),
    ("LIVE", "ARCHIVED", "LIVE"),
    ("ARCHIVED", "LIVE", "ARCHIVED"),
    ("ARCHIVED", "ARCHIVED", None),
]
ARTIFACT_STATES = [
    (None, "LIVE", None),
    (None, "UNKNOWN", None),
    (None, "PENDING", None),
    (None, "REFERENCE", None),
    (None, None, None),
    (None, "MARKED_FOR_DELETION", "LIVE"),
    (None, "DELETED", "LIVE"),
    (None, "ABANDONED", "LIVE"),
    ("PENDING", "LIVE", "PENDING"),
    ("PENDING", None, "PENDING"),
    ("MARKED_FOR_DELETION", "MARKED_FOR_DELETION", None),
]


def _written_state(wanted: Desired, observed: RegistryEntry) -> str | None:
    planned = plan(wanted, observed, RecordedState(), policies(), OWNER_ID)
    if isinstance(planned, Leave):
        return None
    assert isinstance(planned, Patch)
    assert planned.restores == (planned.state is not None and getattr(observed, "state", None) == wanted.kind.RETIRED)
    return planned.state


@pytest.mark.parametrize(("declared", "observed", "written"), CONTEXT_STATES)
@pytest.mark.parametrize("kind", [REGISTERED_MODEL, MODEL_VERSION], ids=["model", "version"])
def test_states_of_models_and_versions(kind: EntryKind, declared: str | None, observed: str, written: str) -> None:
    entry = kind.ENTRY("fraud", id="7", state=observed, custom_properties=stamp())
    assert _written_state(desired(kind, state=declared), entry) == written


@pytest.mark.parametrize(("declared", "observed", "written"), ARTIFACT_STATES)
def test_states_of_artifacts(declared: str | None, observed: str | None, written: str | None) -> None:
    entry = artifact(state=observed, custom_properties=stamp())
    assert _written_state(desired(MODEL_ARTIFACT, state=declared), entry) == written


def test_a_state_that_left_the_spec_is_released() -> None:
    wanted = desired(MODEL_ARTIFACT)
    entry = artifact(state="PENDING", custom_properties=stamp())
    planned = plan(wanted, entry, RecordedState("7", FieldSet(frozenset({"state"}))), policies(), OWNER_ID)
    assert planned == Leave(entry, Origin.CREATED)


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
def test_drift_is_corrected_told_or_ignored(
    drift: DriftPolicy,
    is_settled: bool,  # noqa: FBT001 - a column of the table
    expected: tuple[Change, ...] | None,
) -> None:
    memory = RecordedState("7", owned_by(DECLARING), settled=is_settled)
    planned = plan(DECLARING, DRIFTED, memory, policies(drift=drift), OWNER_ID)
    if expected is None:
        assert isinstance(planned, Patch)
        assert planned.changes == DRIFT
    else:
        assert planned == Leave(DRIFTED, Origin.CREATED, expected)


@pytest.mark.parametrize("drift", list(DriftPolicy))
def test_a_lost_stamp_is_no_drift_but_put_back(drift: DriftPolicy) -> None:
    entry = model(custom_properties={"theirs": 1})
    planned = plan(desired(), entry, RecordedState("7", settled=True), policies(drift=drift), OWNER_ID)
    assert isinstance(planned, Patch)
    assert planned.properties == {"theirs": 1, **stamp(Origin.ADOPTED)}
    assert planned.changes == ()


@pytest.mark.parametrize("remembered", [None, "8"])
def test_adoption_is_refused_where_the_policy_is_fail(remembered: str | None) -> None:
    planned = plan(desired(), model(), RecordedState(remembered), policies(adoption=AdoptionPolicy.FAIL), OWNER_ID)
    assert isinstance(planned, Refuse)
    assert (planned.problem.disposition, planned.problem.reason) == (Disposition.TERMINAL, Reason.ADOPTION_REFUSED)
    assert "'fraud' (id 7)" in planned.problem.message


@pytest.mark.parametrize(
    ("entry", "remembered"),
    [
        (model(), "7"),
        (model(custom_properties=stamp()), None),
        (model(custom_properties=stamp(reference="team/gone")), None),
    ],
    ids=["known by its ID", "stamped with this resource", "stamped with a resource that is gone"],
)
def test_an_entry_that_is_ours_needs_no_adoption(entry: RegisteredModel, remembered: str | None) -> None:
    planned = plan(desired(), entry, RecordedState(remembered), policies(adoption=AdoptionPolicy.FAIL), OWNER_ID)
    assert isinstance(planned, Patch | Leave)


def test_the_entry_of_another_installation_is_left_until_take_over() -> None:
    entry = model(custom_properties={OWNER_PROPERTY: "created:others/team/fraud"})
    refused = plan(desired(), entry, RecordedState("7"), policies(), OWNER_ID)
    assert isinstance(refused, Refuse)
    assert (refused.problem.disposition, refused.problem.reason) == (Disposition.TERMINAL, Reason.OWNED_BY_OTHER)
    assert "created:others/team/fraud" in refused.problem.message
    taken = plan(desired(), entry, RecordedState("7"), policies(take_over=True), OWNER_ID)
    assert isinstance(taken, Patch)
    assert taken.properties == stamp(Origin.ADOPTED)


@pytest.mark.parametrize("origin", list(Origin))
def test_a_successor_inherits_how_the_entry_came(origin: Origin) -> None:
    entry = model(custom_properties=stamp(origin, "team/gone"))
    planned = plan(desired(), entry, RecordedState(), policies(), OWNER_ID)
    assert isinstance(planned, Patch)
    assert planned.properties == stamp(origin)


FOREIGN: dict[str, Scalar] = {OWNER_PROPERTY: "created:others/team/fraud"}
RETIREMENTS: list[tuple[dict[str, Scalar], str | None, DeletionPolicy | None, bool]] = [
    # stamp on the entry, ID in the status, policy, archived
    (stamp(), "7", None, True),
    (stamp(), None, None, True),
    (stamp(), "7", DeletionPolicy.ARCHIVE, True),
    (stamp(), "7", DeletionPolicy.ORPHAN, False),
    (stamp(Origin.ADOPTED), "7", None, False),
    (stamp(Origin.ADOPTED), "7", DeletionPolicy.ARCHIVE, True),
    (stamp(Origin.ADOPTED), None, DeletionPolicy.ARCHIVE, True),
    (stamp(Origin.ADOPTED), "7", DeletionPolicy.ORPHAN, False),
    ({}, "7", None, False),
    ({}, "7", DeletionPolicy.ARCHIVE, True),
    ({}, "8", DeletionPolicy.ARCHIVE, False),
    ({}, None, DeletionPolicy.ARCHIVE, False),
    (FOREIGN, "7", DeletionPolicy.ARCHIVE, False),
    (stamp(reference="team/other"), "7", DeletionPolicy.ARCHIVE, False),
    (stamp(reference=f"{REFERENCE}#weights"), "7", DeletionPolicy.ARCHIVE, False),
]


@pytest.mark.parametrize(("owner", "remembered", "deletion", "is_archived"), RETIREMENTS)
@pytest.mark.parametrize("kind", [REGISTERED_MODEL, MODEL_ARTIFACT], ids=["model", "artifact"])
def test_what_becomes_of_the_entry_of_a_deleted_resource(
    kind: EntryKind,
    owner: dict[str, Scalar],
    remembered: str | None,
    deletion: DeletionPolicy | None,
    is_archived: bool,  # noqa: FBT001 - a column of the table
) -> None:
    entry = kind.ENTRY("fraud", id="7", state="LIVE", custom_properties=owner)
    memory = RecordedState(remembered)
    planned = plan_retirement(kind.RETIRED, entry, REFERENCE, memory, policies(deletion=deletion), OWNER_ID)
    assert planned == (Archive(entry, kind.RETIRED) if is_archived else None)


def test_a_retired_entry_is_not_retired_again() -> None:
    entry = ModelArtifact("fraud", id="7", state="MARKED_FOR_DELETION", custom_properties=stamp())
    assert plan_retirement("MARKED_FOR_DELETION", entry, REFERENCE, RecordedState("7"), policies(), OWNER_ID) is None


def test_owned_sets_join_and_cover() -> None:
    fields, properties = FieldSet(frozenset({"description"})), FieldSet(properties=frozenset({"team"}))
    both = fields | properties
    assert both == FieldSet(frozenset({"description"}), frozenset({"team"}))
    assert both.covers(fields)
    assert both.covers(properties)
    assert not fields.covers(both)
    assert not properties.covers(both)
