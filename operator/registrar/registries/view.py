"""The entries that carry our stamp, or that a status records, as last seen.

A registry may hold half a million others.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable

from model_registry.types import RegistryEntry
from registrar.api.bodies import ResourceKey
from registrar.kinds.base import Desired, EntryKind, Identity
from registrar.kinds.table import family_of, resource_of
from registrar.planning.ownership import Stamp, stamp_of
from registrar.registries.followed import FollowedPlaces, Place

Family = type[RegistryEntry]
"""Entries of one family share a sequence of IDs."""

_TIMES = {"create_time_since_epoch", "last_update_time_since_epoch"}


def update_time(entry: RegistryEntry) -> int:
    """Return when the entry was last updated, in milliseconds since the epoch."""
    return int(entry.last_update_time_since_epoch or 0)


def same_content(left: RegistryEntry, right: RegistryEntry) -> bool:
    """Return whether two answers show the same entry; times are no content, because every write moves them.

    The type of a property is content: Python's True equals 1 and 1.0, the registry keeps three properties.
    """
    if type(left) is not type(right) or _property_types(left) != _property_types(right):
        return False
    return left.model_dump(exclude=_TIMES) == right.model_dump(exclude=_TIMES)


def _property_types(entry: RegistryEntry) -> dict[str, type]:
    return {name: type(value) for name, value in (entry.custom_properties or {}).items()}


class EntryView:
    """Stamped entries by ID and by the resource that their stamp names.

    Args:
        owner_id: this installation's name in stamps.
        clock: seconds that never go back.

    Attributes:
        followed: further places that resources follow, whoever manages their entries.
    """

    def __init__(self, owner_id: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.followed = FollowedPlaces()
        self._owner_id = owner_id
        self._clock = clock
        self._answered: dict[tuple[Family, str], float] = {}
        self._shown: dict[tuple[Family, str], tuple[str | None, str | None]] = {}
        self._latest: dict[Family, int] = {}
        self._entries: dict[tuple[Family, str], RegistryEntry] = {}
        self._stamped: dict[tuple[Family, str], set[str]] = {}
        self._pins: dict[tuple[Family, str], ResourceKey] = {}
        self._pinned: dict[ResourceKey, tuple[tuple[Family, str], ...]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def replace(self, entries: Iterable[RegistryEntry], asked_at: float) -> None:
        """Take the answer to a list that was requested at that time (of the view's clock) for the whole truth.

        What the registry answered directly since then is newer and stays, also that an entry lost our stamp.
        """
        self._answered = {place: at for place, at in self._answered.items() if at >= asked_at}
        self._shown = {place: shown for place, shown in self._shown.items() if place in self._answered}
        newer = [entry for place, entry in self._entries.items() if place in self._answered]
        self._entries.clear()
        self._stamped.clear()
        self._latest.clear()
        self.followed.clear()
        for entry in entries:
            if (family_of(type(entry)), str(entry.id)) not in self._answered:
                self._put(entry, str(entry.id))
        for entry in newer:
            self._put(entry, str(entry.id))

    def keep(self, entry: RegistryEntry) -> frozenset[ResourceKey]:
        """Keep an entry as the registry answered it directly; one that lost our stamp is forgotten unless pinned.

        Returns:
            The resources that have to compare, as `learn`: the feed will show them nothing new.
        """
        if entry.id is None:
            raise ValueError(f"{entry!r} has no ID: it does not come from a registry")
        known = self._entries.get((family_of(type(entry)), entry.id))
        self._put(entry, entry.id)
        family = family_of(type(entry))
        self._answered[family, entry.id] = self._clock()
        self._shown[family, entry.id] = entry.name, entry.create_time_since_epoch
        self._latest[family] = max(self.latest(family), update_time(entry))
        return frozenset() if known is None or same_content(known, entry) else self._concerned(known, entry)

    def latest(self, family: Family) -> int:
        """Return the latest update time in a direct answer about an entry of that family; 0 without one."""
        return self._latest.get(family, 0)

    def seconds_since_answer(self, identity: Identity) -> float:
        """Return how long ago the registry showed an entry directly; infinity if it has not, or showed another one.

        After a reset or a restore, the latest answer about an ID may be about another entry.
        """
        place = identity.kind.family, identity.id
        if self._shown.get(place) != (identity.name, identity.created):
            return math.inf
        return self._clock() - self._answered.get(place, -math.inf)

    def pin(self, key: ResourceKey, entries: Iterable[tuple[EntryKind, str]]) -> None:
        """Follow these entries for a resource even if they lose their stamp, and no others."""
        self.unpin(key)
        places = tuple((kind.family, entry_id) for kind, entry_id in entries)
        if places:
            self._pinned[key] = places
            self._pins |= dict.fromkeys(places, key)

    def unpin(self, key: ResourceKey) -> None:
        """Follow the entries of a resource by their stamps only."""
        for place in self._pinned.pop(key, ()):
            if self._pins.get(place) == key:
                del self._pins[place]

    def follow(self, key: ResourceKey, places: Iterable[Place]) -> None:
        """Have `learn` name a resource when an entry appears or changes at these places, and at no others."""
        self.followed.follow(key, places)

    def leave(self, key: ResourceKey) -> None:
        """Forget a resource that is gone from the cluster; its entries are followed by their stamps only."""
        self.unpin(key)
        self.followed.follow(key, ())

    def __contains__(self, key: ResourceKey) -> bool:
        return key in self._pinned or key in self.followed

    def learn(self, entry: RegistryEntry, asked_at: float) -> frozenset[ResourceKey]:
        """Take an entry from a list that was requested at that time (of the view's clock).

        A list that was requested before the last direct answer about the entry may be older than that answer: it is
        passed over. The next poll reaches back behind it.

        Returns:
            The resources that have to compare: those that the stamp names, now or before, and those that pinned it or
            follow its place.
        """
        family = family_of(type(entry))
        if entry.id is None or asked_at <= self._answered.get((family, entry.id), -math.inf):
            return frozenset()
        known = self._entries.get((family, entry.id))
        if known is not None and same_content(known, entry):
            return frozenset()
        self._put(entry, entry.id)
        return self._concerned(known, entry)

    def _concerned(self, known: RegistryEntry | None, entry: RegistryEntry) -> frozenset[ResourceKey]:
        stamps = [(type(seen), stamp_of(seen, self._owner_id)) for seen in (known, entry) if seen is not None]
        named = {resource_of(entry_type, stamp.reference) for entry_type, stamp in stamps if stamp is not None}
        pinned_by = self._pins.get((family_of(type(entry)), str(entry.id)))
        return self.followed.followers(entry) | {key for key in {*named, pinned_by} if key is not None}

    def _put(self, entry: RegistryEntry, entry_id: str) -> None:
        family = family_of(type(entry))
        self.forget(family, entry_id)
        self.followed.put(entry)
        stamp = stamp_of(entry, self._owner_id)
        if stamp is not None:
            self._stamped.setdefault((family, stamp.path), set()).add(entry_id)
        if stamp is not None or (family, entry_id) in self._pins:
            self._entries[family, entry_id] = entry

    def forget(self, family: Family, entry_id: str) -> None:
        """Forget an entry that is gone, if it was known."""
        entry = self._entries.pop((family, entry_id), None)
        if entry is not None and (stamp := stamp_of(entry, self._owner_id)) is not None:
            ids = self._stamped[family, stamp.path]
            ids.discard(entry_id)
            if not ids:
                del self._stamped[family, stamp.path]

    def by_id(self, kind: EntryKind, entry_id: str) -> RegistryEntry | None:
        """Return the entry of that ID, if it carries our stamp or is pinned."""
        return self._entries.get((kind.family, entry_id))

    def all(self) -> tuple[RegistryEntry, ...]:
        """Return all entries that carry our stamp or are pinned."""
        return tuple(self._entries.values())

    def stamped(self, kind: EntryKind, reference: str) -> tuple[RegistryEntry, ...]:
        """Return the entries of the kind's family whose stamp is exactly this reference, the oldest ID first."""
        within = self.stamped_within(kind, reference.partition("#")[0])
        return tuple(entry for stamp, entry in within if stamp.reference == reference)

    def stamped_within(self, kind: EntryKind, path: str) -> tuple[tuple[Stamp, RegistryEntry], ...]:
        """Return the entries of the kind's family whose stamp names a resource or an inline artifact of it.

        Args:
            kind: a kind of the family.
            path: the resource, as ``namespace/name``.

        Returns:
            The stamps and the entries, the oldest ID first.
        """
        # IDs are numbers as text: of two, the shorter is the older.
        ids = sorted(self._stamped.get((kind.family, path), ()), key=lambda entry_id: (len(entry_id), entry_id))
        entries = (self._entries[kind.family, entry_id] for entry_id in ids)
        return tuple((stamp, entry) for entry in entries if (stamp := stamp_of(entry, self._owner_id)) is not None)

    def at(self, desired: Desired) -> RegistryEntry | None:
        """Return the entry at the desired place whose stamp names the resource that desires it."""
        for entry in self.stamped(desired.kind, desired.reference):
            if desired.matches(entry):
                return entry
        return None
