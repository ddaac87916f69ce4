"""The generated package's module of `ModelVersionState`."""

from model_registry.types import ModelVersionState

__all__ = ["ModelVersionState"]
