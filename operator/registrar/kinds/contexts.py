"""Registered models and model versions as the registry keeps them."""

from __future__ import annotations

from typing import Any

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelVersion, RegisteredModel, RegistryEntry
from registrar.kinds.base import Desired, EntryKind


class _ContextKind(EntryKind):
    """What models and versions have in common."""

    RETIRED = "ARCHIVED"
    TELLS_PARENT = True

    def state_to_keep(self, declared: str | None, observed: str | None) -> str | None:  # noqa: ARG002 - the contract's
        """Absent means LIVE: an entry that was archived in the UI has drifted."""
        return declared or "LIVE"


class RegisteredModelKind(_ContextKind):
    """Registered models."""

    NAME = "RegisteredModel"
    ENTRY = RegisteredModel

    async def get(self, client: ModelRegistryAPIClient, entry_id: str) -> RegistryEntry | None:
        """See the contract."""
        return await client.get_registered_model_by_id(entry_id)

    async def find(self, client: ModelRegistryAPIClient, desired: Desired) -> RegistryEntry | None:
        """See the contract."""
        return await client.get_registered_model_by_params(name=desired.name)

    async def create(self, client: ModelRegistryAPIClient, entry: Any, parent_id: str) -> RegistryEntry:  # noqa: ARG002 - the contract's
        """See the contract."""
        return await client.upsert_registered_model(entry)

    async def update(self, client: ModelRegistryAPIClient, entry: Any) -> RegistryEntry:
        """See the contract."""
        return await client.upsert_registered_model(entry)


class ModelVersionKind(_ContextKind):
    """Versions of a registered model."""

    NAME = "ModelVersion"
    ENTRY = ModelVersion

    def is_at(self, entry: RegistryEntry, desired: Desired) -> bool:
        """A version tells its model."""
        return (
            isinstance(entry, ModelVersion)
            and entry.name == desired.name
            and entry.registered_model_id == desired.parent_id
        )

    async def get(self, client: ModelRegistryAPIClient, entry_id: str) -> RegistryEntry | None:
        """See the contract."""
        return await client.get_model_version_by_id(entry_id)

    async def find(self, client: ModelRegistryAPIClient, desired: Desired) -> RegistryEntry | None:
        """See the contract."""
        return await client.get_model_version_by_params(desired.parent_id, desired.name)

    async def create(self, client: ModelRegistryAPIClient, entry: Any, parent_id: str) -> RegistryEntry:
        """See the contract. The server does not check that the model exists: whoever resolved the parent has."""
        return await client.upsert_model_version(entry, parent_id)

    async def update(self, client: ModelRegistryAPIClient, entry: Any) -> RegistryEntry:
        """See the contract."""
        return await client.upsert_model_version(entry)


REGISTERED_MODEL = RegisteredModelKind()
MODEL_VERSION = ModelVersionKind()
