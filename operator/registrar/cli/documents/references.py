"""How a manifest refers to the parent of its entry, and to its registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic.alias_generators import to_camel

from registrar.api.v1alpha1.registry_ref import RegistryKind
from registrar.cli.documents.manifest import FileManifest
from registrar.kinds.table import kind_of


@dataclass(frozen=True, slots=True)
class ByResource:
    """A reference to a resource of the same namespace, by its ``metadata.name``."""

    name: str


@dataclass(frozen=True, slots=True)
class ById:
    """A reference to an entry by its ID."""

    entry_id: str


@dataclass(frozen=True, slots=True)
class ByNames:
    """A reference to an entry by the names from the root down to it."""

    names: tuple[str, ...]


Reference = ByResource | ById | ByNames


def reference_in(manifest: FileManifest) -> Reference | None:
    """Return the reference of a manifest; None at the root, and for a reference that says nothing."""
    kind = kind_of(manifest.kind)
    parent = kind.parent
    if parent is None:
        return None
    reference = _map(manifest.spec.get(kind.reference_field))
    external = _map(reference.get("external"))
    if isinstance(name := reference.get("name"), str):
        return ByResource(name)
    if isinstance(entry_id := external.get("id"), str):
        return ById(entry_id)
    names = tuple(external.get(to_camel(name)) for name in parent.external_names)
    return ByNames(tuple(map(str, names))) if all(isinstance(name, str) for name in names) else None


def named_registry(manifest: FileManifest) -> str | None:
    """Return the ClusterRegistry that a manifest itself names; None if it names none."""
    name = _map(manifest.spec.get("registryRef")).get("name")
    return name if isinstance(name, str) else None


def ref_to(cluster_registry: str) -> dict[str, str]:
    """Return the value of ``registryRef`` that names a ClusterRegistry."""
    return {"kind": RegistryKind.CLUSTER_REGISTRY.value, "name": cluster_registry}


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
