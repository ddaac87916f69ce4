"""The entries of a registry by their places: what an export looks up again and again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model_registry.types import Artifact, ModelVersion, RegisteredModel, RegistryEntry
from registrar.kinds.base import EntryKind
from registrar.kinds.table import ENTRY_KINDS
from registrar.registries.inventory import Inventory

Place = tuple[str, ...]
"""Kind, and the names from the root down to the entry: equal for the same entry in two registries."""

_KIND_NAMES = {kind.entry: name for name, kind in ENTRY_KINDS.items()}


def kind_name(entry: RegistryEntry) -> str:
    """Return the name of an entry's kind, as claims and the status of a version write it."""
    return _KIND_NAMES.get(type(entry), type(entry).__name__)


@dataclass(frozen=True, slots=True)
class Held:
    """An artifact in the version that it is exported with.

    Attributes:
        artifact: the artifact.
        version: the version with the lowest ID of those that hold it.
        others: IDs of the other versions that hold it.
    """

    artifact: Artifact
    version: ModelVersion
    others: tuple[str, ...]


class Catalogue:
    """An inventory with its indexes.

    Attributes:
        inventory: the inventory.
        held: the artifacts of versions that have a model, by ID.
        orphans: versions without a model, and artifacts without a version, each with its own parent missing.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self._models = {str(model.id): model for model in inventory.models}
        self._versions = {str(version.id): version for version in inventory.versions}
        self.held = tuple(self._held())
        self._by_version: defaultdict[str, list[Held]] = defaultdict(list)
        for held in self.held:
            self._by_version[str(held.version.id)].append(held)
        self._versions_of: defaultdict[str, list[ModelVersion]] = defaultdict(list)
        for version in inventory.versions:
            self._versions_of[str(version.registered_model_id)].append(version)
        self._links: defaultdict[str, list[Held]] = defaultdict(list)
        for held in self.held:
            for version_id in held.others:
                self._links[version_id].append(held)
        held_ids = {held.artifact.id for held in self.held}
        self.orphans: tuple[RegistryEntry, ...] = (
            *(version for version in inventory.versions if self.model_of(version) is None),
            *(artifact for artifact in inventory.distinct_artifacts() if artifact.id not in held_ids),
        )
        self._at: defaultdict[Place, list[RegistryEntry]] = defaultdict(list)
        for entry in (*inventory.models, *inventory.versions):
            self._at[self.place(entry)].append(entry)
        for held in self.held:
            self._at[self.place(held.artifact, held.version)].append(held.artifact)

    def model_of(self, version: ModelVersion) -> RegisteredModel | None:
        """Return the model of a version; None if the registry has none."""
        return self._models.get(str(version.registered_model_id))

    def versions_of(self, model: RegisteredModel) -> Sequence[ModelVersion]:
        """Return the versions of a model, by ID."""
        return self._versions_of.get(str(model.id), ())

    def by_id(self, kind: EntryKind, entry_id: str) -> RegisteredModel | ModelVersion | None:
        """Return a model or version by its ID."""
        return self._models.get(entry_id) if kind.entry is RegisteredModel else self._versions.get(entry_id)

    def artifacts_of(self, version: ModelVersion) -> Sequence[Held]:
        """Return the artifacts that are exported with a version, by ID."""
        return self._by_version.get(str(version.id), ())

    def links_of(self, version: ModelVersion) -> Sequence[Held]:
        """Return the artifacts that a version holds too, and that are exported with another one."""
        return self._links.get(str(version.id), ())

    def place(self, entry: RegistryEntry, version: ModelVersion | None = None) -> Place:
        """Return the place of an entry; of an artifact, in a version."""
        name = str(entry.name)
        match entry:
            case ModelVersion():
                model = self.model_of(entry)
                return (kind_name(entry), "" if model is None else model.name, name)
            case Artifact() if version is not None:
                return (kind_name(entry), *self.place(version)[1:], name)
        return (kind_name(entry), name)

    def at(self, place: Place) -> Sequence[RegistryEntry]:
        """Return the entries at a place: none, one, or several, which only their IDs distinguish."""
        return self._at.get(place, ())

    def _held(self) -> Iterator[Held]:
        """Yield each artifact once, by ID."""
        holders: defaultdict[str, list[str]] = defaultdict(list)
        artifacts: dict[str, Artifact] = {}
        for version_id in sorted(self.inventory.artifacts, key=int):
            version = self._versions.get(version_id)
            if version is None or self.model_of(version) is None:
                continue
            for artifact in self.inventory.artifacts[version_id]:
                holders[str(artifact.id)].append(version_id)
                artifacts[str(artifact.id)] = artifact
        for artifact_id in sorted(artifacts, key=int):
            lowest, *others = holders[artifact_id]
            yield Held(artifacts[artifact_id], self._versions[lowest], tuple(others))
