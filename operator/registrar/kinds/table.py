"""The table of kinds: one row each, parents before children. Whatever differs from kind to kind is read from here."""

from __future__ import annotations

from typing import Any

from model_registry.types import RegistryEntry
from registrar.api.bodies import ResourceKey
from registrar.api.meta import Resource
from registrar.api.v1alpha1.cluster_registry import ClusterRegistry
from registrar.kinds.artifacts import DOC_ARTIFACT, MODEL_ARTIFACT_RESOURCE
from registrar.kinds.base import EntryKind, ResourceKind
from registrar.kinds.model_version import MODEL_VERSION
from registrar.kinds.registered_model import REGISTERED_MODEL

KINDS: tuple[ResourceKind, ...] = (
    REGISTERED_MODEL,
    MODEL_VERSION,
    MODEL_ARTIFACT_RESOURCE,
)

RESOURCES = tuple(kind.resource for kind in KINDS)
"""The class of every kind of resource that manages an entry, parents before children."""

DEFINED: tuple[type[Resource[Any, Any]], ...] = (*RESOURCES, ClusterRegistry)
"""The class of every kind that has a CustomResourceDefinition."""

INLINE_ONLY: tuple[EntryKind, ...] = (DOC_ARTIFACT,)
"""Entry kinds that no resource of their own represents."""

_BY_NAME = {kind.name: kind for kind in KINDS}

ENTRY_KINDS: dict[str, EntryKind] = {kind.name: kind for kind in (*(row.entry for row in KINDS), *INLINE_ONLY)}
"""Every entry kind, by its name."""

_ORDER = {kind.name: number for number, kind in enumerate(KINDS)}

_RESOURCES = {kind.entry.entry: kind for kind in KINDS}

FAMILIES: tuple[type[RegistryEntry], ...] = tuple(dict.fromkeys(kind.family for kind in ENTRY_KINDS.values()))
"""The families of entries, parents before children; each has one list and one feed."""


def kind_of(name: str) -> ResourceKind:
    """Return the row of a kind, by the name that manifests write. Raises KeyError for a name that no row has."""
    return _BY_NAME[name]


def kind_order(key: ResourceKey) -> int:
    """Return the place of a resource's kind, parents before children."""
    return _ORDER[key.kind]


def entry_kind(entry_type: type[RegistryEntry]) -> EntryKind | None:
    """Return the kind of the entries of that type; None for artifacts of a type that is unknown here."""
    return next((kind for kind in ENTRY_KINDS.values() if kind.entry is entry_type), None)


def family_of(entry_type: type[RegistryEntry]) -> type[RegistryEntry]:
    """Return the family of an entry, also of an artifact whose type is unknown here.

    Raises:
        LookupError: no kind of this operator has such entries.
    """
    for family in FAMILIES:
        if issubclass(entry_type, family):
            return family
    raise LookupError(f"{entry_type.__name__} is of no kind that this operator knows")


def lineage(kind: ResourceKind) -> tuple[EntryKind, ...]:
    """Return the entry kinds from the root down to this kind."""
    above = () if kind.parent is None else lineage(kind_of(kind.parent.kind))
    return (*above, kind.entry)


def kinds_above(kind: EntryKind) -> tuple[EntryKind, ...]:
    """Return the entry kinds above one, from the root down."""
    for row in KINDS:
        if row.entry is kind:
            return lineage(row)[:-1]
        if any(item.entry is kind for item in row.inline):
            return lineage(row)
    raise LookupError(f"no resource represents a {kind.name}")


def resource_of(entry_type: type[RegistryEntry], reference: str) -> ResourceKey | None:
    """Return the resource that an owner stamp on an entry of this type names.

    Args:
        entry_type: the client's type of the entry.
        reference: ``namespace/name``, or ``namespace/name#artifact`` for an inline artifact.

    Returns:
        The resource; None where no kind of resource represents such an entry.
    """
    path, _, artifact = reference.partition("#")
    namespace, _, name = path.partition("/")
    if artifact:
        holders = [row for row in KINDS if any(issubclass(entry_type, item.entry.family) for item in row.inline)]
        return ResourceKey(holders[0].name, namespace, name) if holders else None
    row = _RESOURCES.get(entry_type)
    return None if row is None else ResourceKey(row.name, namespace, name)
