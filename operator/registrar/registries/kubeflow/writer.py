"""Writes entries to Kubeflow's Model Registry for commands."""

from __future__ import annotations

from model_registry import ModelRegistryAPIClient
from model_registry.types import Artifact, ListOptions, ModelVersion, RegisteredModel, RegistryEntry
from registrar.registries.kubeflow.entries import sole


class KubeflowWriter:
    """See `registrar.registries.writer.EntryWriter`.

    Args:
        client: the client.
    """

    def __init__(self, client: ModelRegistryAPIClient) -> None:
        self._client = client

    async def create(self, entry: RegistryEntry, parent_id: str) -> RegistryEntry:
        """See the protocol."""
        match entry:
            case RegisteredModel():
                return await self._client.upsert_registered_model(entry)
            case ModelVersion():
                return await self._client.upsert_model_version(entry, parent_id)
            case Artifact():
                # Only this endpoint keeps names unique within the version.
                return await self._client.upsert_model_version_artifact(entry, parent_id)
        raise _unknown(entry)

    async def update(self, entry: RegistryEntry) -> RegistryEntry:
        """See the protocol."""
        match entry:
            case RegisteredModel():
                return await self._client.upsert_registered_model(entry)
            case ModelVersion():
                return await self._client.upsert_model_version(entry)
            case Artifact():
                return await self._client.upsert_artifact(entry)
        raise _unknown(entry)

    async def link(self, artifact: RegistryEntry, artifact_id: str, version_id: str) -> RegistryEntry:
        """See the protocol. The server changes the fields that are sent, so none are."""
        if not isinstance(artifact, Artifact):
            raise _unknown(artifact)
        bare = type(artifact)(artifact.name, id=artifact_id)
        return await self._client.upsert_model_version_artifact(bare, version_id)

    async def find(self, entry: RegistryEntry, parent_id: str) -> RegistryEntry | None:
        """See the protocol."""
        match entry:
            case RegisteredModel():
                return await self._client.get_registered_model_by_params(name=entry.name)
            case ModelVersion():
                return await self._client.get_model_version_by_params(parent_id, entry.name)
            case Artifact():
                listed = await self._client.get_model_version_artifacts(parent_id)
                named = [one for one in listed if type(one) is type(entry) and one.name == entry.name]
                return sole(named, f"the version {parent_id} has several artifacts {entry.name!r}")
        raise _unknown(entry)

    async def check(self) -> None:
        """See the protocol."""
        await self._client.get_registered_models(ListOptions.order_by_id(limit=1))


def _unknown(entry: RegistryEntry) -> TypeError:
    return TypeError(f"a {type(entry).__name__} is of no kind that can be written")
