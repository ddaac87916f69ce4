"""The parsed resources: what the pipeline reads, and what it writes back."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from registrar.api.conditions import Condition, ConditionStatus
from registrar.api.meta import RECONCILE_REQUEST_MAX_LENGTH, RECONCILE_REQUESTED_ANNOTATION, ObjectMeta
from registrar.api.v1alpha1 import (
    ArtifactState,
    DeletionPolicy,
    EntryState,
    ModelArtifact,
    ModelVersion,
    ModelVersionStatus,
    RegisteredModel,
)
from registrar.api.validation import MAX_PROBLEMS, describe
from registrar.kinds.table import RESOURCES

SPECS: dict[str, dict[str, Any]] = {
    "RegisteredModel": {},
    "ModelVersion": {"registeredModelRef": {"name": "model"}},
    "ModelArtifact": {"modelVersionRef": {"name": "version"}, "uri": "s3://bucket/model"},
}


def body(kind: str, name: str = "this", /, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "model-registrar.dev/v1alpha1",
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": "team",
            "uid": "0e1b",
            "generation": 2,
            "resourceVersion": "17",
            "creationTimestamp": "2026-11-23T12:00:00Z",
            "managedFields": [{"manager": "kubectl"}],
        },
        "spec": {**SPECS[kind], **spec},
        "status": {"observedGeneration": -1},
    }


def refused(kind: type[Any], /, **spec: Any) -> str:
    with pytest.raises(ValidationError) as refusal:
        kind.model_validate(body(kind.KIND, **spec))
    return describe(refusal.value)


def test_resource_is_read_as_the_api_server_sends_it() -> None:
    version = ModelVersion.model_validate(
        body(
            "ModelVersion",
            "fraud-v1",
            state="ARCHIVED",
            deletionPolicy="Orphan",
            artifacts=[{"name": "onnx", "uri": "s3://a", "modelFormatName": "onnx", "state": "PENDING"}],
            docArtifacts=[{"name": "card", "uri": "https://card"}],
        )
    )

    assert version.metadata.creation_timestamp == "2026-11-23T12:00:00Z"
    assert (version.metadata.generation, version.metadata.resource_version) == (2, "17")
    assert version.spec.registered_model_ref.name == "model"
    assert version.spec.state is EntryState.ARCHIVED
    assert version.spec.deletion_policy is DeletionPolicy.ORPHAN
    assert version.spec.artifacts is not None
    assert version.spec.artifacts[0].model_format_name == "onnx"
    assert version.spec.artifacts[0].state is ArtifactState.PENDING
    assert version.spec.doc_artifacts is not None
    assert version.spec.doc_artifacts[0].uri == "https://card"
    assert version.status == ModelVersionStatus(observed_generation=-1)


@pytest.mark.parametrize("kind", RESOURCES, ids=lambda kind: kind.KIND)
def test_absent_fields_are_none(kind: type[Any]) -> None:
    spec = kind.model_validate(body(kind.KIND)).spec

    given = {"registered_model_ref", "model_version_ref", "uri"}
    assert {name for name in type(spec).model_fields if getattr(spec, name) is not None} == given & set(
        type(spec).model_fields
    )


@pytest.mark.parametrize("kind", RESOURCES, ids=lambda kind: kind.KIND)
def test_unknown_fields_and_an_absent_status_do_no_harm(kind: type[Any]) -> None:
    manifest = body(kind.KIND, fieldOfALaterVersion=1)
    del manifest["status"]

    assert kind.model_validate(manifest).status.observed_generation == -1


@pytest.mark.parametrize("kind", RESOURCES, ids=lambda kind: kind.KIND)
def test_entry_is_named_by_the_spec_or_else_by_the_resource(kind: type[Any]) -> None:
    assert kind.model_validate(body(kind.KIND)).entry_name == "this"
    assert kind.model_validate(body(kind.KIND, name="Fraud: ü")).entry_name == "Fraud: ü"


@pytest.mark.parametrize("kind", RESOURCES, ids=lambda kind: kind.KIND)
def test_resources_cannot_be_changed(kind: type[Any]) -> None:
    resource = kind.model_validate(body(kind.KIND))

    for part, field in ((resource, "spec"), (resource.spec, "description"), (resource.status, "id")):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(part, field, None)


def test_refusals_of_cel_are_refusals_of_the_models_too() -> None:
    assert refused(ModelVersion, registeredModelRef={}).startswith("spec.registeredModelRef: set exactly one of name")
    assert refused(ModelVersion, registeredModelRef={"external": {"id": "2147483648"}}).startswith(
        "spec.registeredModelRef.external.id: must be an ID as the registry shows it"
    )
    assert refused(ModelArtifact, modelVersionRef={"external": {"name": "v1"}}) == (
        "spec.modelVersionRef.external: set either id, or both registeredModelName and name of the version"
    )
    twice = [{"name": "a", "uri": "s3://a"}] * 2
    assert (
        refused(ModelVersion, artifacts=twice)
        == "spec.artifacts[1]: name 'a' appears more than once; give each item its own"
    )
    assert refused(ModelVersion, artifacts=twice[:1], docArtifacts=twice[:1]) == (
        "spec: a name appears in both artifacts and docArtifacts; give the document another name"
    )


@pytest.mark.parametrize(
    ("kind", "spec", "path"),
    [
        (RegisteredModel, {"description": "a\0"}, "spec.description"),
        (RegisteredModel, {"name": "\0a"}, "spec.name"),
        (RegisteredModel, {"externalId": "a\0"}, "spec.externalId"),
        (RegisteredModel, {"aliases": {"champion": "a\0"}}, "spec.aliases.champion"),
        (RegisteredModel, {"language": ["en", "a\0"]}, "spec.language[1]"),
        (RegisteredModel, {"customProperties": {"p": "a\0"}}, "spec.customProperties.p"),
        (RegisteredModel, {"customProperties": {"p": {"string": "a\0"}}}, "spec.customProperties.p"),
        (ModelVersion, {"artifacts": [{"name": "a", "uri": "s3://\0"}]}, "spec.artifacts[0].uri"),
        (ModelVersion, {"registeredModelRef": {"external": {"name": "\0"}}}, "spec.registeredModelRef.external.name"),
        (ModelArtifact, {"uri": "s3://b/a\0"}, "spec.uri"),
    ],
)
def test_a_nul_character_is_refused_with_the_path_of_its_field(
    kind: type[Any], spec: dict[str, Any], path: str
) -> None:
    assert refused(kind, **spec).split("; ")[0] == (
        f"{path}: must not contain a NUL character, which the registry refuses"
    )


def test_refusal_names_the_property_of_an_inline_artifact() -> None:
    artifact = {"name": "a", "uri": "s3://a", "customProperties": {"tags": ["x"]}}

    assert refused(ModelVersion, artifacts=[artifact]).startswith(
        "spec.artifacts[0].customProperties.tags: must be a string"
    )


def test_refusal_of_many_fields_names_the_first_ones() -> None:
    message = refused(RegisteredModel, customProperties={f"p{number}": None for number in range(MAX_PROBLEMS + 2)})

    assert message.count("spec.customProperties.p") == MAX_PROBLEMS
    assert message.endswith("; and 2 more")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2026, 11, 23, 12, 0, 0, 999_999, tzinfo=UTC), "2026-11-23T12:00:00Z"),
        (datetime(2026, 11, 23, 12, tzinfo=timezone(timedelta(hours=-5))), "2026-11-23T17:00:00Z"),
    ],
)
def test_times_are_written_as_kubernetes_does_and_equal_themselves_when_read(value: datetime, expected: str) -> None:
    status = ModelVersionStatus(last_sync_time=value)
    written = status.model_dump(by_alias=True, exclude_none=True)

    assert written == {"observedGeneration": -1, "lastSyncTime": expected}
    assert ModelVersionStatus.model_validate(json.loads(json.dumps(written))) == status


def test_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        ModelVersionStatus(last_sync_time=datetime(2026, 11, 23, 12))  # noqa: DTZ001  # the mistake under test


def test_condition_keeps_the_limits_of_kubernetes() -> None:
    def condition(**changes: Any) -> Condition:
        fields = {
            "type": "Ready",
            "status": ConditionStatus.TRUE,
            "reason": "Synced",
            "message": "",
            "last_transition_time": datetime(2026, 11, 23, tzinfo=UTC),
        }
        return Condition(**{**fields, **changes})

    assert condition().message == ""
    for changes in (
        {"reason": ""},
        {"reason": "two words"},
        {"message": "m" * 32769},
        {"status": "Maybe"},
        {"type": ""},
    ):
        with pytest.raises(ValidationError):
            condition(**changes)


def test_annotations_are_read_by_their_meaning() -> None:
    plain = ObjectMeta(name="a", namespace="b")
    assert (plain.paused, plain.take_over, plain.terminating, plain.reconcile_requested_at) == (
        False,
        False,
        False,
        None,
    )

    asked = ObjectMeta.model_validate(
        {
            "name": "a",
            "namespace": "b",
            "deletionTimestamp": "2026-11-23T12:00:00Z",
            "annotations": {
                "model-registrar.dev/paused": "true",
                "model-registrar.dev/take-over": "true",
                "model-registrar.dev/reconcile-requested-at": "now",
            },
        }
    )
    assert (asked.paused, asked.take_over, asked.terminating, asked.reconcile_requested_at) == (True, True, True, "now")


def test_other_values_of_annotations_ask_for_nothing() -> None:
    meta = ObjectMeta(
        name="a",
        namespace="b",
        annotations={"model-registrar.dev/paused": "false", "model-registrar.dev/take-over": ""},
    )
    assert (meta.paused, meta.take_over) == (False, False)


def test_long_reconcile_request_fits_the_status() -> None:
    meta = ObjectMeta(name="a", namespace="b", annotations={RECONCILE_REQUESTED_ANNOTATION: "x" * 5000})

    status = ModelVersionStatus(last_handled_reconcile_at=meta.reconcile_requested_at)
    assert status.last_handled_reconcile_at == "x" * RECONCILE_REQUEST_MAX_LENGTH


@pytest.mark.parametrize(
    "value", ["true", "True", "TRUE", " true", "yes", "1", "on", "enabled", "no", "0", " false", "false\n", " "]
)
def test_every_value_but_false_pauses(value: str) -> None:
    """A switch that stops writing must not fail open."""
    assert ObjectMeta(name="a", namespace="b", annotations={"model-registrar.dev/paused": value}).paused


@pytest.mark.parametrize(
    "annotations", [{}, *({"model-registrar.dev/paused": value} for value in ("", "false", "False"))]
)
def test_false_and_nothing_do_not_pause(annotations: dict[str, str]) -> None:
    assert not ObjectMeta(name="a", namespace="b", annotations=annotations).paused


@pytest.mark.parametrize("value", ["True", "TRUE", "yes", "1", " true", "", "false"])
def test_only_true_takes_over(value: str) -> None:
    """A switch that allows writing fails closed."""
    assert not ObjectMeta(name="a", namespace="b", annotations={"model-registrar.dev/take-over": value}).take_over
