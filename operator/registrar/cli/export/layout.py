"""Where a manifest goes in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import PurePosixPath

from registrar.cli.catalogue import Place
from registrar.cli.export.manifests import Manifest
from registrar.kinds.model_version import MODEL_VERSION
from registrar.kinds.registered_model import REGISTERED_MODEL

_RESERVED = frozenset(
    ("con", "prn", "aux", "nul", *(f"{name}{digit}" for name in ("com", "lpt") for digit in range(1, 10)))
)
"""Names of devices in Windows, with any ending."""
_MODEL_FILE = "model"


class Layout(StrEnum):
    """How manifests are spread over files."""

    TREE = "tree"
    """A folder for each model: ``model.yaml``, and a file for each version with its artifacts."""
    MODEL = "model"
    """A file for each model, with its versions and artifacts."""
    FLAT = "flat"
    """A file for each resource."""


def file_of(manifest: Manifest, layout: Layout, folder_names: Mapping[Place, str]) -> PurePosixPath:
    """Return the file of a manifest, relative to the folder.

    Args:
        manifest: the manifest.
        layout: the layout.
        folder_names: names by the places of models and versions; that of a version names the file of its artifacts.
    """
    model_place, version_place = (REGISTERED_MODEL.entry.name, manifest.place[1]), manifest.place[:3]
    model = folder_names[model_place]
    if layout is Layout.FLAT:
        return PurePosixPath(f"{manifest.kind.resource.SINGULAR}-{manifest.name}.yaml")
    if layout is Layout.MODEL:
        return PurePosixPath(f"{_safe(model)}.yaml")
    if manifest.kind is REGISTERED_MODEL:
        return PurePosixPath(_safe(model), f"{_MODEL_FILE}.yaml")
    version = folder_names[(MODEL_VERSION.entry.name, *version_place[1:])]
    # A version of that name must not share the file of its model.
    return PurePosixPath(_safe(model), f"{f'{version}_' if version == _MODEL_FILE else _safe(version)}.yaml")


def _safe(name: str) -> str:
    stem, point, rest = name.partition(".")
    return f"{stem}_{point}{rest}" if stem in _RESERVED else name
