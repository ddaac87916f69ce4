"""Everything that a registry holds, at one moment, whoever manages it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from model_registry.types import Artifact, ModelVersion, RegisteredModel, RegistryEntry

Progress = Callable[[int], None]
"""Is given the number of entries read so far."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """The entries of a registry, each list by ID.

    Attributes:
        models: the registered models.
        versions: the versions of all models.
        artifacts: the artifacts of each version, by the version's ID; versions without artifacts may be absent.
        loose_artifacts: the artifacts that no version holds.
        unreadable: how many entries are missing, because what the registry returned is no entry.
        unread: the versions whose artifacts were not asked for: these are among the loose ones.
    """

    models: Sequence[RegisteredModel]
    versions: Sequence[ModelVersion]
    artifacts: Mapping[str, Sequence[Artifact]]
    loose_artifacts: Sequence[Artifact]
    unreadable: int = 0
    unread: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.models) + len(self.versions) + len(self.distinct_artifacts())

    def distinct_artifacts(self) -> list[Artifact]:
        """Return every artifact once, by ID: several versions can hold the same."""
        held = [artifact for artifacts in self.artifacts.values() for artifact in artifacts]
        by_id = {artifact.id: artifact for artifact in [*held, *self.loose_artifacts]}
        return sorted(by_id.values(), key=id_number)

    def holders(self) -> dict[str, str]:
        """Return the ID of the version that holds each artifact, the oldest of several."""
        held = [(str(artifact.id), version_id) for version_id, some in self.artifacts.items() for artifact in some]
        return dict(reversed(held))


Needs = Callable[[Inventory], Awaitable[Collection[str]]]
"""Returns the versions whose artifacts an inventory lacks for some purpose; none once it has all that is needed."""


class InventoryReader(Protocol):
    """One registry server, to be read as a whole."""

    async def read(self, progress: Progress) -> Inventory:
        """Return what the registry holds at the end of the reading, what changed meanwhile included.

        Raises:
            RegistryError: the registry cannot be read, or was reset meanwhile.
        """

    async def read_for(self, needs: Needs, progress: Progress) -> Inventory:
        """Return all entries, but the artifacts by version only where they are needed: these take a list a version.

        Args:
            needs: is asked until it needs nothing more, and again if anything changed meanwhile.
            progress: is shown the number of entries.

        Returns:
            The inventory that satisfied `needs`.

        Raises:
            RegistryError: as `read`.
        """


def id_number(entry: RegistryEntry) -> int:
    """Return the ID of an entry as a number, by which the older of two is the smaller."""
    return int(entry.id or 0)
