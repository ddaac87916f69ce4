"""Copies of entries in another registry: the same content, without IDs, times and owner stamps.

No resource declares a copy: there is no memory of it, and its values have exact types. So it is not compared by
`registrar.planning.plan`. What the entry that is copied does not have is left alone in the other registry.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from model_registry.types import Artifact, RegistryEntry
from model_registry.types.properties import OpaqueProperty, PropertyValue, StructProperty
from registrar.api.meta import OWNER_PROPERTY
from registrar.api.properties import is_reserved
from registrar.api.v1alpha1.digests import DIGEST_PROPERTY, is_of_other_address
from registrar.kinds.base import PROPERTY_PATH
from registrar.planning.actions import Change
from registrar.planning.fields import RETIRED, field_attributes, field_name
from registrar.planning.ownership import any_stamp_of

_NO_OWNER = ""
_STATE = "state"
_NOT_CONTENT = frozenset(
    {
        "name",
        "id",
        "artifact_type",
        "registered_model_id",
        "custom_properties",
        "create_time_since_epoch",
        "last_update_time_since_epoch",
    }
)


@dataclass(frozen=True, slots=True)
class Copy:
    """What another registry can hold of an entry.

    Attributes:
        entry: the entry without ID, times, parent, experiment, and properties of the operator.
        unwritable: the properties that no registry takes back, by name; the entry lacks them.
    """

    entry: RegistryEntry
    unwritable: Mapping[str, OpaqueProperty]


def copy_of(entry: RegistryEntry) -> Copy:
    """Return what another registry can hold of an entry."""
    fields = {name: value for name in _content_fields(entry) if _is_set(value := getattr(entry, name))}
    unwritable: dict[str, OpaqueProperty] = {}
    properties: dict[str, PropertyValue] = {}
    for name, value in (entry.custom_properties or {}).items():
        if is_reserved(name):
            continue
        if isinstance(value, OpaqueProperty) and not isinstance(value, StructProperty):
            unwritable[name] = value
        else:
            properties[name] = value
    return Copy(type(entry)(entry.name, custom_properties=properties, **fields), unwritable)


def differences(wanted: RegistryEntry, observed: RegistryEntry) -> tuple[Change, ...]:
    """Return what an entry lacks of a copy, or has with another value; fields first, both by name.

    Args:
        wanted: the copy.
        observed: the entry of the same type, name and parent in the other registry.
    """
    fields = []
    for attribute in _content_fields(wanted):
        after, before = getattr(wanted, attribute), getattr(observed, attribute)
        if _is_set(after) and after != before:
            plain = (None if not _is_set(value) else _plain(value) for value in (before, after))
            fields.append(Change(field_name(type(wanted), attribute), *plain))
    held = observed.custom_properties or {}
    properties = [
        Change(f"{PROPERTY_PATH}{name}", held.get(name), value)
        for name, value in sorted((wanted.custom_properties or {}).items())
        if not is_same_property(value, held.get(name))
    ]
    return (*sorted(fields, key=lambda change: change.path), *properties)


def stamp_on(entry: RegistryEntry) -> str:
    """Return the owner stamp of an entry, whichever installation manages it; empty for none, or a released one."""
    if any_stamp_of(entry, _NO_OWNER) is None:
        return ""
    return str((entry.custom_properties or {})[OWNER_PROPERTY])


def restores(change: Change) -> bool:
    """Return whether a change brings an entry back that is archived, or marked for deletion."""
    return change.path == _STATE and change.observed in RETIRED and change.wanted not in RETIRED


def changes_digest(entry: RegistryEntry, change: Change) -> bool:
    """Return whether a change gives an artifact another digest than the one that was recorded for its content.

    Args:
        entry: the entry that is changed.
        change: one of its fields or properties. A data set has a field of its own for its digest.
    """
    is_digest = change.path in {DIGEST_PROPERTY, f"{PROPERTY_PATH}{DIGEST_PROPERTY}"}
    is_recorded = change.observed not in {None, ""} and not isinstance(change.observed, OpaqueProperty)
    return isinstance(entry, Artifact) and is_digest and is_recorded


def digest_of_other_address(wanted: RegistryEntry, observed: RegistryEntry) -> str | None:
    """Return the digest that an artifact would keep beside another address; None if there is none.

    Args:
        wanted: the copy.
        observed: the artifact in the other registry.
    """
    if DIGEST_PROPERTY in (wanted.custom_properties or {}):
        return None
    known = (observed.custom_properties or {}).get(DIGEST_PROPERTY)
    before, after = getattr(observed, "uri", None), getattr(wanted, "uri", None)
    return str(known) if is_of_other_address(known, before, after) else None


def update_of(observed: RegistryEntry, changes: Iterable[Change]) -> RegistryEntry:
    """Return an entry with the ID of the observed one and nothing set but the changes.

    The map of properties is written as a whole, so it keeps the others, the owner stamp of a released entry among them.
    """
    attributes = field_attributes(type(observed))
    fields: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    for change in changes:
        if change.path.startswith(PROPERTY_PATH):
            properties[change.path.removeprefix(PROPERTY_PATH)] = change.wanted
        else:
            fields[attributes[change.path]] = change.wanted
    if properties:
        fields["custom_properties"] = {**(observed.custom_properties or {}), **properties}
    return type(observed)(observed.name, id=observed.id, **fields)


def is_same_property(left: PropertyValue | None, right: PropertyValue | None) -> bool:
    """Return equality in value and type: Python's True equals 1 and 1.0, the registry keeps three properties.

    Two registries can return the same struct with other white space, and its keys in another order.
    """
    if isinstance(left, StructProperty) and isinstance(right, StructProperty):
        return json.dumps(left.value, sort_keys=True) == json.dumps(right.value, sort_keys=True)
    return type(left) is type(right) and left == right


def _content_fields(entry: RegistryEntry) -> list[str]:
    return [name for name in type(entry).model_fields if name not in _NOT_CONTENT]


def _is_set(value: object) -> bool:
    """Return whether a field has a value: the registry returns empty texts and lists, or leaves them out. 0 is one."""
    return value is not None and value not in ("", [])


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value
