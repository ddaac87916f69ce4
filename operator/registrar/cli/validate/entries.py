"""The entries that manifests represent, as far as files alone say which those are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from registrar.cli.documents.load import Path
from registrar.cli.documents.manifest import FileManifest
from registrar.cli.documents.references import ById, ByNames, ByResource, named_registry, reference_in
from registrar.cli.validate.found import Found
from registrar.kinds.base import EntryKind
from registrar.kinds.table import kind_of

Key = tuple[str, str | None, str]
"""Kind, namespace and name of a resource; no namespace where none is known."""
Place = tuple[str | None, ...]
"""What identifies an entry: how its root is known, and the names from there down."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that a manifest represents: the resource's own, or an inline one.

    Attributes:
        found: the manifest.
        path: where in the manifest it is.
        kind: its kind.
        place: what identifies it, without its kind.
        external_id: its external ID, if the manifest sets one.
        registry: the ClusterRegistry that the manifest names, or else one above it; None if none of them names one.
    """

    found: Found
    path: Path
    kind: EntryKind
    place: Place
    external_id: str | None
    registry: str | None = None

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.place[-1])

    @property
    def name_path(self) -> Path:
        """Where in the manifest its name is."""
        manifest = self.found.manifest
        if self.path or (manifest is not None and "name" in manifest.spec):
            return (*(self.path or ("spec",)), "name")
        return ("metadata", "name")

    @property
    def name_place(self) -> str:
        """File and line of its name."""
        return self.found.place(self.name_path)

    def __str__(self) -> str:
        manifest = self.found.manifest
        resource = f"{self.found.kind.name} {'' if manifest is None else manifest.name}"
        return f"{self.kind.name} {self.name!r} of {resource}" if self.path else resource


class Index:
    """Manifests by what references name them by.

    Args:
        manifests: each has a name of its own.
    """

    def __init__(self, manifests: Mapping[Key, Found]) -> None:
        self._manifests = manifests

    def parent_of(self, found: Found, manifest: FileManifest) -> Key | None:
        """Return the resource that a manifest refers to as its parent; None if it refers to none."""
        match reference_in(manifest), found.kind.parent:
            case ByResource(name), parent if parent is not None:
                return (parent.kind, found.namespace, name)
        return None

    def registry_of(self, found: Found) -> str | None:
        """Return the ClusterRegistry that a manifest names, or else one above it; None if none of them names one."""
        manifest = found.manifest
        if manifest is None:
            return None
        named = named_registry(manifest)
        if named is not None:
            return named
        key = self.parent_of(found, manifest)
        parent = None if key is None else self._manifests.get(key)
        return None if parent is None else self.registry_of(parent)

    def entries(self) -> Iterator[Entry]:
        """Yield the entries of all manifests whose references say something."""
        for found in self._manifests.values():
            manifest = found.manifest
            place = None if manifest is None else self._place(found, manifest)
            if manifest is None or place is None:
                continue
            registry = self.registry_of(found)
            yield Entry(found, (), found.kind.entry, place, _text(manifest.spec.get("externalId")), registry)
            for inline in found.kind.inline:
                for position, item in manifest.items(inline.field):
                    path = ("spec", inline.field, position)
                    own = (*place, item["name"])
                    yield Entry(found, path, inline.entry, own, _text(item.get("externalId")), registry)

    def _place(self, found: Found, manifest: FileManifest) -> Place | None:
        parent = found.kind.parent
        if parent is None:
            return ("names", manifest.entry_name)
        above: Place | None = None
        match reference_in(manifest):
            case ByResource(name):
                key = (parent.kind, found.namespace, name)
                known = self._manifests.get(key)
                body = None if known is None else known.manifest
                # A resource that is not here represents some entry, whatever the name of that is.
                above = ("resource", *key) if known is None or body is None else self._place(known, body)
            case ById(entry_id):
                above = ("id", kind_of(parent.kind).entry.name, entry_id)
            case ByNames(names):
                above = ("names", *names)
        return None if above is None else (*above, manifest.entry_name)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
