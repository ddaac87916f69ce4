"""Reads everything from Kubeflow's Model Registry.

An artifact does not say which version holds it, so the artifacts of each version are a list of their own. Reading
thousands of lists takes a while; what changes meanwhile is read again at the end, as the operator's feed does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import NotFound
from model_registry.types import Artifact, ListOptions, ModelVersion, Pager, RegisteredModel, RegistryEntry
from registrar.registries.backend import Cursor
from registrar.registries.inventory import Inventory, Needs, Progress, id_number
from registrar.registries.kubeflow.backend import PAGE_SIZE, KubeflowBackend

EntryT = TypeVar("EntryT", bound=RegistryEntry)

_FAMILIES: tuple[type[RegistryEntry], ...] = (RegisteredModel, ModelVersion, Artifact)


class KubeflowInventory:
    """See `registrar.registries.inventory.InventoryReader`.

    Args:
        client: the client, which bounds the requests in flight.
    """

    def __init__(self, client: ModelRegistryAPIClient) -> None:
        self._client = client
        self._backend = KubeflowBackend(client)
        self._models: dict[str, RegisteredModel] = {}
        self._versions: dict[str, ModelVersion] = {}
        self._artifacts: dict[str, Artifact] = {}
        self._held: dict[str, list[str]] = {}
        self._unreadable = 0

    async def read(self, progress: Progress) -> Inventory:
        """See the protocol."""
        cursors = await self._read_entries(progress)
        await self._read_held(self._versions, progress)
        new_artifacts = await self._catch_up(cursors)
        # Which version holds an artifact that appeared in between, only the lists of all versions show.
        await self._read_held(self._versions if new_artifacts else self._versions.keys() - self._held.keys(), progress)
        return self._inventory()

    async def read_for(self, needs: Needs, progress: Progress) -> Inventory:
        """See the protocol."""
        cursors = await self._read_entries(progress)
        while True:
            inventory = self._inventory()
            needed = set(await needs(inventory)) & inventory.unread
            if needed:
                await self._read_held(needed, progress)
                continue
            before = self._content()
            cursors, since = {family: await self._backend.newest(family) for family in _FAMILIES}, cursors
            if await self._catch_up(since):
                await self._read_held(list(self._held), progress)
            if self._content() == before:
                return inventory

    async def _read_entries(self, progress: Progress) -> dict[type[RegistryEntry], Cursor]:
        """Read all entries; returns where the feed was before."""
        cursors = {family: await self._backend.newest(family) for family in _FAMILIES}
        await self._pages(self._client.get_registered_models, self._models, progress)
        await self._pages(lambda options: self._client.get_model_versions(None, options), self._versions, progress)
        # Before the lists of the versions: an artifact here that is in none of those is really loose.
        await self._pages(lambda options: self._client.get_artifacts(options=options), self._artifacts, progress)
        return cursors

    async def _pages(
        self, list_page: Callable[[ListOptions], Awaitable[list[EntryT]]], into: dict[str, EntryT], progress: Progress
    ) -> None:
        pager = Pager(list_page, ListOptions.order_by_id(limit=PAGE_SIZE))
        async for entry in pager:
            into[str(entry.id)] = entry
            progress(self._count())
        self._unreadable += pager.passed_over

    async def _read_held(self, version_ids: Iterable[str], progress: Progress) -> None:
        """Read the artifacts of these versions, as many lists at once as the client permits."""

        async def read(version_id: str) -> None:
            pager = Pager(
                lambda options: self._client.get_model_version_artifacts(version_id, options),
                ListOptions.order_by_id(limit=PAGE_SIZE),
            )
            try:
                artifacts = [artifact async for artifact in pager]
            except NotFound:
                artifacts = []  # the database was edited by hand: the server deletes no version
            self._held[version_id] = [str(artifact.id) for artifact in artifacts]
            self._artifacts.update((str(artifact.id), artifact) for artifact in artifacts)
            progress(self._count())

        await asyncio.gather(*(read(version_id) for version_id in list(version_ids)))

    async def _catch_up(self, cursors: Mapping[type[RegistryEntry], Cursor]) -> bool:
        """Take over what changed since the cursors; returns whether artifacts were added."""
        changed = {
            family: (await self._backend.changed_since(family, cursors[family], 0)).entries for family in cursors
        }
        has_new = any(str(entry.id) not in self._artifacts for entry in changed[Artifact])
        for entry in (entry for entries in changed.values() for entry in entries):
            self._keep(entry)
        return has_new

    def _content(self) -> tuple[dict[str, Any], ...]:
        return dict(self._models), dict(self._versions), dict(self._artifacts), dict(self._held)

    def _keep(self, entry: RegistryEntry) -> None:
        match entry:
            case RegisteredModel():
                self._models[str(entry.id)] = entry
            case ModelVersion():
                self._versions[str(entry.id)] = entry
            case Artifact():
                self._artifacts[str(entry.id)] = entry

    def _count(self) -> int:
        return len(self._models) + len(self._versions) + len(self._artifacts)

    def _inventory(self) -> Inventory:
        held = {artifact_id for ids in self._held.values() for artifact_id in ids}
        return Inventory(
            models=sorted(self._models.values(), key=id_number),
            versions=sorted(self._versions.values(), key=id_number),
            artifacts={
                version_id: sorted((self._artifacts[artifact_id] for artifact_id in ids), key=id_number)
                for version_id, ids in sorted(self._held.items(), key=lambda item: int(item[0]))
                if ids
            },
            loose_artifacts=sorted(
                (artifact for artifact_id, artifact in self._artifacts.items() if artifact_id not in held),
                key=id_number,
            ),
            unreadable=self._unreadable,
            unread=frozenset(self._versions.keys() - self._held.keys()),
        )
