"""The entries that carry our stamp, as we last saw them. A registry may hold half a million that do not."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable

from model_registry.types import Artifact, RegistryEntry
from registrar.api.meta import OWNER_PROPERTY
from registrar.kinds.base import Desired
from registrar.planning.ownership import Stamp, read_stamp
from registrar.registries.feed import same_content, update_time


def _family(entry_type: type[RegistryEntry]) -> str:
    """Entries of one family share a sequence of IDs in this view: models, versions, all artifacts."""
    return "Artifact" if issubclass(entry_type, Artifact) else entry_type.__name__


class EntryView:
    """Stamped entries by ID and by the resource that their stamp names."""

    def __init__(self, owner_id: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._owner_id = owner_id
        self._clock = clock
        self._answered: dict[tuple[str, str], float] = {}
        self._latest: dict[str, int] = {}
        self._entries: dict[tuple[str, str], RegistryEntry] = {}
        self._stamped: dict[tuple[str, str], set[str]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def replace(self, entries: Iterable[RegistryEntry], asked_at: float) -> None:
        """Take the answer to a list that was asked for at that time (of the view's clock) for the whole truth.

        Entries that were answered directly since then are newer and stay as they are.
        """
        newer = [one for place, one in self._entries.items() if self._answered.get(place, -math.inf) >= asked_at]
        self._answered = {place: time for place, time in self._answered.items() if time >= asked_at}
        self._entries.clear()
        self._stamped.clear()
        self._latest.clear()
        for entry in [*entries, *newer]:
            self._put(entry, str(entry.id))

    def keep(self, entry: RegistryEntry) -> None:
        """Keep an entry as the registry answered it; one that lost our stamp is forgotten."""
        if entry.id is None:
            raise ValueError(f"{entry!r} has no ID: it does not come from a registry")
        self._put(entry, entry.id)
        family = _family(type(entry))
        self._answered[family, entry.id] = self._clock()
        self._latest[family] = max(self.latest(family), update_time(entry))

    def latest(self, family: str) -> int:
        """The latest update time that a direct answer about an entry of that family told; 0 without one."""
        return self._latest.get(family, 0)

    def learn(self, entry: RegistryEntry, asked_at: float) -> frozenset[str]:
        """Take an entry from a list that was asked for at that time (of the view's clock).

        A list that was asked for before we had the last direct answer about the entry may be older than that answer:
        it is passed over. The next poll reaches back behind it.

        Returns:
            The references of the resources that this is news to: whom its stamp names, now or before.
        """
        if entry.id is None or asked_at <= self._answered.get((_family(type(entry)), entry.id), -math.inf):
            return frozenset()
        known = self.by_id(type(entry), entry.id)
        if known is not None and same_content(known, entry):
            return frozenset()
        self._put(entry, entry.id)
        return frozenset(stamp.reference for one in (known, entry) if one is not None and (stamp := self._stamp(one)))

    def _put(self, entry: RegistryEntry, entry_id: str) -> None:
        family = _family(type(entry))
        self.forget(type(entry), entry_id)
        stamp = self._stamp(entry)
        if stamp is not None:
            self._entries[family, entry_id] = entry
            self._stamped.setdefault((family, stamp.reference), set()).add(entry_id)

    def forget(self, entry_type: type[RegistryEntry], entry_id: str) -> None:
        """Forget an entry that is gone, if it was known."""
        family = _family(entry_type)
        entry = self._entries.pop((family, entry_id), None)
        if entry is not None and (stamp := self._stamp(entry)) is not None:
            ids = self._stamped[family, stamp.reference]
            ids.discard(entry_id)
            if not ids:
                del self._stamped[family, stamp.reference]

    def by_id(self, entry_type: type[RegistryEntry], entry_id: str) -> RegistryEntry | None:
        """The entry of that ID, if it carries our stamp."""
        return self._entries.get((_family(entry_type), entry_id))

    def stamped(self, entry_type: type[RegistryEntry], reference: str) -> tuple[RegistryEntry, ...]:
        """The entries whose stamp names this resource."""
        family = _family(entry_type)
        return tuple(self._entries[family, one] for one in sorted(self._stamped.get((family, reference), ()), key=int))

    def at(self, desired: Desired) -> RegistryEntry | None:
        """The entry at the desired place whose stamp names the resource that desires it."""
        for entry in self.stamped(desired.kind.ENTRY, desired.reference):
            if desired.kind.is_at(entry, desired):
                return entry
        return None

    def _stamp(self, entry: RegistryEntry) -> Stamp | None:
        stamp = read_stamp((entry.custom_properties or {}).get(OWNER_PROPERTY), self._owner_id)
        return stamp if isinstance(stamp, Stamp) else None
