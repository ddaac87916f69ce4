"""The generated package's module of HTTP requests, from which programs import two exceptions."""

from typing import TYPE_CHECKING

from mr_openapi._refusal import missing_names
from mr_openapi.exceptions import ApiException, ApiValueError

__all__ = ["ApiException", "ApiValueError"]

if not TYPE_CHECKING:  # otherwise a type checker would accept every name
    __getattr__ = missing_names(__name__)
