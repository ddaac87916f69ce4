"""From a resource to the entries that it represents."""

from typing import Any

from registrar.api.properties import TypedProperty
from registrar.kinds.artifacts import DOC_ARTIFACT, MODEL_ARTIFACT
from registrar.kinds.base import AnyResource, Desired
from registrar.kinds.desired import desired_entry, desired_inline, reference_of
from registrar.kinds.model_version import MODEL_VERSION
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.kinds.table import kind_of
from tests.unit.build import REGISTRY, body, claim


def resource(kind: str, name: str, /, **spec: Any) -> AnyResource:
    return kind_of(kind).resource.model_validate(body(kind, name, **spec))


def test_a_model_becomes_an_entry_at_the_root() -> None:
    declared = resource(
        "RegisteredModel",
        "fraud",
        name="Fraud",
        description="",
        owner="me",
        tasks=["a", "b"],
        externalId="x",
        state="ARCHIVED",
        customProperties={"team": "x", "size": {"double": 1}},
        deletionPolicy="Orphan",
    )
    entry = desired_entry(declared, REGISTRY, "")
    assert entry == Desired(
        registry=REGISTRY,
        kind=REGISTERED_MODEL.entry,
        reference="team/fraud",
        name="Fraud",
        parent_id="",
        fields={"description": "", "owner": "me", "tasks": ["a", "b"], "external_id": "x"},
        properties={"team": "x", "size": TypedProperty(1.0)},
        state="ARCHIVED",
    )
    assert entry.claim == claim("Fraud")
    assert reference_of(declared) == "team/fraud"


def test_what_the_spec_does_not_declare_is_not_desired() -> None:
    entry = desired_entry(resource("RegisteredModel", "fraud"), REGISTRY, "")
    assert (entry.name, entry.fields, entry.properties, entry.state) == ("fraud", {}, {}, None)


def test_a_version_is_desired_below_its_model() -> None:
    entry = desired_entry(resource("ModelVersion", "v1", author="me"), REGISTRY, "3")
    assert (entry.kind, entry.parent_id, entry.fields) == (MODEL_VERSION.entry, "3", {"author": "me"})
    assert entry.claim == claim("v1", "ModelVersion", "3")


def test_an_artifact_resource_is_desired_below_its_version() -> None:
    entry = desired_entry(resource("ModelArtifact", "weights", storageKey="k"), REGISTRY, "4")
    assert (entry.kind, entry.parent_id) == (MODEL_ARTIFACT, "4")
    assert entry.fields == {"uri": "s3://bucket/model", "storage_key": "k"}


def test_inline_artifacts_are_written_after_the_documents_in_their_order() -> None:
    declared = resource(
        "ModelVersion",
        "v1",
        artifacts=[
            {"name": "weights", "uri": "s3://a", "modelFormatName": "onnx", "state": "PENDING"},
            {"name": "a#b", "uri": "s3://b"},
        ],
        docArtifacts=[{"name": "card", "uri": "https://card", "customProperties": {"lang": "en"}}],
    )
    card, weights, other = desired_inline(declared, REGISTRY, "4")
    assert card == Desired(
        registry=REGISTRY,
        kind=DOC_ARTIFACT,
        reference="team/v1#card",
        name="card",
        parent_id="4",
        fields={"uri": "https://card"},
        properties={"lang": "en"},
        state=None,
    )
    assert (weights.kind, weights.reference, weights.state) == (MODEL_ARTIFACT, "team/v1#weights", "PENDING")
    assert weights.fields == {"uri": "s3://a", "model_format_name": "onnx"}
    assert (other.reference, other.name, other.properties) == ("team/v1#a#b", "a#b", {})


def test_only_a_version_has_inline_artifacts() -> None:
    for kind in ("RegisteredModel", "ModelArtifact"):
        assert desired_inline(resource(kind, "plain"), REGISTRY, "4") == ()
    assert desired_inline(resource("ModelVersion", "plain"), REGISTRY, "4") == ()
