"""Manifests that the API server accepts, for tests to change one thing in."""

from typing import Any

from registrar.api.meta import API_VERSION

Manifest = dict[str, Any]


def registered_model(name: str = "model", /, **spec: Any) -> Manifest:
    return _manifest("RegisteredModel", name, spec)


def model_version(name: str = "version", /, **spec: Any) -> Manifest:
    return _manifest("ModelVersion", name, {"registeredModelRef": {"name": "model"}, **spec})


def model_artifact(name: str = "artifact", /, **spec: Any) -> Manifest:
    return _manifest(
        "ModelArtifact", name, {"modelVersionRef": {"name": "version"}, "uri": "s3://bucket/model", **spec}
    )


def cluster_registry(name: str = "registry", /, **spec: Any) -> Manifest:
    return _manifest("ClusterRegistry", name, {"url": "http://registry:8080", "tenants": [], **spec})


def without(manifest: Manifest, *path: str) -> Manifest:
    """The manifest without one field, the others shared."""
    first, *rest = path
    if rest:
        return {**manifest, first: without(manifest[first], *rest)}
    return {key: value for key, value in manifest.items() if key != first}


def _manifest(kind: str, name: str, spec: dict[str, Any]) -> Manifest:
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}
