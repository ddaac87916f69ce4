"""Field names: as the user writes them in manifests, and as attributes of the client's entries."""

from __future__ import annotations

from enum import StrEnum
from functools import cache

from model_registry.types import RegistryEntry
from registrar.api.v1alpha1.common import EntryOrigin
from registrar.planning.actions import FieldSet
from registrar.planning.ownership import Origin

RETIRED = frozenset({"ARCHIVED", "MARKED_FOR_DELETION", "DELETED", "ABANDONED"})
"""States that represent deletion, of entries of any kind: commands leave such entries out unless asked for."""


@cache
def field_attributes(entry_type: type[RegistryEntry]) -> dict[str, str]:
    """Return the attribute names of an entry by the names that spec and ``status.ownedFields`` use."""
    return {field_name(entry_type, attribute): attribute for attribute in entry_type.model_fields}


def field_name(entry_type: type[RegistryEntry], attribute: str) -> str:
    """Return a field's name as the user writes it in the spec."""
    return entry_type.model_fields[attribute].alias or attribute


def owned_from_status(
    entry_type: type[RegistryEntry],
    fields: tuple[str, ...] | None,
    properties: tuple[str, ...] | None,
    digest: str | None = None,
) -> FieldSet:
    """Return what the resource owns, as its status records it; unknown field names are dropped."""
    attributes = field_attributes(entry_type)
    known = frozenset(attributes[name] for name in fields or () if name in attributes)
    return FieldSet(known, frozenset(properties or ()), digest)


def owned_to_status(entry_type: type[RegistryEntry], owned: FieldSet) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return ``ownedFields`` and ``ownedProperties``, sorted so that equal sets are equal lists."""
    names = (field_name(entry_type, attribute) for attribute in owned.fields)
    return tuple(sorted(names)), tuple(sorted(owned.properties))


def state_of(entry: RegistryEntry) -> str | None:
    """Return the state of an entry; None for one without a state."""
    state = getattr(entry, "state", None)
    return None if state is None else str(state)


def shown_state(entry: RegistryEntry) -> str | None:
    """Return the state of an entry as statuses and messages show it: one that is unknown here is any text."""
    state = getattr(entry, "state", None)
    return "UNKNOWN" if state is not None and not isinstance(state, StrEnum) else state_of(entry)


def describe_entry(entry: RegistryEntry) -> str:
    """Return an entry as messages name it, such as ``the ModelVersion '1.0' (id 7, LIVE)``."""
    state = shown_state(entry)
    return f"the {type(entry).__name__} {entry.name!r} (id {entry.id}{'' if state is None else f', {state}'})"


def origin_from_status(origin: EntryOrigin | None) -> Origin | None:
    """Return how an entry came under management, as the status records it."""
    return None if origin is None else Origin(origin.lower())


def origin_to_status(origin: Origin) -> EntryOrigin:
    """Return how an entry came under management, as the status writes it. ``KEPT`` and ``RELEASED`` never get here."""
    return EntryOrigin(origin.capitalize())
