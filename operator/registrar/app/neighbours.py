"""Neighbours: connections to the same server. Their resources can want the same entries.

Each has a memory of its own, so the resources of one do not see the claims of the other's. What they compete for is
decided by the stamp of the entry; here, the one that waits learns that the other one lets go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from registrar.api.bodies import Body, ResourceKey, is_terminating
from registrar.api.conditions import Reason
from registrar.api.registry_url import normalized_url
from registrar.app.connection import Connection
from registrar.registries.registry import Registry


def is_beside(registry: Registry, key: ResourceKey, connections: Iterable[Connection]) -> bool:
    """Return whether a resource belongs to a neighbour of the connection to this registry."""
    return any(other.has(key) for other in _neighbours(registry, connections))


def begins_to_leave(before: Body | None, after: Body) -> bool:
    """Return whether a resource, as it was seen last and as it is now, has just been deleted."""
    return is_terminating(after) and (before is None or not is_terminating(before))


def wake_waiting(registry: Registry, connections: Iterable[Connection]) -> None:
    """Wake what waits in neighbours for an entry that a resource of this registry may be about to hand over."""
    for other in _neighbours(registry, connections):
        other.memory.wake(other.cache.because(Reason.NAME_CONFLICT))


def _neighbours(registry: Registry, connections: Iterable[Connection]) -> Iterator[Connection]:
    url = normalized_url(registry.url)
    for other in connections:
        if other.context.registry is not registry and normalized_url(other.context.registry.url) == url:
            yield other
