"""Names of the package `mr_openapi` that programs for the distribution `model-registry` import.

That distribution contains a generated client of this name. Programs import its exceptions (`mr_openapi.exceptions`,
`mr_openapi.rest`) and the states (`mr_openapi.models`) from it, and these exist here too, as other names for those of
`model_registry`. Nothing else does.
"""

from typing import TYPE_CHECKING

from model_registry.types import (
    ArtifactState,
    ArtifactTypeQueryParam,
    ModelVersionState,
    OrderByField,
    ParameterType,
    RegisteredModelState,
)
from mr_openapi import exceptions, models, rest
from mr_openapi._refusal import missing_names
from mr_openapi.exceptions import (
    ApiAttributeError,
    ApiException,
    ApiKeyError,
    ApiTypeError,
    ApiValueError,
    OpenApiException,
)

__all__ = [
    "ApiAttributeError",
    "ApiException",
    "ApiKeyError",
    "ApiTypeError",
    "ApiValueError",
    "ArtifactState",
    "ArtifactTypeQueryParam",
    "ModelVersionState",
    "OpenApiException",
    "OrderByField",
    "ParameterType",
    "RegisteredModelState",
    "exceptions",
    "models",
    "rest",
]

if not TYPE_CHECKING:  # otherwise a type checker would accept every name
    __getattr__ = missing_names(__name__)
