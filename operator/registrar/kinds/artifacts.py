"""Artifacts of a version as the registry keeps them: model artifacts and documents."""

from __future__ import annotations

from typing import Any

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import AmbiguousEntryError, NotFound
from model_registry.types import DocArtifact, ModelArtifact, RegistryEntry
from registrar.kinds.base import Desired, EntryKind

_GONE = frozenset({"MARKED_FOR_DELETION", "DELETED", "ABANDONED"})


class _ArtifactKind(EntryKind):
    """What both types have in common."""

    RETIRED = "MARKED_FOR_DELETION"
    TELLS_PARENT = False

    def state_to_keep(self, declared: str | None, observed: str | None) -> str | None:
        """Absent means hands off once the artifact is made, but for the states that stand for deletion."""
        return "LIVE" if declared is None and observed in _GONE else declared

    async def get(self, client: ModelRegistryAPIClient, entry_id: str) -> RegistryEntry | None:
        """See the contract."""
        entry = await client.get_artifact_by_id(entry_id)
        return entry if type(entry) is self.ENTRY else None

    async def find(self, client: ModelRegistryAPIClient, desired: Desired) -> RegistryEntry | None:
        """See the contract. The find endpoint also matches ``<anything>:<name>``, so the version's are compared."""
        try:
            artifacts = await client.get_model_version_artifacts(desired.parent_id)
        except NotFound:
            return None
        named = [one for one in artifacts if type(one) is self.ENTRY and one.name == desired.name]
        if len(named) > 1:
            ids = ", ".join(str(one.id) for one in named)
            message = f"the version {desired.parent_id} has several {self.NAME}s named {desired.name!r} (ids {ids})"
            raise AmbiguousEntryError(message, list(named))
        return named[0] if named else None

    async def create(self, client: ModelRegistryAPIClient, entry: Any, parent_id: str) -> RegistryEntry:
        """See the contract. Only this way in makes names unique within the version."""
        made: RegistryEntry = await client.upsert_model_version_artifact(entry, parent_id)
        return made

    async def update(self, client: ModelRegistryAPIClient, entry: Any) -> RegistryEntry:
        """See the contract."""
        changed: RegistryEntry = await client.upsert_artifact(entry)
        return changed


class ModelArtifactKind(_ArtifactKind):
    """Model artifacts."""

    NAME = "model-artifact"
    ENTRY = ModelArtifact


class DocArtifactKind(_ArtifactKind):
    """Documents."""

    NAME = "doc-artifact"
    ENTRY = DocArtifact


MODEL_ARTIFACT = ModelArtifactKind()
DOC_ARTIFACT = DocArtifactKind()
