"""The generated package's module of `ArtifactState`."""

from model_registry.types import ArtifactState

__all__ = ["ArtifactState"]
