"""The generated package's module of `ArtifactTypeQueryParam`."""

from model_registry.types import ArtifactTypeQueryParam

__all__ = ["ArtifactTypeQueryParam"]
