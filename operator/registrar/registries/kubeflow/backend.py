"""Kubeflow's Model Registry behind the operator's protocol."""

from __future__ import annotations

from typing import Any

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import ConflictError, NotFound
from model_registry.types import Artifact, ListOptions, Pager, RegistryEntry
from registrar.api.meta import OWNER_PROPERTY
from registrar.kinds.base import Desired, EntryKind
from registrar.kinds.table import ENTRY_KINDS
from registrar.planning.problems import ReconcileError
from registrar.registries.backend import Changes, RegistryWentBackError
from registrar.registries.kubeflow.conflicts import explain_conflict
from registrar.registries.kubeflow.entries import OPERATIONS, Operations
from registrar.registries.kubeflow.feed import Watermark
from registrar.registries.kubeflow.names import unsupported

PAGE_SIZE = 500
OWNER_COLUMN = f"`{OWNER_PROPERTY}`"
"""The owner stamp, in a ``filterQuery``."""


def stamp_filter(owner_id: str) -> str:
    """Return the ``filterQuery`` for entries with a stamp of this installation, and possibly some others.

    Owner IDs hold neither ``_``, ``%`` nor a quote (`registrar.settings`), so nothing needs escaping. An ID that
    continues ours after a slash matches too: `registrar.planning.ownership.read_stamp` decides.
    """
    return f"{OWNER_COLUMN} LIKE '%:{owner_id}/%'"


class KubeflowBackend:
    """See `registrar.registries.backend.RegistryBackend`.

    Args:
        client: the client, shared by all workers; it bounds the requests in flight.
    """

    def __init__(self, client: ModelRegistryAPIClient) -> None:
        self._client = client

    async def get(self, kind: EntryKind, entry_id: str) -> RegistryEntry | None:
        """See the protocol."""
        return await OPERATIONS[kind.name].get(self._client, entry_id)

    async def find(self, kind: EntryKind, name: str, parent_id: str) -> RegistryEntry | None:
        """See the protocol."""
        return await OPERATIONS[kind.name].find(self._client, name, parent_id)

    async def artifacts_of(self, version_id: str) -> list[Artifact]:
        """See the protocol."""
        try:
            return await self._client.get_model_version_artifacts(version_id)
        except NotFound:
            return []

    async def create(self, kind: EntryKind, entry: Any, parent_id: str) -> RegistryEntry:
        """See the protocol."""
        return await OPERATIONS[kind.name].create(self._client, entry, parent_id)

    async def update(self, kind: EntryKind, entry: Any) -> RegistryEntry:
        """See the protocol."""
        return await OPERATIONS[kind.name].update(self._client, entry)

    async def list_stamped(self, family: type[RegistryEntry], owner_id: str) -> list[RegistryEntry]:
        """See the protocol."""
        options = ListOptions.order_by_id(limit=PAGE_SIZE, filter_query=stamp_filter(owner_id))
        return [entry async for entry in Pager(lambda page: list_page(self._client, family, page), options)]

    async def newest(self, family: type[RegistryEntry]) -> Watermark:
        """See the protocol. Any entry's latest change counts, so that the feed never lists them all."""
        options = ListOptions.order_by_update_time(is_asc=False, limit=1)
        entries = await list_page(self._client, family, options)
        return Watermark().advanced(entries, options.answered_at)

    async def changed_since(self, family: type[RegistryEntry], cursor: Watermark, own_latest: int) -> Changes:
        """See the protocol."""
        options = ListOptions.order_by_id(limit=PAGE_SIZE, filter_query=f"lastUpdateTimeSinceEpoch >= {cursor.since}")
        entries = await list_page(self._client, family, options)
        answered_at = options.answered_at
        while options.next_page_token:
            entries = [*entries, *await list_page(self._client, family, options)]
        if cursor.went_back(entries, own_latest):
            raise RegistryWentBackError(f"it lacks {family.__name__}s that it returned before")
        return Changes(entries, cursor.advanced(entries, answered_at))

    def explain_conflict(self, desired: Desired, conflict: ConflictError) -> ReconcileError:
        """See the protocol."""
        return explain_conflict(desired, conflict)

    def unsupported(self, desired: Desired) -> str | None:
        """See the protocol."""
        return unsupported(desired)


async def list_page(client: ModelRegistryAPIClient, family: type[RegistryEntry], options: ListOptions) -> list[Any]:
    """Return a page of the entries of a family."""
    return await _operations_of(family).list_page(client, options)


def _operations_of(family: type[RegistryEntry]) -> Operations:
    kind = next(kind for kind in ENTRY_KINDS.values() if kind.family is family)
    return OPERATIONS[kind.name]
