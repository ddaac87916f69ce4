"""What is applied: chains of a model, a version of it and an artifact of that."""

from collections.abc import Iterator
from typing import Any, Final

from registrar.api.meta import API_VERSION

Manifest = dict[str, Any]

CHAIN: Final = 3
"""Resources of one chain."""

PLURALS: Final = {
    "ModelArtifact": "modelartifacts",
    "ModelVersion": "modelversions",
    "RegisteredModel": "registeredmodels",
}
DESCRIPTION: Final = "Classifies support tickets by product area"


def chain(name: str) -> Iterator[Manifest]:
    """The resources of one chain, all of that name: children first, which is the harder order for an operator."""
    yield _manifest(
        "ModelArtifact",
        name,
        uri=f"s3://models/support/{name}/model.onnx",
        modelFormatName="onnx",
        modelVersionRef={"name": name},
    )
    yield _manifest(
        "ModelVersion",
        name,
        description="Trained on the tickets of the last quarter",
        author="ml-platform",
        registeredModelRef={"name": name},
    )
    yield _manifest(
        "RegisteredModel",
        name,
        description=DESCRIPTION,
        owner="ml-platform",
        customProperties={"framework": "pytorch", "epochs": 12, "production": True},
    )


def _manifest(kind: str, name: str, **spec: Any) -> Manifest:
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}
