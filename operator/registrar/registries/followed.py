"""Places in the registry that resources follow although other resources, or none, manage their entries.

A model follows the versions that its aliases name, also those that do not exist yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from model_registry.types import RegistryEntry
from registrar.api.bodies import ResourceKey
from registrar.kinds.table import entry_kind


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry is.

    Attributes:
        kind: the entry kind's name.
        parent_id: the ID of the parent entry.
        name: the entry's name.
    """

    kind: str
    parent_id: str
    name: str


class FollowedPlaces:
    """Who follows which place, and which entry is there."""

    def __init__(self) -> None:
        self._followers: dict[Place, set[ResourceKey]] = {}
        self._places: dict[ResourceKey, frozenset[Place]] = {}
        self._entries: dict[Place, RegistryEntry] = {}

    def __contains__(self, key: ResourceKey) -> bool:
        return key in self._places

    def follow(self, key: ResourceKey, places: Iterable[Place]) -> None:
        """Have a resource follow these places, and no others."""
        wanted = frozenset(places)
        for place in self._places.pop(key, frozenset()) - wanted:
            self._followers[place].discard(key)
            if not self._followers[place]:
                del self._followers[place]
                self._entries.pop(place, None)
        if wanted:
            self._places[key] = wanted
        for place in wanted:
            self._followers.setdefault(place, set()).add(key)

    def put(self, entry: RegistryEntry) -> None:
        """Keep an entry as the registry answered it, if its place is followed."""
        place = self._place_of(entry)
        if place in self._followers:
            self._entries[place] = entry

    def at(self, place: Place) -> RegistryEntry | None:
        """Return the entry at a followed place, as last seen; None if none was seen."""
        return self._entries.get(place)

    def followers(self, entry: RegistryEntry) -> frozenset[ResourceKey]:
        """Return the resources that follow the place of an entry."""
        return frozenset(self._followers.get(self._place_of(entry), ()))

    def clear(self) -> None:
        """Forget the entries, which have to be read again; the followers stay."""
        self._entries.clear()

    def _place_of(self, entry: RegistryEntry) -> Place:
        kind = entry_kind(type(entry)) if self._followers else None
        if kind is None or kind.parent_attribute is None:
            return Place("", "", "")
        return Place(kind.name, str(getattr(entry, kind.parent_attribute)), str(entry.name))
