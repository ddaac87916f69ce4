"""Where resources are: at a connection, at one that is being ended, or without a registry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from registrar.api.bodies import Body, ResourceKey, key_of
from registrar.app.connection import Connection
from registrar.app.unserved import Unserved

Counted = TypeVar("Counted")
Place = Connection | Unserved


class Places:
    """All places; iterating yields them, those first where resources may stay.

    Args:
        unserved: what is known of the resources without a registry.

    Attributes:
        unserved: as above.
        served: the connections, by the names of their registries.
        retiring: the connections that are being ended.
    """

    def __init__(self, unserved: Unserved) -> None:
        self.unserved = unserved
        self.served: dict[str, Connection] = {}
        self.retiring: list[Connection] = []

    def __iter__(self) -> Iterator[Place]:
        return iter((*self.served.values(), *self.retiring, self.unserved))

    def having(self, key: ResourceKey) -> list[Place]:
        """Return where a resource is known, or a predecessor of its name whose entries are not released yet."""
        return [place for place in self if place.has(key)]

    def of(self, key: ResourceKey) -> Place | None:
        """Return where a resource is that exists; None if it does not."""
        return next((place for place in self if place.cache.get(key) is not None), None)

    def served_in(self, key: ResourceKey) -> str | None:
        """Return the registry that serves a resource; None if it does not exist, or belongs to none."""
        place = self.of(key)
        return None if place is None or place is self.unserved else place.name

    def get(self, key: ResourceKey) -> Body | None:
        """Return the latest body of a resource; None if it does not exist."""
        return next((body for place in self if (body := place.cache.get(key)) is not None), None)

    def resources_of(self, name: str) -> list[ResourceKey]:
        """Return the resources of a registry, or of `NO_REGISTRY`, also by connections that are being ended."""
        return [key for place in self if place.name == name for key in place.cache]

    def users_of(self, name: str, is_running: Callable[[ResourceKey], bool]) -> list[ResourceKey]:
        """Return the resources of a registry that have an entry in it, or may be getting one.

        Args:
            name: the registry's name.
            is_running: returns whether a resource is being reconciled.
        """
        places = [place for place in (*self.served.values(), *self.retiring) if place.name == name]
        users = [key for place in places for key in place.cache if place.is_used_by(key, is_running=is_running(key))]
        return [*users, *(key_of(body) for place in places for body in place.memory.departures)]

    def resources(self) -> Iterator[ResourceKey]:
        """Yield all resources."""
        for place in self:
            yield from place.cache

    def count_ready(self) -> Mapping[tuple[str, str, str], int]:
        """Return how many resources exist by kind, and by status and reason of Ready."""
        return _sum(place.cache.count_ready() for place in self)

    def count_yielded(self) -> Mapping[str, int]:
        """Return how many resources another installation manages, by kind."""
        return _sum(place.memory.count_yielded() for place in self)


def _sum(counts: Iterable[Mapping[Counted, int]]) -> Counter[Counted]:
    total: Counter[Counted] = Counter()
    for count in counts:
        total.update(count)
    return total
