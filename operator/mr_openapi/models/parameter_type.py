"""The generated package's module of `ParameterType`."""

from model_registry.types import ParameterType

__all__ = ["ParameterType"]
