"""The manifests that a folder already has, and which entries they represent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from registrar.cli.catalogue import Catalogue, Place
from registrar.cli.console import AttentionError
from registrar.cli.documents.load import Document, DocumentError, load, resources
from registrar.cli.documents.manifest import FileManifest, manifest_in
from registrar.cli.documents.references import ById, ByNames, ByResource, reference_in
from registrar.cli.files import JSON, manifest_files, open_to_read
from registrar.kinds.base import ResourceKind
from registrar.kinds.table import KINDS, kind_of

_NAMES = frozenset(kind.name for kind in KINDS)
_ByName = dict[tuple[str, str | None, str], FileManifest]
"""Manifests by kind, namespace as written, and name."""


@dataclass(frozen=True, slots=True)
class Found:
    """A manifest in a file.

    Attributes:
        file: the file.
        document: the document that holds it.
        manifest: the resource as it is written.
        kind: its kind.
        place: the entry that it represents; empty if its reference leads to nothing.
        is_alone: whether it is a document of YAML, and no item of a List, so that it can be replaced.
    """

    file: Path
    document: Document
    manifest: FileManifest
    kind: ResourceKind
    place: Place
    is_alone: bool

    @property
    def name(self) -> str:
        """Its ``metadata.name``."""
        return self.manifest.name

    def __str__(self) -> str:
        return f"{self.file}:{self.document.line}: {self.kind.name} {self.name}"


@dataclass(frozen=True, slots=True)
class Existing:
    """The manifests of a folder, by the places of their entries.

    Attributes:
        resources: those whose own entry is at a place.
        inline: those that hold an inline entry for a place.
        lost: those whose reference leads to nothing, so that no entry can be theirs.
    """

    resources: dict[Place, Found] = field(default_factory=dict)
    inline: dict[Place, Found] = field(default_factory=dict)
    lost: list[Found] = field(default_factory=list)

    def name_at(self, place: Place) -> tuple[str, ...]:
        """Return the name of the resource that represents a place; empty if none does."""
        found = self.resources.get(place)
        return () if found is None else (found.name,)

    def has(self, place: Place) -> bool:
        """Return whether a manifest represents a place."""
        return place in self.resources or place in self.inline


def read_existing(directory: Path, namespace: str | None, catalogue: Catalogue) -> Existing:
    """Return the manifests under a folder; of several for one entry, the first by path.

    Args:
        directory: the folder; it need not exist.
        namespace: pass over manifests of other namespaces; None takes all.
        catalogue: the registry, for references by ID.

    Raises:
        AttentionError: a file cannot be read: an export that does not know what is there would write it twice.
    """
    raw = [
        (file, document, manifest)
        for file in _files(directory)
        for document in _documents(file)
        for manifest in _manifests(document, namespace)
    ]
    by_name: _ByName = {}
    for _, _, manifest in raw:
        by_name.setdefault((manifest.kind, manifest.namespace, manifest.name), manifest)
    existing = Existing()
    for file, document, manifest in raw:
        place = _place(manifest, by_name, catalogue)
        is_alone = file.suffix != JSON and manifest.body is document.content
        found = Found(file, document, manifest, kind_of(manifest.kind), place or (), is_alone)
        if place is None:
            existing.lost.append(found)
            continue
        existing.resources.setdefault(place, found)
        for item in _items(manifest, place):
            existing.inline.setdefault(item, found)
    return existing


def _files(directory: Path) -> list[Path]:
    try:
        return manifest_files(directory) if directory.exists() else []
    except OSError as error:
        raise AttentionError(f"{error.filename} cannot be read: {error.strerror}") from error


def _documents(file: Path) -> list[Document]:
    try:
        with open_to_read(file) as opened:
            return load(opened.read())
    except DocumentError as error:
        raise AttentionError(f"{file}:{error.line}: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise AttentionError(f"{file} cannot be read: {error}") from error


def _manifests(document: Document, namespace: str | None) -> Iterator[FileManifest]:
    for content in resources(document):
        manifest = manifest_in(content)
        if (
            manifest is not None
            and manifest.kind in _NAMES
            and manifest.namespace in {None, namespace or manifest.namespace}
        ):
            yield manifest


def _place(manifest: FileManifest, by_name: _ByName, catalogue: Catalogue) -> Place | None:
    """Return where the entry of a manifest is; None if its reference leads to nothing that is known here."""
    kind = kind_of(manifest.kind)
    if kind.parent is None:
        return (kind.entry.name, manifest.entry_name)
    parent = kind_of(kind.parent.kind)
    above: Place | None = None
    match reference_in(manifest):
        case ByResource(name):
            named = by_name.get((parent.name, manifest.namespace, name))
            above = None if named is None else _place(named, by_name, catalogue)
        case ById(entry_id):
            entry = catalogue.by_id(parent.entry, entry_id)
            above = None if entry is None else catalogue.place(entry)
        case ByNames(names):
            above = (parent.entry.name, *names)
    return None if above is None else (kind.entry.name, *above[1:], manifest.entry_name)


def _items(manifest: FileManifest, place: Place) -> Iterator[Place]:
    for inline in kind_of(manifest.kind).inline:
        items = manifest.spec.get(inline.field)
        for item in items if isinstance(items, list) else ():
            if isinstance(item, Mapping) and isinstance(item.get("name"), str):
                yield (inline.entry.name, *place[1:], item["name"])
