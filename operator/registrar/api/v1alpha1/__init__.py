"""The kinds of ``model-registrar.dev/v1alpha1``."""

from registrar.api.v1alpha1.common import (
    AdoptionPolicy,
    ArtifactState,
    DeletionPolicy,
    DriftPolicy,
    EntryResource,
    EntryState,
    EntryStatus,
    ManagedSpec,
)
from registrar.api.v1alpha1.model_artifact import (
    ExternalModelVersion,
    ModelArtifact,
    ModelArtifactSpec,
    ModelArtifactStatus,
    ModelVersionRef,
)
from registrar.api.v1alpha1.model_version import (
    ArtifactType,
    ExternalRegisteredModel,
    InlineArtifactStatus,
    InlineDocArtifact,
    InlineModelArtifact,
    ModelVersion,
    ModelVersionSpec,
    ModelVersionStatus,
    RegisteredModelRef,
)
from registrar.api.v1alpha1.registered_model import RegisteredModel, RegisteredModelSpec, RegisteredModelStatus

__all__ = [
    "AdoptionPolicy",
    "ArtifactState",
    "ArtifactType",
    "DeletionPolicy",
    "DriftPolicy",
    "EntryResource",
    "EntryState",
    "EntryStatus",
    "ExternalModelVersion",
    "ExternalRegisteredModel",
    "InlineArtifactStatus",
    "InlineDocArtifact",
    "InlineModelArtifact",
    "ManagedSpec",
    "ModelArtifact",
    "ModelArtifactSpec",
    "ModelArtifactStatus",
    "ModelVersion",
    "ModelVersionRef",
    "ModelVersionSpec",
    "ModelVersionStatus",
    "RegisteredModel",
    "RegisteredModelRef",
    "RegisteredModelSpec",
    "RegisteredModelStatus",
]
