"""What the teams of these tests keep in Git."""

from typing import Any

from tests.support.resources import manifest

Manifest = dict[str, Any]


def chain(name: str) -> list[Manifest]:
    """A model, a version with artifacts inside, and an artifact of its own: every kind, and lists in each."""
    model = manifest(
        "RegisteredModel",
        name,
        description="Predicts who will leave.",
        owner="analytics",
        tasks=["tabular-classification"],
        customProperties={"team": "growth", "threshold": {"double": 1}, "epochs": 20, "reviewed": True},
    )
    version = manifest(
        "ModelVersion",
        f"{name}-2026-03",
        name="2026-03",
        registeredModelRef={"name": name},
        author="grace",
        customProperties={"accuracy": 0.91},
        docArtifacts=[{"name": "evaluation", "uri": "https://example.com/evaluation.html"}],
        artifacts=[{"name": "model", "uri": "s3://models/model.json", "modelFormatName": "xgboost"}],
    )
    artifact = manifest(
        "ModelArtifact",
        f"{name}-onnx",
        modelVersionRef={"name": f"{name}-2026-03"},
        uri="s3://models/model.onnx",
        modelFormatName="onnx",
    )
    return [model, version, artifact]
