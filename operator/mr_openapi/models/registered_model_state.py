"""The generated package's module of `RegisteredModelState`."""

from model_registry.types import RegisteredModelState

__all__ = ["RegisteredModelState"]
