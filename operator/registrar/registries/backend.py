"""What the operator needs of a registry server: the narrow protocol that each backend implements.

IDs are text that only the backend understands. Errors are the client's (`model_registry.exceptions`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from model_registry.exceptions import ConflictError, RegistryError
from model_registry.types import RegistryEntry
from registrar.kinds.base import Desired, EntryKind
from registrar.planning.problems import ReconcileError

Cursor = Any
"""How far a feed has been read; opaque to everyone but its backend."""


class RegistryWentBackError(RegistryError):
    """The registry lacks what it had: its database was reset, or restored from a backup."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a feed returned.

    Attributes:
        entries: the entries that may have changed.
        cursor: where the next poll continues.
    """

    entries: Sequence[RegistryEntry]
    cursor: Cursor


class RegistryBackend(Protocol):
    """One registry server. Every method may raise RegistryError."""

    async def get(self, kind: EntryKind, entry_id: str) -> RegistryEntry | None:
        """Return the entry with that ID; None if no entry of this kind has it."""

    async def find(self, kind: EntryKind, name: str, parent_id: str) -> RegistryEntry | None:
        """Return the entry with exactly that name under that parent.

        Raises:
            AmbiguousEntryError: several entries match.
        """

    async def artifacts_of(self, version_id: str) -> Sequence[RegistryEntry]:
        """Return the artifacts of a version, of every type; none if it does not exist."""

    async def create(self, kind: EntryKind, entry: Any, parent_id: str) -> RegistryEntry:
        """Create an entry. It MUST NOT do anything that can fail after the entry exists.

        Raises:
            ConflictError: its name or external ID is taken.
            NotFound: its parent does not exist, where the server checks that.
        """

    async def update(self, kind: EntryKind, entry: Any) -> RegistryEntry:
        """Change an entry by its ID. It MUST send nothing but what is set on the entry given to it.

        Raises:
            ConflictError: its external ID is taken.
        """

    async def list_stamped(self, family: type[RegistryEntry], owner_id: str) -> list[RegistryEntry]:
        """Return the entries of a family with an owner stamp of this installation, and possibly some others."""

    async def places(self, family: type[RegistryEntry], limit: int) -> frozenset[tuple[str, str]]:
        """Return the parent's ID (empty at the root) and the name of at most that many entries of a family."""

    async def newest(self, family: type[RegistryEntry]) -> Cursor:
        """Return where the feed of a family begins: at its latest change."""

    async def changed_since(self, family: type[RegistryEntry], cursor: Cursor, own_latest: int) -> Changes:
        """Return the entries of a family that changed since a cursor.

        Args:
            family: the family.
            cursor: from `newest` or the last `Changes`.
            own_latest: the latest update time (milliseconds since the epoch) in an answer to this operator; 0 without.

        Raises:
            RegistryWentBackError: the registry lacks what it had.
        """

    def explain_conflict(self, desired: Desired, conflict: ConflictError) -> ReconcileError:
        """Return what a conflict means for a resource, where no entry of its name exists at its place."""

    def unsupported(self, desired: Desired) -> str | None:
        """Return which name or property the server cannot store, as a sentence; None if it can store all."""
