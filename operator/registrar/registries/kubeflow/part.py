"""Reads of Kubeflow's Model Registry what it is asked for, and nothing twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from typing import Any

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import AmbiguousEntryError
from model_registry.types import Artifact, ListOptions, ModelVersion, Pager, RegisteredModel, RegistryEntry
from registrar.kinds.base import EntryKind
from registrar.kinds.table import family_of
from registrar.planning.external_ids import ExternalIdSpace
from registrar.registries.inventory import Inventory, id_number
from registrar.registries.kubeflow.backend import OWNER_COLUMN, PAGE_SIZE, KubeflowBackend, list_page

BATCH = 40
"""Stamps that one request asks for: a proxy may refuse an address of over 8,000 characters."""


class KubeflowPart:
    """See `registrar.registries.part.RegistryPart`.

    Args:
        client: the client.
    """

    def __init__(self, client: ModelRegistryAPIClient) -> None:
        self._client = client
        self._backend = KubeflowBackend(client)
        self._entries: dict[tuple[type[RegistryEntry], str], RegistryEntry] = {}
        self._held: dict[str, list[str]] = {}
        self._answers: dict[Hashable, Sequence[RegistryEntry]] = {}
        self._unreadable = 0

    @property
    def listed(self) -> frozenset[str]:
        """See the protocol."""
        return frozenset(self._held)

    async def read_stamped(self, family: type[RegistryEntry], stamps: Sequence[str], owners: Sequence[str]) -> None:
        """See the protocol. Stamps of resources have no character that needs escaping."""
        for start in range(0, max(len(stamps), len(owners)), BATCH):
            exact = ", ".join(f"'{stamp}'" for stamp in stamps[start : start + BATCH])
            conditions = [f"{OWNER_COLUMN} IN ({exact})"] if exact else []
            conditions += [f"{OWNER_COLUMN} LIKE '%:{owner}#%'" for owner in owners[start : start + BATCH]]
            options = ListOptions.order_by_id(limit=PAGE_SIZE, filter_query=" OR ".join(conditions))
            pager = Pager(lambda page: list_page(self._client, family, page), options)
            self._keep([entry async for entry in pager])
            self._unreadable += pager.passed_over

    async def get(self, kind: EntryKind, entry_id: str) -> RegistryEntry | None:
        """See the protocol."""
        known = self._entries.get((kind.family, entry_id))
        if known is not None:
            return known if type(known) is kind.entry else None
        found = await self._ask((kind.name, entry_id), lambda: self._backend.get(kind, entry_id))
        return found[0] if found else None

    async def find(self, kind: EntryKind, name: str, parent_id: str) -> Sequence[RegistryEntry]:
        """See the protocol."""
        return await self._ask((kind.name, parent_id, name), lambda: self._backend.find(kind, name, parent_id))

    async def artifacts_of(self, version_id: str) -> Sequence[RegistryEntry]:
        """See the protocol."""
        if version_id not in self._held:
            found = sorted(await self._backend.artifacts_of(version_id), key=id_number)
            self._held[version_id] = [str(each.id) for each in found]
            self._keep(found)
        return [self._entries[Artifact, artifact_id] for artifact_id in self._held[version_id]]

    async def with_external_id(self, space: ExternalIdSpace, external_id: str) -> Sequence[RegistryEntry]:
        """See the protocol."""
        client = self._client
        if space is Artifact:
            place = "artifact", external_id
            return await self._ask(place, lambda: client.get_artifact_by_params(external_id=external_id))
        models = await self._ask(
            ("model", external_id), lambda: client.get_registered_model_by_params(external_id=external_id)
        )
        return models or await self._ask(
            ("version", external_id), lambda: client.get_model_version_by_params(external_id=external_id)
        )

    def entries(self) -> Iterable[RegistryEntry]:
        """See the protocol."""
        return self._entries.values()

    def inventory(self) -> Inventory:
        """See the protocol."""
        held = {artifact_id for ids in self._held.values() for artifact_id in ids}
        return Inventory(
            models=self._all(RegisteredModel),
            versions=self._all(ModelVersion),
            artifacts={
                version_id: [self._artifact(artifact_id) for artifact_id in ids]
                for version_id, ids in sorted(self._held.items(), key=lambda item: int(item[0]))
                if ids
            },
            loose_artifacts=[each for each in self._all(Artifact) if str(each.id) not in held],
            unreadable=self._unreadable,
        )

    async def _ask(
        self, question: Hashable, ask: Callable[[], Awaitable[RegistryEntry | None]]
    ) -> Sequence[RegistryEntry]:
        if question not in self._answers:
            try:
                found = await ask()
                answer = () if found is None else (found,)
            except AmbiguousEntryError as several:
                answer = tuple(several.entries)
            self._keep(answer)
            self._answers[question] = answer
        # What was read again later is newer.
        return [self._entries[family_of(type(each)), str(each.id)] for each in self._answers[question]]

    def _keep(self, entries: Iterable[RegistryEntry]) -> None:
        self._entries.update(((family_of(type(entry)), str(entry.id)), entry) for entry in entries)

    def _all(self, family: type[Any]) -> list[Any]:
        return sorted((entry for (each, _), entry in self._entries.items() if each is family), key=id_number)

    def _artifact(self, artifact_id: str) -> Any:
        return self._entries[Artifact, artifact_id]
