"""The entries that carry our stamp, as we last saw them. A registry may hold half a million that do not."""

from __future__ import annotations

from collections.abc import Iterable

from model_registry.types import Artifact, RegistryEntry
from registrar.api.meta import OWNER_PROPERTY
from registrar.kinds.base import Desired
from registrar.ownership import Stamp, read_stamp


def _family(entry_type: type[RegistryEntry]) -> str:
    """Entries of one family share a sequence of IDs in this view: models, versions, all artifacts."""
    return "artifact" if issubclass(entry_type, Artifact) else entry_type.__name__


class EntryView:
    """Stamped entries by ID and by the resource that their stamp names."""

    def __init__(self, owner_id: str) -> None:
        self._owner_id = owner_id
        self._entries: dict[tuple[str, str], RegistryEntry] = {}
        self._stamped: dict[tuple[str, str], set[str]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def replace(self, entries: Iterable[RegistryEntry]) -> None:
        """Forget all, and keep these."""
        self._entries.clear()
        self._stamped.clear()
        for entry in entries:
            self.keep(entry)

    def keep(self, entry: RegistryEntry) -> None:
        """Keep an entry as the registry answered it; one that lost our stamp is forgotten."""
        if entry.id is None:
            raise ValueError(f"{entry!r} has no ID: it does not come from a registry")
        family = _family(type(entry))
        self.forget(type(entry), entry.id)
        stamp = self._stamp(entry)
        if stamp is not None:
            self._entries[family, entry.id] = entry
            self._stamped.setdefault((family, stamp.reference), set()).add(entry.id)

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
