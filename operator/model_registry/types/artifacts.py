"""Artifacts: where the files and documents of a version are."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from .base import RegistryEntry, name_first

# Each class has an `__init__` of its own: type checkers would make one up that takes no positional name.


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
    """An artifact of any type; of this very class where the client has no class for its type.

    Attributes:
        name: Unique among the artifacts of one type in a version. The registry makes one up if it is None.
        uri: Where the content is.
        state: None leaves it alone. A state unknown to this client stays text.
        artifact_type: What the registry calls the type, such as "dataset-artifact"; never changes.
    """

    uri: str | None = None
    state: Annotated[ArtifactState | str, Field(union_mode="left_to_right")] | None = None
    artifact_type: str | None = None

    @name_first
    def __init__(self, name: str | None = None, /, **data: Any) -> None:
        super().__init__(name, **data)


class ModelArtifact(Artifact):
    """The model itself: its files, their format, and how to get at them.

    Attributes:
        model_format_name: Such as "onnx".
        model_format_version: Version of the format.
        storage_key: Name of the data connection (a Secret) that opens the storage.
        storage_path: Path inside that storage.
        service_account_name: Kubernetes service account that may read it.
        model_source_kind: Where the model comes from: the kind of source,
        model_source_class: its class,
        model_source_group: its group,
        model_source_id: its ID,
        model_source_name: and its name.
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
