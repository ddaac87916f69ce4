"""A dry run that reads what it needs of the registry when it needs it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from model_registry.types import Artifact, RegistryEntry
from registrar.kinds.base import EntryKind
from registrar.kinds.model_version import MODEL_VERSION
from registrar.kinds.table import family_of
from registrar.planning.external_ids import external_id_space
from registrar.registries.kubeflow.dry_run import DryRunBackend
from registrar.registries.part import RegistryPart
from registrar.registries.provisional import is_provisional


class PartialDryRunBackend(DryRunBackend):
    """See `registrar.registries.backend.RegistryBackend`: the server's answers, with the writes that were not sent.

    Its lists of stamped entries are those of the part.

    Args:
        part: what was read of the registry; it grows.
    """

    def __init__(self, part: RegistryPart) -> None:
        super().__init__(part.inventory())
        self._part = part
        self._listed = set(part.listed)

    async def get(self, kind: EntryKind, entry_id: str) -> RegistryEntry | None:
        """See the protocol."""
        if not is_provisional(entry_id):
            found = await self._part.get(kind, entry_id)
            self._take(() if found is None else (found,))
        return await super().get(kind, entry_id)

    async def find(self, kind: EntryKind, name: str, parent_id: str) -> RegistryEntry | None:
        """See the protocol."""
        await self._look_up(kind, name, parent_id)
        return await super().find(kind, name, parent_id)

    async def artifacts_of(self, version_id: str) -> list[RegistryEntry]:
        """See the protocol."""
        await self._list(version_id)
        return await super().artifacts_of(version_id)

    async def create(self, kind: EntryKind, entry: Any, parent_id: str) -> RegistryEntry:
        """See the protocol."""
        if kind.family is Artifact:
            await self.get(MODEL_VERSION.entry, parent_id)
        await self._look_up(kind, entry.name, parent_id)
        await self._look_up_external_id(kind, entry.external_id)
        return await super().create(kind, entry, parent_id)

    async def update(self, kind: EntryKind, entry: Any) -> RegistryEntry:
        """See the protocol."""
        await self._look_up_external_id(kind, entry.external_id)
        return await super().update(kind, entry)

    async def _look_up(self, kind: EntryKind, name: str, parent_id: str) -> None:
        if kind.family is Artifact:
            await self._list(parent_id)
        elif not is_provisional(parent_id):
            self._take(await self._part.find(kind, name, parent_id))

    async def _list(self, version_id: str) -> None:
        if is_provisional(version_id) or version_id in self._listed:
            return
        self._listed.add(version_id)
        for artifact in await self._part.artifacts_of(version_id):
            self._take((artifact,))
            self._hold(artifact, version_id)

    async def _look_up_external_id(self, kind: EntryKind, external_id: str | None) -> None:
        if external_id is not None and self._holder(kind, external_id) is None:
            self._take(await self._part.with_external_id(external_id_space(kind.entry), external_id))

    def _take(self, entries: Iterable[RegistryEntry]) -> None:
        """Take entries of the registry that were not known; what was written since is newer."""
        for entry in entries:
            if (family_of(type(entry)), str(entry.id)) not in self._entries:
                self._add(entry)
