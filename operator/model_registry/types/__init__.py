"""The entries of the registry, and the options for listing them."""

from typing import TYPE_CHECKING

from model_registry._upstream_compat import TYPES, missing_name
from model_registry.types.artifacts import Artifact, ArtifactState, DocArtifact, ModelArtifact
from model_registry.types.base import RegistryEntry
from model_registry.types.contexts import ModelVersion, ModelVersionState, RegisteredModel, RegisteredModelState
from model_registry.types.measurements import DataSet, Metric, Parameter, ParameterType
from model_registry.types.options import ArtifactTypeQueryParam, ListOptions, OrderByField
from model_registry.types.pager import Pager
from model_registry.types.properties import OpaqueProperty, ProtoProperty, StructProperty, SupportedTypes

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
    "OpaqueProperty",
    "OrderByField",
    "Pager",
    "Parameter",
    "ParameterType",
    "ProtoProperty",
    "RegisteredModel",
    "RegisteredModelState",
    "RegistryEntry",
    "StructProperty",
    "SupportedTypes",
]

if not TYPE_CHECKING:  # otherwise a type checker would accept every name
    __getattr__ = missing_name(__name__, TYPES)
