"""The parsed resource: what is always there, however wrong the spec is, and why the spec is wrong."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from registrar.api.bodies import ResourceKey
from registrar.api.conditions import Reason
from registrar.api.meta import FINALIZER, RECONCILE_REQUESTED_ANNOTATION, TAKE_OVER_ANNOTATION, ObjectMeta
from registrar.api.v1alpha1 import AdoptionPolicy, DeletionPolicy, DriftPolicy, ModelVersionStatus
from registrar.kinds.table import KINDS
from registrar.planning.actions import FieldSet, Policies, RecordedState
from registrar.planning.claims import Claimant
from registrar.planning.problems import Disposition, Problem, ReconcileError
from registrar.reconcile.resource import InlineName, ManagedResource, policies_of, read_resource, recorded_state
from registrar.settings import Settings
from tests.unit.build import SPECS, body

STATUS = {
    "id": "7",
    "parentId": "3",
    "registryUrl": "http://registry",
    "ownedFields": ["author"],
    "ownedProperties": ["team"],
    "observedGeneration": 1,
    "syncedGeneration": 1,
    "artifacts": [{"name": "card", "type": "doc-artifact", "id": "9"}],
}
INLINE = {
    "docArtifacts": [{"name": "card", "uri": "https://card"}],
    "artifacts": [{"name": "weights", "uri": "s3://a"}, {"name": "onnx", "uri": "s3://b"}],
}


def version(status: dict[str, Any] | None = None, **spec: Any) -> ManagedResource:
    return read_resource(body("ModelVersion", "v1", status=status or STATUS, **{**INLINE, **spec}))


def test_a_resource_is_parsed_once_and_as_a_whole() -> None:
    resource = version(name="1.0", deletionPolicy="Archive")
    declared = resource.require_spec()
    assert resource.key == ResourceKey("ModelVersion", "team", "v1")
    assert resource.kind.name == "ModelVersion"
    assert resource.entry_name == declared.entry_name == "1.0"
    assert resource.deletion_policy is declared.spec.deletion_policy is DeletionPolicy.ARCHIVE
    assert resource.inline == (
        InlineName("doc-artifact", "card"),
        InlineName("model-artifact", "weights"),
        InlineName("model-artifact", "onnx"),
    )
    assert resource.raw_status == STATUS
    assert resource.status == ModelVersionStatus.model_validate(STATUS)
    assert resource.metadata.generation == 1


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_a_resource_without_names_and_status_has_its_own_name_and_an_empty_status(kind: str) -> None:
    plain = body(kind, "plain")
    del plain["status"]
    resource = read_resource(plain)
    assert (resource.entry_name, resource.deletion_policy, resource.inline) == ("plain", None, ())
    assert (resource.status.id, resource.raw_status) == (None, {})
    assert resource.require_spec().status is resource.status


INVALID: dict[str, tuple[dict[str, Any], str]] = {
    # what is wrong, and how the problem begins
    "a null property": ({"customProperties": {"team": None}}, "spec.customProperties.team: is null; give it a value"),
    "a list as a property": ({"customProperties": {"tags": []}}, "spec.customProperties.tags: must be a string"),
    "a reserved property": (
        {"customProperties": {"model-registrar.dev/owner": "me"}},
        "spec.customProperties.model-registrar.dev/owner: names under model-registrar.dev/ belong to the operator",
    ),
    "two parents": (
        {"registeredModelRef": {"name": "a", "external": {"id": "1"}}},
        "spec.registeredModelRef: set exactly one of name",
    ),
    "an unknown state": ({"state": "DEAD"}, "spec.state: must be 'LIVE' or 'ARCHIVED'"),
    "one name twice": (
        {"docArtifacts": [{"name": "weights", "uri": "https://card"}]},
        "spec: a name appears in both artifacts and docArtifacts; give the document another name",
    ),
    "an artifact without a place": (
        {"artifacts": [{"name": "weights"}]},
        "spec.artifacts[0]: set uri, or set state to PENDING if an upload provides the uri later",
    ),
}


@pytest.mark.parametrize(("spec", "message"), INVALID.values(), ids=list(INVALID))
def test_an_invalid_spec_is_a_problem_that_names_what_to_change(spec: dict[str, Any], message: str) -> None:
    resource = version(**spec)
    assert isinstance(resource.declared, Problem)
    assert (resource.declared.disposition, resource.declared.reason) == (Disposition.TERMINAL, Reason.INVALID_SPEC)
    assert resource.declared.message.startswith(message)
    assert resource.declared.message.endswith(". Change the spec.")
    with pytest.raises(ReconcileError) as refusal:
        resource.require_spec()
    assert refusal.value.problem is resource.declared


@pytest.mark.parametrize("spec", [spec for spec, _ in INVALID.values()], ids=list(INVALID))
def test_a_deletion_needs_no_valid_spec(spec: dict[str, Any]) -> None:
    resource = version(name="1.0", deletionPolicy="Orphan", **spec)
    assert isinstance(resource.declared, Problem)
    assert (resource.entry_name, resource.deletion_policy) == ("1.0", DeletionPolicy.ORPHAN)
    named = {item["name"] for field in INLINE for item in {**INLINE, **spec}[field]}
    assert {inline.name for inline in resource.inline} == named
    assert (resource.metadata.uid, resource.metadata.generation) == ("uid-1", 1)
    assert (resource.status.id, resource.status.parent_entry_id) == ("7", "3")
    assert resource.raw_status == STATUS


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_an_unreadable_spec_still_gives_a_name(kind: str) -> None:
    invalid = body(kind, "broken", customProperties={"a": None}, deletionPolicy="Archive")
    resource = read_resource(invalid)
    assert isinstance(resource.declared, Problem)
    assert (resource.entry_name, resource.deletion_policy) == ("broken", DeletionPolicy.ARCHIVE)
    del invalid["spec"]
    without_spec = read_resource(invalid)
    assert (without_spec.entry_name, without_spec.deletion_policy, without_spec.inline) == ("broken", None, ())
    # A model needs nothing in its spec; the others need a parent.
    assert isinstance(without_spec.declared, Problem) == bool(SPECS[kind])


@pytest.mark.parametrize("policy", ["Delete", "archive", "", None, 1])
def test_an_unknown_deletion_policy_counts_as_absent(policy: object) -> None:
    assert version(deletionPolicy=policy).deletion_policy is None


@pytest.mark.parametrize("invalid", [False, True], ids=["valid", "invalid"])
def test_metadata_and_status_are_validated_once(monkeypatch: pytest.MonkeyPatch, *, invalid: bool) -> None:
    validated: list[str] = []
    check = BaseModel.model_validate.__func__  # type: ignore[attr-defined]  # a class method

    def record(cls: type[BaseModel], /, value: Any, **more: Any) -> Any:
        validated.append(cls.__name__)
        return check(cls, value, **more)

    monkeypatch.setattr(BaseModel, "model_validate", classmethod(record))
    resource = version(state="DEAD" if invalid else "LIVE")
    assert sorted(validated) == ["ModelVersion", "ModelVersionStatus", "ObjectMeta"]
    if not isinstance(resource.declared, Problem):
        assert resource.declared.metadata is resource.metadata
        assert resource.declared.status is resource.status


def test_a_later_body_brings_metadata_and_status_and_keeps_the_parsed_spec() -> None:
    resource = version()
    later = body("ModelVersion", "v1", version=2, generation=2, status={**STATUS, "id": "8"}, author="later")
    refreshed = resource.refreshed(later)
    assert refreshed is not None
    assert (refreshed.metadata.resource_version, refreshed.metadata.generation) == ("2", 2)
    assert (refreshed.status.id, refreshed.raw_status) == ("8", later["status"])
    assert refreshed.declared is resource.declared
    assert (refreshed.key, refreshed.inline) == (resource.key, resource.inline)
    del later["status"]
    without_status = resource.refreshed(later)
    assert without_status is not None
    assert (without_status.status, without_status.raw_status) == (ModelVersionStatus(), {})


def test_a_successor_or_a_missing_body_refreshes_nothing() -> None:
    resource = version()
    assert resource.refreshed(body("ModelVersion", "v1", version=2, uid="uid-2", status=STATUS)) is None
    assert resource.refreshed(None) is None


def test_the_finalizer_is_looked_up_among_all() -> None:
    plain = body()
    assert not read_resource(plain).has_finalizer
    plain["metadata"]["finalizers"] = ["others.dev/keep"]
    assert not read_resource(plain).has_finalizer
    plain["metadata"]["finalizers"].append(FINALIZER)
    assert read_resource(plain).has_finalizer


@given(st.sampled_from([None, "1", "2"]), st.sampled_from([None, "1", "2"]))
def test_a_request_is_pending_until_the_status_has_its_value(requested: str | None, answered: str | None) -> None:
    annotations = {} if requested is None else {RECONCILE_REQUESTED_ANNOTATION: requested}
    status = {"observedGeneration": 1} | ({} if answered is None else {"lastHandledReconcileAt": answered})
    pending = read_resource(body(annotations=annotations, status=status)).pending_request
    assert pending == (requested if requested != answered else None)


def test_a_resource_is_settled_once_this_generation_is_synced() -> None:
    assert read_resource(body(generation=2, status={"syncedGeneration": 2})).is_settled
    assert not read_resource(body(generation=2, status={"syncedGeneration": 1})).is_settled
    assert not read_resource(body()).is_settled


def test_a_claimant_is_the_resource_or_an_artifact_of_it() -> None:
    going = body("ModelVersion", "v1")
    going["metadata"]["deletionTimestamp"] = "2026-11-23T13:00:00Z"
    key, created = ResourceKey("ModelVersion", "team", "v1"), "2026-11-23T12:00:00Z"
    assert version().claimant() == Claimant(key, None, created, "uid-1", terminating=False)
    assert version().claimant("card") == Claimant(key, "card", created, "uid-1", terminating=False)
    assert read_resource(going).claimant().terminating


DEFAULTS = Settings(
    registry_url="http://registry",
    deletion_policy=DeletionPolicy.ORPHAN,
    adoption_policy=AdoptionPolicy.FAIL,
    drift_policy=DriftPolicy.REPORT,
)


def test_policies_are_those_of_the_spec_and_else_the_operators() -> None:
    silent = policies_of(version().require_spec(), DEFAULTS)
    assert silent == Policies(AdoptionPolicy.FAIL, DriftPolicy.REPORT, DeletionPolicy.ORPHAN, take_over=False)
    take_over = {TAKE_OVER_ANNOTATION: "true"}
    explicit = read_resource(
        body(annotations=take_over, adoptionPolicy="Adopt", driftPolicy="Ignore", deletionPolicy="Archive")
    )
    assert policies_of(explicit.require_spec(), DEFAULTS) == Policies(
        AdoptionPolicy.ADOPT, DriftPolicy.IGNORE, DeletionPolicy.ARCHIVE, take_over=True
    )


def test_the_recorded_state_is_that_of_the_status_unless_another_registry_assigned_the_id() -> None:
    owned = FieldSet(frozenset({"author"}), frozenset({"team"}))
    assert recorded_state(version(), "7") == RecordedState("7", owned=owned, settled=True, had_entry=True)
    assert recorded_state(version(), None) == RecordedState(had_entry=True)
    assert recorded_state(version({"observedGeneration": 1}), None) == RecordedState()


def test_metadata_is_read_without_a_spec() -> None:
    assert version(state="DEAD").metadata == ObjectMeta.model_validate(body("ModelVersion", "v1")["metadata"])
