"""Kubeflow's Model Registry behind the operator's protocol."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import ConflictError, NotFound, UnreadableEntry
from model_registry.types import Artifact, ListOptions, Pager, RegistryEntry
from registrar.api.meta import OWNER_PROPERTY
from registrar.kinds.base import Desired, EntryKind
from registrar.kinds.table import ENTRY_KINDS
from registrar.planning.problems import ReconcileError
from registrar.registries.backend import Changes, RegistryWentBackError
from registrar.registries.credentials import not_available
from registrar.registries.kubeflow.conflicts import explain_conflict
from registrar.registries.kubeflow.entries import OPERATIONS
from registrar.registries.kubeflow.feed import Watermark, Witness
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


@dataclass(slots=True)
class _Lent:
    """A client, and how many calls use it now."""

    client: ModelRegistryAPIClient
    calls: int = 0


class KubeflowBackend:
    """See `registrar.registries.backend.RegistryBackend`.

    Args:
        client: the client, shared by all workers; it bounds the requests in flight. None until `replace` gives one.
    """

    def __init__(self, client: ModelRegistryAPIClient | None) -> None:
        self._lent = None if client is None else _Lent(client)

    async def replace(self, client: ModelRegistryAPIClient) -> None:
        """Use another client from the next call on; calls that have begun end with the former one."""
        former, self._lent = self._lent, _Lent(client)
        if former is not None and not former.calls:
            await former.client.aclose()

    async def aclose(self) -> None:
        """Close the client."""
        if self._lent is not None:
            await self._lent.client.aclose()

    @contextlib.asynccontextmanager
    async def _client(self) -> AsyncIterator[ModelRegistryAPIClient]:
        """Lend the client to a call; the last one that ends closes a client that was replaced meanwhile."""
        lent = self._lent
        if lent is None:
            raise not_available("its certificate authorities are")
        lent.calls += 1
        try:
            yield lent.client
        finally:
            lent.calls -= 1
            if lent is not self._lent and not lent.calls:
                await lent.client.aclose()

    async def get(self, kind: EntryKind, entry_id: str) -> RegistryEntry | None:
        """See the protocol."""
        async with self._client() as client:
            return await OPERATIONS[kind.name].get(client, entry_id)

    async def find(self, kind: EntryKind, name: str, parent_id: str) -> RegistryEntry | None:
        """See the protocol."""
        async with self._client() as client:
            return await OPERATIONS[kind.name].find(client, name, parent_id)

    async def artifacts_of(self, version_id: str) -> list[Artifact]:
        """See the protocol."""
        try:
            async with self._client() as client:
                return await client.get_model_version_artifacts(version_id)
        except NotFound:
            return []

    async def create(self, kind: EntryKind, entry: Any, parent_id: str) -> RegistryEntry:
        """See the protocol."""
        async with self._client() as client:
            return await OPERATIONS[kind.name].create(client, entry, parent_id)

    async def update(self, kind: EntryKind, entry: Any) -> RegistryEntry:
        """See the protocol."""
        async with self._client() as client:
            return await OPERATIONS[kind.name].update(client, entry)

    async def list_stamped(self, family: type[RegistryEntry], owner_id: str) -> list[RegistryEntry]:
        """See the protocol."""
        options = ListOptions.order_by_id(limit=PAGE_SIZE, filter_query=stamp_filter(owner_id))
        async with self._client() as client:
            return [entry async for entry in Pager(lambda page: list_page(client, family, page), options)]

    async def places(self, family: type[RegistryEntry], limit: int) -> frozenset[tuple[str, str]]:
        """See the protocol."""
        kind, options = _kind_of(family), ListOptions.order_by_id(limit=PAGE_SIZE)
        places: set[tuple[str, str]] = set()
        async with self._client() as client:
            async for entry in Pager(lambda page: list_page(client, family, page), options):
                places.add((kind.parent_id_of(entry), str(entry.name)))
                if len(places) >= limit:
                    break
        return frozenset(places)

    async def newest(self, family: type[RegistryEntry]) -> Watermark:
        """See the protocol. Any entry's latest change counts, so that the feed never lists them all."""
        options = ListOptions.order_by_update_time(is_asc=False, limit=1)
        async with self._client() as client:
            entries = await list_page(client, family, options)
        return Watermark().advanced(entries, options.answered_at)

    async def changed_since(self, family: type[RegistryEntry], cursor: Watermark, own_latest: int) -> Changes:
        """See the protocol."""
        options = ListOptions.order_by_id(limit=PAGE_SIZE, filter_query=f"lastUpdateTimeSinceEpoch >= {cursor.since}")
        async with self._client() as client:
            pager = Pager(lambda page: list_page(client, family, page), options)
            entries: list[RegistryEntry] = await pager.next_page()
            answered_at = pager.options.answered_at
            entries += [entry async for entry in pager]
            is_back = cursor.went_back(entries, own_latest)
            if is_back and not (pager.passed_over and await _is_passed_over(client, family, cursor.witness)):
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
    return await OPERATIONS[_kind_of(family).name].list_page(client, options)


async def _is_passed_over(client: ModelRegistryAPIClient, family: type[RegistryEntry], witness: Witness | None) -> bool:
    """Return whether a list lacks a witness only because it cannot be read any more: the registry still has its ID."""
    if witness is None:
        return True
    try:
        await OPERATIONS[_kind_of(family).name].get(client, str(witness.id))
    except UnreadableEntry:
        return True
    return False


def _kind_of(family: type[RegistryEntry]) -> EntryKind:
    return next(kind for kind in ENTRY_KINDS.values() if kind.family is family)
