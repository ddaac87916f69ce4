"""Artifacts: the files and documents of a version."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from model_registry.types.base import RegistryEntry, name_first

# Each class defines `__init__`: the one that type checkers infer accepts no positional name.


class ArtifactState(StrEnum):
    """State of an artifact."""

    UNKNOWN = "UNKNOWN"
    PENDING = "PENDING"
    LIVE = "LIVE"
    MARKED_FOR_DELETION = "MARKED_FOR_DELETION"
    DELETED = "DELETED"
    ABANDONED = "ABANDONED"
    REFERENCE = "REFERENCE"


class Artifact(RegistryEntry):
    """An artifact of any type. Artifacts of types without their own class are instances of this class.

    Attributes:
        name: Unique among the artifacts of one type in a version. If it is None, the registry generates one.
        uri: Location of the content.
        state: None keeps the current state. A state unknown to this client stays text.
        artifact_type: The registry's name for the type, such as "dataset-artifact". It never changes.

    An artifact of an experiment's run has the custom properties `experiment_id` and `experiment_run_id`.
    """

    uri: str | None = None
    state: Annotated[ArtifactState | str, Field(union_mode="left_to_right")] | None = None
    artifact_type: str | None = None

    @name_first
    def __init__(self, name: str | None = None, /, **data: Any) -> None:
        super().__init__(name, **data)


class ModelArtifact(Artifact):
    """The model itself: its files, their format, and how to access them.

    Attributes:
        model_format_name: Name of the format, such as "onnx".
        model_format_version: Version of the format.
        storage_key: Name of the data connection (a Secret) that gives access to the storage.
        storage_path: Path inside that storage.
        service_account_name: Kubernetes service account with access to the storage.
        model_source_kind: Kind of the source that the model comes from.
        model_source_class: Class of the source.
        model_source_group: Group of the source.
        model_source_id: ID of the source.
        model_source_name: Name of the source.
    """

    artifact_type: str | None = "model-artifact"
    model_format_name: str | None = None
    model_format_version: str | None = None
    storage_key: str | None = None
    storage_path: str | None = None
    service_account_name: str | None = None
    model_source_kind: str | None = None
    model_source_class: str | None = None
    model_source_group: str | None = None
    model_source_id: str | None = None
    model_source_name: str | None = None

    @name_first
    def __init__(self, name: str | None = None, /, **data: Any) -> None:
        super().__init__(name, **data)


class DocArtifact(Artifact):
    """A document about a version."""

    artifact_type: str | None = "doc-artifact"

    @name_first
    def __init__(self, name: str | None = None, /, **data: Any) -> None:
        super().__init__(name, **data)
