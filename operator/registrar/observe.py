"""What the registry holds at the place of a desired entry: from the view, or by one GET."""

from __future__ import annotations

from dataclasses import dataclass

from model_registry.types import RegistryEntry
from registrar.api.meta import OWNER_PROPERTY
from registrar.kinds.base import Desired
from registrar.ownership import Origin, Stamp, read_stamp
from registrar.plan import Memory, Owned
from registrar.registry import Registry
from registrar.view import EntryView


@dataclass(frozen=True, slots=True)
class Observation:
    """An answer, and how old it may be.

    Attributes:
        entry: the entry; None if none is known at that place.
        fresh: it was read from the registry just now, so that a write may be planned from it.
    """

    entry: RegistryEntry | None
    fresh: bool = False


def stamp_of(entry: RegistryEntry | None, owner_id: str) -> Stamp | None:
    """The entry's stamp, if it is one of this installation."""
    value = None if entry is None else (entry.custom_properties or {}).get(OWNER_PROPERTY)
    stamp = read_stamp(value, owner_id)
    return stamp if isinstance(stamp, Stamp) else None


def owned_on(entry: RegistryEntry | None, desired: Desired, memory: Memory, owner_id: str) -> Owned:
    """What the resource has set on the entry: what is remembered, or what a create has left that nobody remembers.

    A create whose answer never came (a crash) tells nothing to the status. What it made shows by our stamp and by not
    having been changed since: all that stands on it was set by this resource, whatever its spec says by now.
    """
    stamp = stamp_of(entry, owner_id)
    if entry is None or memory.entry_id is not None or stamp != Stamp(Origin.CREATED, desired.reference):
        return memory.owned
    if entry.last_update_time_since_epoch != entry.create_time_since_epoch:
        return memory.owned
    return Owned(desired.kind.fields_on(entry), frozenset(entry.custom_properties or {}) - {OWNER_PROPERTY})


async def observe(desired: Desired, memory: Memory, registry: Registry, *, look: bool) -> Observation:
    """Find the entry of a resource: by the ID in its status, then by its stamp.

    An ID alone proves nothing: after a database reset it can name another entry. So an entry of another type, name or
    parent under it counts as none, and the place is then looked up by name when its creation meets a conflict. Nor
    does a stamp alone prove an artifact, which does not tell its version: an earlier resource of the same name may
    have left one in another version.

    Args:
        desired: the place, and who wants it.
        memory: what the status remembers.
        registry: the registry.
        look: ask the registry even if the view knows the entry.

    Raises:
        StoreError: the registry could not answer.
    """
    kind = desired.kind
    known = _in_view(desired, memory, registry.view)
    if known is not None and not look:
        return Observation(known)
    entry_id = memory.entry_id if known is None else known.id
    if entry_id is None:
        return Observation(None)
    found = await kind.get(registry.client, entry_id)
    if found is None:
        registry.view.forget(kind.ENTRY, entry_id)
        return Observation(None)
    registry.view.keep(found)
    stamp = stamp_of(found, registry.owner_id)
    if not kind.TELLS_PARENT and (stamp is None or stamp.reference != desired.reference):
        # An artifact does not tell its version: without our stamp on it only the version's list can.
        found = await kind.find(registry.client, desired)
        return Observation(found, fresh=True)
    return Observation(found if kind.is_at(found, desired) else None, fresh=True)


def _in_view(desired: Desired, memory: Memory, view: EntryView) -> RegistryEntry | None:
    """The desired entry as the view shows it, where that is proof enough."""
    if memory.entry_id is not None:
        remembered = view.by_id(desired.kind.ENTRY, memory.entry_id)
        if remembered is not None and desired.kind.is_at(remembered, desired):
            return remembered
    return view.at(desired) if desired.kind.TELLS_PARENT else None
