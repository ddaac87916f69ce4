"""Names of the package `mr_openapi` that programs for the distribution `model-registry` import.

That distribution contains a generated client of this name. Programs import its exceptions (`mr_openapi.exceptions`) and
the states from it, and these exist here too, as other names for those of `model_registry`. Nothing else does.
"""

from typing import TYPE_CHECKING, Any

from model_registry.types import (
    ArtifactState,
    ArtifactTypeQueryParam,
    ModelVersionState,
    OrderByField,
    ParameterType,
    RegisteredModelState,
)
from mr_openapi import exceptions
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
]

if not TYPE_CHECKING:  # otherwise a type checker would accept every name

    def __getattr__(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
        raise ImportError(
            f"cannot import name {name!r} from {__name__!r}: `model-registrar` has no generated client. Use the "
            "classes of `model_registry.types` and the methods of `model_registry.core.ModelRegistryAPIClient`",
            name=name,
        )
