"""Artifacts whose upload is under way: created PENDING without a URI, finished by the job that uploads them."""

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelArtifact
from tests.support.fixtures import Unique
from tests.support.resources import Namespace, annotated, condition, has_reason, manifest

pytestmark = pytest.mark.usefixtures("operator")

UPLOAD = {"state": "PENDING", "storageKey": "aws-connection-models", "storagePath": "churn/1"}


async def _finish(registry: ModelRegistryAPIClient, entry_id: str) -> None:
    """What an upload job does at its end (kubeflow/model-registry, jobs/async-upload)."""
    entry = await registry.get_artifact_by_id(entry_id)
    assert isinstance(entry, ModelArtifact)
    assert (entry.state, entry.uri, entry.storage_path) == ("PENDING", None, "churn/1")
    await registry.upsert_artifact(ModelArtifact(entry.name, id=entry_id, uri="s3://models/churn/1", state="LIVE"))


async def test_what_an_upload_writes_is_no_drift(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, version, artifact = unique("model"), unique("version"), unique("artifact")
    space.apply(
        manifest("RegisteredModel", model),
        manifest(
            "ModelVersion", version, registeredModelRef={"name": model}, artifacts=[{"name": "weights", **UPLOAD}]
        ),
        manifest("ModelArtifact", artifact, modelVersionRef={"name": version}, **UPLOAD),
    )
    (inline,) = space.ready("ModelVersion", version)["status"]["artifacts"]
    ids = [inline["id"], space.ready("ModelArtifact", artifact)["status"]["id"]]
    for entry_id in ids:
        await _finish(registry, entry_id)
    for kind, name in (("ModelVersion", version), ("ModelArtifact", artifact)):
        space.annotate(kind, name, reconcile_requested_at="uploaded")
        answered = space.wait(kind, name, lambda found: found["status"].get("lastHandledReconcileAt") == "uploaded")
        assert condition(answered, "Ready")["reason"] == "Synced"
        assert not condition(answered, "Drifted")
    for entry_id in ids:
        entry = await registry.get_artifact_by_id(entry_id)
        assert isinstance(entry, ModelArtifact)
        assert (entry.state, entry.uri) == ("LIVE", "s3://models/churn/1")

    space.patch("ModelArtifact", artifact, {"spec": {"uri": "s3://models/churn/final", "state": None}})
    space.ready("ModelArtifact", artifact)
    entry = await registry.get_artifact_by_id(ids[1])
    assert isinstance(entry, ModelArtifact)
    assert (entry.state, entry.uri) == ("LIVE", "s3://models/churn/final")


async def test_a_conflict_of_an_inline_artifact_advises_what_it_has(space: Namespace, unique: Unique) -> None:
    model, version, artifact = unique("model"), unique("version"), unique("artifact")
    space.apply(
        manifest("RegisteredModel", model),
        manifest("ModelVersion", version, registeredModelRef={"name": model}),
    )
    space.ready("ModelVersion", version)
    space.apply(manifest("ModelArtifact", artifact, modelVersionRef={"name": version}, uri="s3://a"))
    space.ready("ModelArtifact", artifact)
    space.patch("ModelVersion", version, {"spec": {"artifacts": [{"name": artifact, "uri": "s3://a"}]}})
    message = condition(space.wait("ModelVersion", version, has_reason("NameConflict")), "Ready")["message"]
    assert f"Artifact {artifact!r}: ModelArtifact {space.name}/{artifact} has the model-artifact" in message
    assert "choose another artifact name here" in message
    assert "spec.name" not in message


async def test_an_unusual_value_pauses_too(space: Namespace, registry: ModelRegistryAPIClient, unique: Unique) -> None:
    name = unique("model")
    space.apply(annotated(manifest("RegisteredModel", name), paused="True"))
    paused = space.wait("RegisteredModel", name, has_reason("Paused"))
    assert "Its value 'True' counts as 'true'" in condition(paused, "Ready")["message"]
    assert await registry.get_registered_model_by_params(name=name) is None
