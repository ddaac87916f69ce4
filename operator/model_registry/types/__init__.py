"""The entries of the registry, and how to list them."""

from .artifacts import Artifact, ArtifactState, DocArtifact, ModelArtifact
from .base import RegistryEntry
from .contexts import ModelVersion, ModelVersionState, RegisteredModel, RegisteredModelState
from .options import ArtifactTypeQueryParam, ListOptions, OrderByField
from .pager import Pager

__all__ = [
    "Artifact",
    "ArtifactState",
    "ArtifactTypeQueryParam",
    "DocArtifact",
    "ListOptions",
    "ModelArtifact",
    "ModelVersion",
    "ModelVersionState",
    "OrderByField",
    "Pager",
    "RegisteredModel",
    "RegisteredModelState",
    "RegistryEntry",
]
