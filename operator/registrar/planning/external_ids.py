"""External IDs: among which entries each is unique, and what an entry has that gave its own up."""

from __future__ import annotations

from model_registry.types import Artifact, RegistryEntry

ExternalIdSpace = type[RegistryEntry]
"""The entries among which an external ID is unique, by their common class."""

MAX_LENGTH = 255
"""Characters of an external ID, in the schema and in the registry's database."""


def released_external_id(external_id: str, entry_id: str) -> str:
    """Return the external ID that an archived entry has after it gave this one up: ``<external ID>~released-<ID>``.

    It differs from the given one, and from that of every other entry, because it ends with the entry's own ID. A long
    external ID is cut to make room.
    """
    suffix = f"~released-{entry_id}"
    kept = external_id[: MAX_LENGTH - len(suffix)]
    return (kept if kept + suffix != external_id else kept[1:]) + suffix


def external_id_space(entry_type: type[RegistryEntry]) -> ExternalIdSpace:
    """Return among which entries the external IDs of a type are unique: artifacts, or models and versions together."""
    return Artifact if issubclass(entry_type, Artifact) else RegistryEntry
