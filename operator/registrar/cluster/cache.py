"""The latest body of every managed resource, in memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping

from registrar.api.bodies import (
    Body,
    RecordedId,
    ResourceKey,
    annotations_of,
    has_entry,
    key_of,
    managing_owner,
    ready_state,
    recorded_id,
    resource_version,
)
from registrar.api.conditions import Reason
from registrar.api.meta import LAST_APPLIED_ANNOTATION, is_paused
from registrar.cluster.compact import MANAGED_FIELDS, with_shared_texts


class PendingReads:
    """The resources that are being read just now."""

    def __init__(self) -> None:
        self._reads: dict[ResourceKey, set[asyncio.Event]] = {}

    async def read(self, key: ResourceKey, get: Callable[[ResourceKey], Awaitable[Body | None]]) -> Body | None:
        """Return a resource as the API server has it now; None if it does not exist.

        The watch may show its deletion before the answer arrives, and nothing would remove it again if that answer were
        kept. So it is read again then.

        Args:
            key: the resource.
            get: reads it from the API server; its errors are passed on.
        """
        while True:
            removed, reads = asyncio.Event(), self._reads.setdefault(key, set())
            reads.add(removed)
            try:
                body = await get(key)
            finally:
                reads.discard(removed)
                if not reads:
                    self._reads.pop(key, None)
            if not removed.is_set():
                return body

    def removed(self, key: ResourceKey) -> None:
        """Note that a resource is gone."""
        for removed in self._reads.get(key, ()):
            removed.set()


class ResourceCache:
    """What is known of the cluster's resources, or of those that belong to one registry.

    Bodies come from the watch and from the answers to our own writes; an older body never replaces a newer one,
    because the answer to a write arrives before the watch event that it causes.

    Args:
        synced: set once the watch has delivered every resource that existed at the start; shared with other caches.
        reads: what is being read just now; shared likewise.

    Attributes:
        synced: the same.
    """

    def __init__(self, synced: asyncio.Event | None = None, reads: PendingReads | None = None) -> None:
        self.synced = synced or asyncio.Event()
        self._bodies: dict[ResourceKey, Body] = {}
        self._reads = reads or PendingReads()
        # Counted as bodies come and go: a scrape every few seconds must not look at every resource.
        self._ready: Counter[tuple[str, str, str]] = Counter()
        self._new: set[ResourceKey] = set()

    def __len__(self) -> int:
        return len(self._bodies)

    def __iter__(self) -> Iterator[ResourceKey]:
        return iter(list(self._bodies))

    def get(self, key: ResourceKey) -> Body | None:
        """Return the latest body; None for a resource that does not exist."""
        return self._bodies.get(key)

    def count_ready(self) -> Mapping[tuple[str, str, str], int]:
        """Return how many resources exist by kind, and by status and reason of Ready (see `ready_state`)."""
        return self._ready

    def because(self, reason: Reason) -> list[ResourceKey]:
        """Return the resources whose Ready has this reason for their present generation."""
        if not any(number for (_, _, found), number in self._ready.items() if found == reason):
            return []
        return [key for key, body in self._bodies.items() if ready_state(body)[1] == reason]

    def count_new(self) -> int:
        """Return how many resources have no entry yet, as far as their statuses say."""
        return len(self._new)

    def recorded_ids(self, owner_id: str) -> Iterator[RecordedId]:
        """Return the entry that each status records, of resources for which this installation would create it again.

        Args:
            owner_id: this installation. What another one manages has that one's stamp, which is in no view of this one.
        """
        for body in list(self._bodies.values()):
            recorded = recorded_id(body)
            is_ours = managing_owner(body) in {None, owner_id} and not is_paused(annotations_of(body))
            if recorded is not None and is_ours:
                yield recorded

    def is_news(self, body: Body) -> bool:
        """Return whether a body is newer than the known one of its key, if any is."""
        known = self._bodies.get(key_of(body))
        return known is None or resource_version(known) < resource_version(body)

    def put(self, body: Body) -> bool:
        """Keep a body unless the same or a newer one is known; returns whether it was kept."""
        if not self.is_news(body):
            return False
        key = key_of(body)
        known = self._bodies.get(key)
        if known is not None:
            self._ready[key.kind, *ready_state(known)] -= 1
        self._ready[key.kind, *ready_state(body)] += 1
        self._bodies[key] = _without_copies(body)
        if has_entry(body):
            self._new.discard(key)
        else:
            self._new.add(key)
        return True

    async def read(self, key: ResourceKey, get: Callable[[ResourceKey], Awaitable[Body | None]]) -> Body | None:
        """Return a resource as the API server has it now; None if it does not exist. See `PendingReads.read`."""
        return await self._reads.read(key, get)

    def remove(self, key: ResourceKey) -> None:
        """Drop a resource that is gone from the cluster."""
        self._reads.removed(key)
        known = self._bodies.pop(key, None)
        self._new.discard(key)
        if known is not None:
            self._ready[key.kind, *ready_state(known)] -= 1


def _without_copies(body: Body) -> Body:
    """Return the body without what nothing here reads: a second copy of the spec is half of a resource's memory."""
    metadata = body["metadata"]
    annotations = metadata.get("annotations") or {}
    # What was read without these shares its texts already (`registrar.cluster.compact`).
    is_shared = MANAGED_FIELDS not in metadata
    if not is_shared:
        metadata = {name: value for name, value in metadata.items() if name != MANAGED_FIELDS}
    if LAST_APPLIED_ANNOTATION in annotations:
        kept = {name: value for name, value in annotations.items() if name != LAST_APPLIED_ANNOTATION}
        metadata = {**metadata, "annotations": kept}
    found: Body = {**body, "metadata": metadata}
    return found if is_shared else with_shared_texts(found)
