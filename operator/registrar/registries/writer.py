"""What a command needs to write entries to a registry without an operator."""

from __future__ import annotations

from typing import Protocol

from model_registry.types import RegistryEntry


class EntryWriter(Protocol):
    """One registry server. Every method may raise RegistryError."""

    async def create(self, entry: RegistryEntry, parent_id: str) -> RegistryEntry:
        """Create an entry. If the answer was lost, the entry is looked up and never created twice.

        Args:
            entry: a model, a version or an artifact, without an ID.
            parent_id: the ID of its model or version; empty for a model.

        Raises:
            ConflictError: its name or external ID is taken.
            OutcomeUnknown: it may have been created.
        """

    async def update(self, entry: RegistryEntry) -> RegistryEntry:
        """Change an entry by its ID; nothing is sent but what is set on the entry given to it.

        Raises:
            ConflictError: its external ID is taken.
            IdentityMismatch: another entry has that ID, and was changed.
        """

    async def link(self, artifact: RegistryEntry, artifact_id: str, version_id: str) -> RegistryEntry:
        """Have one more version hold an artifact, and leave the artifact as it is.

        Args:
            artifact: one of its type and name.
            artifact_id: its ID.
            version_id: the version.

        Raises:
            IdentityMismatch: another artifact has that ID, and was linked.
        """

    async def find(self, entry: RegistryEntry, parent_id: str) -> RegistryEntry | None:
        """Return the entry with the type and exactly the name of this one, under that parent.

        Raises:
            AmbiguousEntryError: several entries match.
        """

    async def check(self) -> None:
        """Make sure that the registry answers a read."""
