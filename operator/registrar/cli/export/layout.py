"""Where a manifest goes in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from registrar.cli.catalogue import Catalogue, Place
from registrar.cli.export.existing import Existing
from registrar.cli.export.manifests import Manifest
from registrar.cli.export.names import Nameable, assign
from registrar.kinds.base import ResourceKind
from registrar.kinds.model_version import MODEL_VERSION
from registrar.kinds.registered_model import REGISTERED_MODEL

NO_OWNER = "no-owner"
"""The folder of models that have no owner."""

_RESERVED = frozenset(
    (
        "kustomization",  # kustomize and Argo CD would not take that file for a manifest
        # Names of devices in Windows, with any ending.
        *("con", "prn", "aux", "nul"),
        *(f"{name}{digit}" for name in ("com", "lpt") for digit in range(1, 10)),
    )
)
_MODEL_FILE = "model"
_HERE = PurePosixPath()


class Layout(StrEnum):
    """How manifests are spread over files."""

    TREE = "tree"
    """A folder for each model: ``model.yaml``, and a file for each version with its artifacts."""
    MODEL = "model"
    """A file for each model, with its versions and artifacts."""
    FLAT = "flat"
    """A file for each resource."""


class Grouping(StrEnum):
    """What folders there are above those of the layout."""

    OWNER = "owner"
    """A folder for each value of the models' field ``owner``."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of an export.

    Attributes:
        layout: how manifests are spread.
        names: names of resources by the places of models and versions; that of a version names the file of its
            artifacts.
        above: folders above those of the layout, by the names of models; models that are absent have none.
    """

    layout: Layout
    names: Mapping[Place, str]
    above: Mapping[str, PurePosixPath]

    def file_of(self, manifest: Manifest) -> PurePosixPath:
        """Return the file of a manifest, relative to the folder of the export."""
        below = _path(self.layout, self.names, manifest.kind, manifest.name, manifest.place)
        return self.above.get(manifest.place[1], _HERE) / below


def plan_files(
    catalogue: Catalogue,
    existing: Existing,
    directory: Path,
    layout: Layout,
    names: Mapping[Place, str],
    grouping: Grouping | None = None,
) -> Files:
    """Return where manifests go that a folder does not have yet.

    What is new of a model goes where its manifests are, so a folder that someone moved stays together, and so does a
    model that has another owner now.

    Args:
        catalogue: the registry.
        existing: the manifests of the folder.
        directory: the folder.
        layout: how manifests are spread.
        names: names of resources by the places of models and versions.
        grouping: what folders there are above; None for no such folders.
    """
    above = _folders_of_owners(catalogue) if grouping is Grouping.OWNER else {}
    return Files(layout, names, {**above, **_present_folders(existing, directory, layout, names)})


def _folders_of_owners(catalogue: Catalogue) -> dict[str, PurePosixPath]:
    """Return the folder for each model by its owner; of owners with one slug, that of the oldest model keeps it."""
    owners = {model.name: model.owner or "" for model in catalogue.inventory.models}
    oldest: dict[str, str] = {}
    for model in catalogue.inventory.models:
        oldest.setdefault(model.owner or "", str(model.id))
    known = {"": (NO_OWNER,)}
    folders = assign(
        (Nameable("", ("", owner), entry_id, known.get(owner, ())) for owner, entry_id in oldest.items()),
        lambda owner: int(owner.entry_id),
    )
    return {name: PurePosixPath(_safe(folders["", oldest[owner]])) for name, owner in owners.items()}


def _present_folders(
    existing: Existing, directory: Path, layout: Layout, names: Mapping[Place, str]
) -> dict[str, PurePosixPath]:
    """Return the folder above those of the layout for each model with manifests in files of the layout's names."""
    folders: dict[str, PurePosixPath] = {}
    # Where the model is itself, before where one of its versions is.
    for place, found in sorted(existing.resources.items(), key=lambda item: len(item[0])):
        if (REGISTERED_MODEL.entry.name, place[1]) not in names:
            continue
        expected = _path(layout, names, found.kind, found.name, place).parts
        present = found.file.relative_to(directory).parts
        if present[-len(expected) :] == expected:
            folders.setdefault(place[1], PurePosixPath(*present[: -len(expected)]))
    return folders


def _path(layout: Layout, names: Mapping[Place, str], kind: ResourceKind, name: str, place: Place) -> PurePosixPath:
    """Return the file of a resource in a layout, without folders above."""
    model = names[REGISTERED_MODEL.entry.name, place[1]]
    if layout is Layout.FLAT:
        return PurePosixPath(f"{kind.resource.SINGULAR}-{name}.yaml")
    if layout is Layout.MODEL:
        return PurePosixPath(f"{_safe(model)}.yaml")
    if kind is REGISTERED_MODEL:
        return PurePosixPath(_safe(model), f"{_MODEL_FILE}.yaml")
    version = names.get((MODEL_VERSION.entry.name, *place[1:3]), name)
    # A version of that name must not share the file of its model.
    return PurePosixPath(_safe(model), f"{f'{version}_' if version == _MODEL_FILE else _safe(version)}.yaml")


def _safe(name: str) -> str:
    stem, point, rest = name.partition(".")
    return f"{stem}_{point}{rest}" if stem in _RESERVED else name
