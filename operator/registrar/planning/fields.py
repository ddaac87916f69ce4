"""Names as the user writes them, and the attributes that they are here. Pure."""

from __future__ import annotations

from functools import cache

from model_registry.types import RegistryEntry
from registrar.planning.actions import Owned


@cache
def field_attributes(entry_type: type[RegistryEntry]) -> dict[str, str]:
    """Attribute names of an entry by the names that spec and ``status.ownedFields`` write."""
    return {field.alias or name: name for name, field in entry_type.model_fields.items()}


def owned_from_status(
    entry_type: type[RegistryEntry], fields: tuple[str, ...] | None, properties: tuple[str, ...] | None
) -> Owned:
    """What is owned, from ``ownedFields`` and ``ownedProperties``; names that no field has any more are dropped."""
    attributes = field_attributes(entry_type)
    return Owned(
        frozenset(attributes[name] for name in fields or () if name in attributes), frozenset(properties or ())
    )


def owned_to_status(entry_type: type[RegistryEntry], owned: Owned) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``ownedFields`` and ``ownedProperties``, sorted so that equal sets are equal lists."""
    names = {attribute: name for name, attribute in field_attributes(entry_type).items()}
    return tuple(sorted(names[attribute] for attribute in owned.fields)), tuple(sorted(owned.properties))


def storage_uri(model: str, version: str) -> str | None:
    """KServe's address of a version; None if a name holds a slash, which that form cannot express."""
    return None if "/" in model + version else f"model-registry://{model}/{version}"


def camel_case(entry_type: type[RegistryEntry], attribute: str) -> str:
    """A field's name as the user writes it in the spec."""
    return entry_type.model_fields[attribute].alias or attribute
