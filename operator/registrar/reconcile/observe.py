"""Observes the entry at the place of a desired one: from the view, or by one read of the registry."""

from __future__ import annotations

from dataclasses import dataclass

from model_registry.types import RegistryEntry
from registrar.kinds.base import Desired
from registrar.planning.actions import RecordedState
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


async def observe(
    desired: Desired, recorded: RecordedState, registry: Registry, *, force_read: bool, by_name: bool = False
) -> Observation:
    """Find the entry of a resource: by the ID in its status, then by its stamp.

    An ID alone proves nothing: after a database reset it can name another entry. So an entry of another type, name,
    parent or creation time under that ID does not count, and the place is then looked up by name when a creation meets
    a conflict. Nor does a stamp alone prove an artifact, which does not report its version: an earlier resource of the
    same name may have left one in another version.

    Args:
        desired: the place, and the resource that wants it.
        recorded: what the status records.
        registry: the registry.
        force_read: read the registry even if the view knows the entry.
        by_name: where neither finds an entry, look it up by name too. Without it a creation meets an existing entry as
            a conflict, which saves a request for each new entry; with it a dry run can distinguish a creation
            from an adoption.

    Raises:
        RegistryError: the registry could not answer.
    """
    found = await _observe_known(desired, recorded, registry, force_read=force_read)
    if found.entry is None and by_name:
        return Observation(await registry.find(desired.kind, desired.name, desired.parent_id), fresh=True)
    return found


async def _observe_known(
    desired: Desired, recorded: RecordedState, registry: Registry, *, force_read: bool
) -> Observation:
    kind = desired.kind
    known = _in_view(desired, recorded, registry.view)
    if known is not None and not force_read:
        return Observation(known)
    entry_id = recorded.entry_id if known is None else known.id
    if entry_id is None:
        return Observation(None)
    found = await registry.get(kind, entry_id)
    if found is None:
        return Observation(None)
    stamp = stamp_of(found, registry.owner_id)
    if not kind.reports_parent and (stamp is None or stamp.reference != desired.reference):
        # An artifact does not report its version: without our stamp on it only the version's list proves it.
        return Observation(await registry.find(kind, desired.name, desired.parent_id), fresh=True)
    is_known = found.id != recorded.entry_id or recorded.proves(found)
    return Observation(found if is_known and desired.matches(found) else None, fresh=True)


def _in_view(desired: Desired, recorded: RecordedState, view: EntryView) -> RegistryEntry | None:
    """Return the desired entry as the view shows it, where that is proof enough."""
    if recorded.entry_id is not None:
        known = view.by_id(desired.kind, recorded.entry_id)
        if known is not None and desired.matches(known) and recorded.proves(known):
            return known
    return view.at(desired) if desired.kind.reports_parent else None
