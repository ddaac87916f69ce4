"""A part of a registry, read as it is asked for: for what needs a few entries of many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from model_registry.types import RegistryEntry
from registrar.kinds.base import EntryKind
from registrar.planning.external_ids import ExternalIdSpace
from registrar.registries.inventory import Inventory


class RegistryPart(Protocol):
    """What was read of one registry server so far. Each question is sent once. Every method may raise RegistryError."""

    @property
    def listed(self) -> frozenset[str]:
        """The versions whose artifacts were read."""

    async def read_stamped(self, family: type[RegistryEntry], stamps: Sequence[str], owners: Sequence[str]) -> None:
        """Read the entries of a family that have one of these owner stamps, or are inline artifacts.

        Args:
            family: the family.
            stamps: whole stamps.
            owners: stamps without their origin, of versions whose inline artifacts are read.
        """

    async def get(self, kind: EntryKind, entry_id: str) -> RegistryEntry | None:
        """Return an entry by its ID."""

    async def find(self, kind: EntryKind, name: str, parent_id: str) -> Sequence[RegistryEntry]:
        """Return the models or versions of exactly that name under that parent: one, or several by mistake."""

    async def artifacts_of(self, version_id: str) -> Sequence[RegistryEntry]:
        """Return the artifacts of a version."""

    async def with_external_id(self, space: ExternalIdSpace, external_id: str) -> Sequence[RegistryEntry]:
        """Return the entry with an external ID, if one of that space has it."""

    def entries(self) -> Iterable[RegistryEntry]:
        """Return all that was read."""

    def inventory(self) -> Inventory:
        """Return all that was read, as an inventory."""
