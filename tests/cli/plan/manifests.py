"""Short ways to manifests, stamps, and what a plan printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from click.testing import Result

from registrar.api.meta import API_VERSION, OWNER_PROPERTY

OWNER_ID = "model-registrar/model-registrar"


def manifest(kind: str, name: str, annotations: dict[str, str] | None = None, /, **spec: Any) -> dict[str, Any]:
    """Return a manifest."""
    metadata: dict[str, Any] = {"name": name}
    if annotations:
        metadata["annotations"] = annotations
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}


def model(name: str, /, **spec: Any) -> dict[str, Any]:
    """Return the manifest of a model."""
    return manifest("RegisteredModel", name, **spec)


def version(name: str, parent: str, /, **spec: Any) -> dict[str, Any]:
    """Return the manifest of a version."""
    return manifest("ModelVersion", name, registeredModelRef={"name": parent}, **spec)


def stamped(reference: str, origin: str = "created", owner_id: str = OWNER_ID, **more: str) -> dict[str, Any]:
    """Return the custom properties of an entry that a resource manages, such as ``team/fraud``."""
    texts = {OWNER_PROPERTY: f"{origin}:{owner_id}/{reference}", **more}
    properties = {name: {"metadataType": "MetadataStringValue", "string_value": text} for name, text in texts.items()}
    return {"customProperties": properties}


def write(folder: Path, **files: list[dict[str, Any]]) -> Path:
    """Write manifests to files of a folder, by their names without the suffix."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, documents in files.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump_all(documents, sort_keys=False))
    return folder


def found(result: Result) -> dict[str, Any]:
    """Return what ``-o json`` printed."""
    content: dict[str, Any] = json.loads(result.stdout)
    return content


def actions(result: Result) -> list[tuple[str, str, str]]:
    """Return action, cause and entry of each change that ``-o json`` printed."""
    return [
        (change["action"], change["cause"], "/".join([*change["entry"]["parents"], change["entry"]["name"]]))
        for change in found(result)["changes"]
    ]
