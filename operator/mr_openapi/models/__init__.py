"""The generated package's names for the states and options of `model_registry.types`."""

from typing import TYPE_CHECKING

from model_registry.types import (
    ArtifactState,
    ArtifactTypeQueryParam,
    ModelVersionState,
    OrderByField,
    ParameterType,
    RegisteredModelState,
)
from mr_openapi._refusal import missing_names

__all__ = [
    "ArtifactState",
    "ArtifactTypeQueryParam",
    "ModelVersionState",
    "OrderByField",
    "ParameterType",
    "RegisteredModelState",
]

if not TYPE_CHECKING:  # otherwise a type checker would accept every name
    __getattr__ = missing_names(__name__)
