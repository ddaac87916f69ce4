"""The resources that found something missing while the operator was still reading the cluster."""

from __future__ import annotations

from registrar.api.bodies import ResourceKey


class SyncWaits:
    """The resources whose status keeps what it says until the cache has synced.

    What a resource misses before that may only be unread. A status that reported it missing would be wrong at every
    restart, and be written twice.
    """

    def __init__(self) -> None:
        self._waiting: set[ResourceKey] = set()

    def begin(self, key: ResourceKey) -> None:
        """Have `end` return a resource."""
        self._waiting.add(key)

    def end(self) -> frozenset[ResourceKey]:
        """Return the resources that have to look again, and forget them."""
        woken = frozenset(self._waiting)
        self._waiting.clear()
        return woken

    def forget(self, key: ResourceKey) -> None:
        """Drop a resource that is gone."""
        self._waiting.discard(key)
