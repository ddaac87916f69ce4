"""Which entries resources represent already: what an export keeps to, whether they are in a folder or in a cluster."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from registrar.cli.catalogue import Catalogue, Place
from registrar.cli.documents.manifest import FileManifest
from registrar.cli.documents.references import ById, ByNames, ByResource, named_registry, reference_in
from registrar.kinds.table import kind_of


@dataclass(frozen=True, slots=True)
class Known:
    """The entries that resources represent, by their places.

    Attributes:
        resources: kind and name of the resource whose own entry is at a place.
        inline: the places of entries that a resource declares inline.
    """

    resources: Mapping[Place, tuple[str, str]] = field(default_factory=dict)
    inline: Collection[Place] = frozenset()

    def name_at(self, place: Place) -> tuple[str, ...]:
        """Return the name of the resource that represents a place; empty if none does."""
        found = self.resources.get(place)
        return () if found is None else (found[1],)

    def has(self, place: Place) -> bool:
        """Return whether a resource represents a place."""
        return place in self.resources or place in self.inline

    def published(self) -> dict[tuple[str, str], Place]:
        """Return the places by the kinds and names of their resources."""
        return {resource: place for place, resource in self.resources.items()}


class Places:
    """Finds the places that resources represent.

    Args:
        manifests: all resources that one of them may refer to; of several with one name, the first counts.
        catalogue: the registry, for references by ID.
    """

    def __init__(self, manifests: Iterable[FileManifest], catalogue: Catalogue) -> None:
        self._by_name: dict[tuple[str, str | None, str], FileManifest] = {}
        for manifest in manifests:
            self._by_name.setdefault((manifest.kind, manifest.namespace, manifest.name), manifest)
        self._catalogue = catalogue

    def of(self, manifest: FileManifest) -> Place | None:
        """Return where the entry of a manifest is; None if its reference leads to nothing that is known here."""
        kind = kind_of(manifest.kind)
        if kind.parent is None:
            return (kind.entry.name, manifest.entry_name)
        parent = kind_of(kind.parent.kind)
        above: Place | None = None
        match reference_in(manifest):
            case ByResource(name):
                named = self._by_name.get((parent.name, manifest.namespace, name))
                above = None if named is None else self.of(named)
            case ById(entry_id):
                entry = self._catalogue.by_id(parent.entry, entry_id)
                above = None if entry is None else self._catalogue.place(entry)
            case ByNames(names):
                above = (parent.entry.name, *names)
        return None if above is None else (kind.entry.name, *above[1:], manifest.entry_name)

    def registry_of(self, manifest: FileManifest) -> str | None:
        """Return the ClusterRegistry that a manifest names, or else one above it; None if none of them names one."""
        named = named_registry(manifest)
        match reference_in(manifest), kind_of(manifest.kind).parent:
            case ByResource(name), parent if named is None and parent is not None:
                above = self._by_name.get((parent.kind, manifest.namespace, name))
                return None if above is None else self.registry_of(above)
        return named


def known_from(manifests: Iterable[tuple[FileManifest, Place]]) -> Known:
    """Return what manifests with these places represent; of several for one entry, the first."""
    resources: dict[Place, tuple[str, str]] = {}
    inline: set[Place] = set()
    for manifest, place in manifests:
        resources.setdefault(place, (manifest.kind, manifest.name))
        inline.update(items(manifest, place))
    return Known(resources, inline)


def items(manifest: FileManifest, place: Place) -> Iterator[Place]:
    """Yield the places of the inline entries of a manifest, whose own entry is at a place."""
    for inline in kind_of(manifest.kind).inline:
        for _, item in manifest.items(inline.field):
            yield (inline.entry.name, *place[1:], item["name"])
