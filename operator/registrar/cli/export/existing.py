"""The manifests that a folder already has, and which entries they represent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from registrar.cli.catalogue import Catalogue, Place
from registrar.cli.console import AttentionError
from registrar.cli.documents.load import Document, DocumentError, load, resources
from registrar.cli.documents.manifest import FileManifest, manifest_in
from registrar.cli.export.known import Known, Places, items, known_from
from registrar.cli.files import JSON, manifest_files, open_to_read
from registrar.kinds.base import ResourceKind
from registrar.kinds.table import KINDS, kind_of

_NAMES = frozenset(kind.name for kind in KINDS)


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
        known: the entries that they represent.
        lost: those whose reference leads to nothing, so that no entry can be theirs.
        repeated: those that declare an entry which one before them declares, each with that one.
    """

    resources: dict[Place, Found] = field(default_factory=dict)
    known: Known = field(default_factory=Known)
    lost: list[Found] = field(default_factory=list)
    repeated: list[tuple[Found, Found]] = field(default_factory=list)


def read_existing(
    directory: Path, namespace: str | None, catalogue: Catalogue, registry_ref: str | None = None
) -> Existing:
    """Return the manifests under a folder; of several for one entry, the first by path.

    Args:
        directory: the folder; it need not exist.
        namespace: pass over manifests of other namespaces; None takes all.
        catalogue: the registry, for references by ID.
        registry_ref: pass over manifests that belong to other ClusterRegistries; None takes all.

    Raises:
        AttentionError: a file cannot be read: an export that does not know what is there would write it twice.
    """
    raw = [
        (file, document, manifest)
        for file in _files(directory)
        for document in _documents(file)
        for manifest in _manifests(document, namespace)
    ]
    places = Places((manifest for _, _, manifest in raw), catalogue)
    resources: dict[Place, Found] = {}
    declared: dict[Place, Found] = {}
    repeated: list[tuple[Found, Found]] = []
    lost = []
    placed = []
    for file, document, manifest in raw:
        if registry_ref is not None and places.registry_of(manifest) not in {None, registry_ref}:
            continue
        place = places.of(manifest)
        is_alone = file.suffix != JSON and manifest.body is document.content
        found = Found(file, document, manifest, kind_of(manifest.kind), place or (), is_alone)
        if place is None:
            lost.append(found)
        else:
            resources.setdefault(place, found)
            placed.append((manifest, place))
            others = [declared.setdefault(each, found) for each in (place, *items(manifest, place))]
            repeated += [(found, first) for first in others if first is not found][:1]
    return Existing(resources, known_from(placed), lost, repeated)


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
