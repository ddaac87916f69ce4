"""The generated client's names for the exceptions of `model_registry.exceptions`."""

from model_registry.exceptions import APIStatusError as ApiException
from model_registry.exceptions import BadRequest as BadRequestException
from model_registry.exceptions import ConflictError as ConflictException
from model_registry.exceptions import Forbidden as ForbiddenException
from model_registry.exceptions import NotFound as NotFoundException
from model_registry.exceptions import RegistryError as OpenApiException
from model_registry.exceptions import ServerError as ServiceException
from model_registry.exceptions import Unauthorized as UnauthorizedException
from model_registry.exceptions import Unprocessable as UnprocessableEntityException

ApiTypeError = TypeError
ApiValueError = ValueError
ApiKeyError = KeyError
ApiAttributeError = AttributeError

__all__ = [
    "ApiAttributeError",
    "ApiException",
    "ApiKeyError",
    "ApiTypeError",
    "ApiValueError",
    "BadRequestException",
    "ConflictException",
    "ForbiddenException",
    "NotFoundException",
    "OpenApiException",
    "ServiceException",
    "UnauthorizedException",
    "UnprocessableEntityException",
]
