"""Artifacts and documents inside a version."""

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import DocArtifact, ModelArtifact
from tests.support.fixtures import Unique
from tests.support.resources import Manifest, Namespace, condition, has_reason, manifest

pytestmark = pytest.mark.usefixtures("operator")

WEIGHTS = {"name": "weights", "uri": "s3://b/w", "modelFormatName": "onnx", "customProperties": {"size": 7}}
TOKENIZER = {"name": "tokenizer", "uri": "s3://b/t", "modelFormatName": "json"}
CARD = {"name": "card", "uri": "https://example.org/card.md", "description": "the card"}


def _version(name: str, model: str, **spec: object) -> Manifest:
    return manifest("ModelVersion", name, registeredModelRef={"name": model}, **spec)


async def test_documents_are_written_before_model_artifacts_and_both_in_order(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, version = unique("model"), unique("version")
    space.apply(
        manifest("RegisteredModel", model),
        _version(version, model, artifacts=[WEIGHTS, TOKENIZER], docArtifacts=[CARD]),
    )
    status = space.ready("ModelVersion", version)["status"]
    artifacts = await registry.get_model_version_artifacts(status["id"])
    assert [(type(artifact), artifact.name, artifact.state) for artifact in artifacts] == [
        (DocArtifact, "card", "LIVE"),
        (ModelArtifact, "weights", "LIVE"),
        (ModelArtifact, "tokenizer", "LIVE"),
    ]
    assert [(artifact["name"], artifact["type"], artifact["id"]) for artifact in status["artifacts"]] == [
        ("card", "doc-artifact", artifacts[0].id),
        ("weights", "model-artifact", artifacts[1].id),
        ("tokenizer", "model-artifact", artifacts[2].id),
    ]
    assert artifacts[1].custom_properties == {
        "size": 7,
        "model-registrar.dev/owner": f"created:tests/{space.name}/{space.name}/{version}#weights",
    }


async def test_an_artifact_is_updated_cleared_retired_and_restored(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, version = unique("model"), unique("version")
    space.apply(manifest("RegisteredModel", model), _version(version, model, artifacts=[WEIGHTS], docArtifacts=[CARD]))
    status = space.ready("ModelVersion", version)["status"]
    ids = {artifact["name"]: artifact["id"] for artifact in status["artifacts"]}

    space.apply(_version(version, model, artifacts=[{"name": "weights", "uri": "s3://b/w2"}]))
    status = space.ready("ModelVersion", version)["status"]
    assert [artifact["id"] for artifact in status["artifacts"]] == [ids["weights"]]
    weights, card = [await registry.get_artifact_by_id(ids[name]) for name in ("weights", "card")]
    assert isinstance(weights, ModelArtifact)
    assert (weights.uri, weights.model_format_name or "") == ("s3://b/w2", "")
    assert set(weights.custom_properties or {}) == {"model-registrar.dev/owner"}
    assert card is not None
    assert (card.state, card.description) == ("MARKED_FOR_DELETION", "the card")

    space.apply(_version(version, model, artifacts=[WEIGHTS], docArtifacts=[CARD]))
    status = space.ready("ModelVersion", version)["status"]
    assert {artifact["name"]: artifact["id"] for artifact in status["artifacts"]} == ids
    card = await registry.get_artifact_by_id(ids["card"])
    assert card is not None
    assert card.state == "LIVE"


async def test_deleting_a_version_marks_its_artifacts_and_leaves_adopted_artifacts(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, version = unique("model"), unique("version")
    space.apply(manifest("RegisteredModel", model), _version(version, model))
    version_id = space.ready("ModelVersion", version)["status"]["id"]
    by_hand = await registry.upsert_model_version_artifact(ModelArtifact("tokenizer", uri="s3://b/t"), version_id)
    space.apply(_version(version, model, artifacts=[WEIGHTS, TOKENIZER]))
    status = space.ready("ModelVersion", version)["status"]
    ids = {artifact["name"]: artifact["id"] for artifact in status["artifacts"]}
    assert ids["tokenizer"] == by_hand.id
    space.delete("ModelVersion", version)
    space.wait_gone("ModelVersion", version)
    states = {artifact.name: artifact.state for artifact in await registry.get_model_version_artifacts(version_id)}
    assert states["weights"] == "MARKED_FOR_DELETION"
    assert states["tokenizer"] != "MARKED_FOR_DELETION"
    entry = await registry.get_model_version_by_id(version_id)
    assert entry is not None
    assert entry.state == "ARCHIVED"


async def test_a_refused_artifact_is_reported_and_the_version_keeps_its_id(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, version, other = unique("model"), unique("version"), unique("other")
    external_id = unique("ext")
    space.apply(
        manifest("RegisteredModel", model), _version(other, model, artifacts=[{**WEIGHTS, "externalId": external_id}])
    )
    space.ready("ModelVersion", other)
    space.apply(_version(version, model, artifacts=[{**TOKENIZER, "externalId": external_id}, WEIGHTS]))
    resource = space.wait("ModelVersion", version, has_reason("ExternalIdConflict"))
    message = condition(resource, "Ready")["message"]
    assert "tokenizer" in message
    assert "weights" in message
    version_id = resource["status"]["id"]
    assert await registry.get_model_version_artifacts(version_id) == []
    space.apply(_version(version, model, artifacts=[TOKENIZER, WEIGHTS]))
    assert space.ready("ModelVersion", version)["status"]["id"] == version_id
    assert [artifact.name for artifact in await registry.get_model_version_artifacts(version_id)] == [
        "tokenizer",
        "weights",
    ]


async def test_an_artifact_may_become_a_document(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, version = unique("model"), unique("version")
    paper = {"name": "paper", "uri": "https://example.org/paper.pdf"}
    space.apply(manifest("RegisteredModel", model), _version(version, model, artifacts=[paper]))
    first = space.ready("ModelVersion", version)["status"]["artifacts"]
    space.apply(_version(version, model, docArtifacts=[paper]))
    second = space.ready("ModelVersion", version)["status"]["artifacts"]
    assert [(artifact["type"], artifact["name"]) for artifact in second] == [("doc-artifact", "paper")]
    assert second[0]["id"] != first[0]["id"]
    before = await registry.get_artifact_by_id(first[0]["id"])
    assert before is not None
    assert before.state == "MARKED_FOR_DELETION"
