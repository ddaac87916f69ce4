"""What the registry holds at the place of a desired entry: from the view, or by one GET."""

from __future__ import annotations

from dataclasses import dataclass

from model_registry.types import RegistryEntry
from registrar.kinds.base import Desired
from registrar.planning.actions import Memory
from registrar.planning.ownership import stamp_of
from registrar.registries.registry import Registry
from registrar.registries.view import EntryView


@dataclass(frozen=True, slots=True)
class Observation:
    """An answer, and how old it may be.

    Attributes:
        entry: the entry; None if none is known at that place.
        fresh: it was read from the registry just now, so that a write may be planned from it.
    """

    entry: RegistryEntry | None
    fresh: bool = False


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
