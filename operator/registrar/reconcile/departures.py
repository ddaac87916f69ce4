"""Resources that are gone before their deletion could be finalized, until their entries are released."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from registrar.api.bodies import Body, ResourceKey, as_deleted, is_terminating, key_of


class Departures:
    """Each as it was last seen, and as if it were terminating since then. Iterating yields their bodies."""

    def __init__(self) -> None:
        self._bodies: dict[ResourceKey, Body] = {}

    def __iter__(self) -> Iterator[Body]:
        return iter(tuple(self._bodies.values()))

    def get(self, key: ResourceKey) -> Body | None:
        """Return a resource that is gone and whose entries are not released yet."""
        return self._bodies.get(key)

    def add(self, body: Body) -> None:
        """Keep a resource that is gone; the grace of one that was terminating already goes on."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._bodies[key_of(body)] = body if is_terminating(body) else as_deleted(body, now)

    def remove(self, key: ResourceKey) -> None:
        """Drop a resource: its entries are released."""
        self._bodies.pop(key, None)
