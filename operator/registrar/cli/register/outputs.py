"""What a registration results in, as files that pipelines read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from registrar.api.bodies import Body
from registrar.api.v1alpha1 import ModelVersion
from registrar.cli.files import write_beside

OUTPUTS = {
    "name": "name of the ModelVersion resource",
    "namespace": "its namespace",
    "version": "name of the version in the registry",
    "model-id": "ID of the model in the registry",
    "version-id": "ID of the version in the registry",
    "artifact-ids": "IDs of the artifacts and documents by name, as a JSON object",
    "uri": "address of the newest artifact",
    "storage-uri": "address for KServe (model-registry://…); empty if KServe cannot load the version by it",
}
"""The outputs, and what each holds."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A version that is in the registry as it was declared.

    Attributes:
        name: ``metadata.name`` of its resource.
        namespace: ``metadata.namespace`` of its resource.
        version: its name in the registry.
        model_id: ID of its model in the registry.
        version_id: its ID in the registry.
        artifact_ids: the IDs of its artifacts and documents, by their names.
        uri: address of its newest artifact; None if it has none.
        storage_uri: address for KServe; None if KServe cannot load the version by it.
        is_changed: whether this registration wrote it; False if it was there with the same content.
        is_new: whether it wrote it where there was no such resource before.
    """

    name: str
    namespace: str
    version: str
    model_id: str
    version_id: str
    artifact_ids: Mapping[str, str] = field(default_factory=dict)
    uri: str | None = None
    storage_uri: str | None = None
    is_changed: bool = True
    is_new: bool = True

    def outputs(self) -> dict[str, str]:
        """Return the text of each of `OUTPUTS`; empty for what the version does not have."""
        texts = (
            self.name,
            self.namespace,
            self.version,
            self.model_id,
            self.version_id,
            json.dumps(self.artifact_ids, ensure_ascii=False),
            self.uri or "",
            self.storage_uri or "",
        )
        return dict(zip(OUTPUTS, texts, strict=True))


def registered(body: Body, *, is_changed: bool, is_new: bool) -> Registered:
    """Return what a resource that is ready reports."""
    resource = ModelVersion.model_validate(body)
    status = resource.status
    return Registered(
        name=resource.metadata.name,
        namespace=resource.metadata.namespace,
        version=resource.entry_name,
        model_id=str(status.parent_id),
        version_id=str(status.id),
        artifact_ids={one.name: one.id for one in status.artifacts or () if one.id is not None},
        uri=status.uri,
        storage_uri=status.storage_uri,
        is_changed=is_changed,
        is_new=is_new,
    )


def write_outputs(outputs: Mapping[str, str], directory: Path | None, files: Mapping[str, str]) -> None:
    """Write one file for each output, without a line end.

    Args:
        outputs: the outputs by name.
        directory: gets all of them, under their names.
        files: paths of further files, by the names of outputs.

    Raises:
        OSError: a file cannot be written.
    """
    for name, text in outputs.items():
        if directory is not None:
            write_beside(directory / name, [text])
    for name, path in files.items():
        write_beside(Path(path), [outputs[name]])
