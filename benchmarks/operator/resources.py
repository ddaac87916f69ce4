"""The resources of the benchmark: chains of a model, a version of the model and an artifact of the version."""

from collections.abc import Iterator
from typing import Any, Final

from registrar.api.meta import API_VERSION

Manifest = dict[str, Any]

CHAIN: Final = 3
"""Number of resources in a chain."""

PLURALS: Final = {
    "ModelArtifact": "modelartifacts",
    "ModelVersion": "modelversions",
    "RegisteredModel": "registeredmodels",
}
DESCRIPTION: Final = "Classifies support tickets by product area"


def chain(name: str) -> Iterator[Manifest]:
    """Return the resources of one chain, all named ``name``: children first, the harder order for an operator."""
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
