"""The entries of the registry, and how to list them."""

from typing import TYPE_CHECKING, Any

from model_registry._left_out import TYPES, absence

from .artifacts import Artifact, ArtifactState, DocArtifact, ModelArtifact
from .base import RegistryEntry, SupportedTypes
from .contexts import ModelVersion, ModelVersionState, RegisteredModel, RegisteredModelState
from .measurements import DataSet, Metric, Parameter, ParameterType
from .options import ArtifactTypeQueryParam, ListOptions, OrderByField
from .pager import Pager

__all__ = [
    "Artifact",
    "ArtifactState",
    "ArtifactTypeQueryParam",
    "DataSet",
    "DocArtifact",
    "ListOptions",
    "Metric",
    "ModelArtifact",
    "ModelVersion",
    "ModelVersionState",
    "OrderByField",
    "Pager",
    "Parameter",
    "ParameterType",
    "RegisteredModel",
    "RegisteredModelState",
    "RegistryEntry",
    "SupportedTypes",
]

if not TYPE_CHECKING:  # or a type checker would take every name to exist

    def __getattr__(name: str) -> Any:
        raise absence(__name__, name, TYPES)
