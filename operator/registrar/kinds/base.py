"""The contract of an entry kind: how one sort of registry entry is found, made and changed.

An entry kind MUST NOT decide anything: it answers what the registry holds, and carries out what the plan says.
`find` MUST look for the exact name under the parent. `create` MUST NOT do anything that can fail after the entry is
made. `update` MUST send nothing but what is set on the entry given to it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from model_registry import ModelRegistryAPIClient
from model_registry.types import RegistryEntry
from registrar.api.properties import Declared
from registrar.api.v1alpha1.common import EntryFields


@dataclass(frozen=True, slots=True)
class Claim:
    """The place of one entry in the registry: no two entries can have the same.

    Attributes:
        kind: the entry's kind, such as ``ModelVersion`` or ``doc-artifact``.
        parent_id: the ID of the parent entry; empty for registered models.
        name: the entry's name.
    """

    kind: str
    parent_id: str
    name: str


FieldValue = str | list[str]
"""Value of a plain field: text, or a list of texts (language, tasks)."""

_NOT_FIELDS = frozenset(
    {
        "name",
        "id",
        "state",
        "custom_properties",
        "create_time_since_epoch",
        "last_update_time_since_epoch",
        "registered_model_id",
        "artifact_type",
    }
)


class EntryKind(ABC):
    """One sort of registry entry."""

    NAME: ClassVar[str]
    """As in claims and in ``status.artifacts[].type``."""
    ENTRY: ClassVar[type[RegistryEntry]]
    """The client's type of it."""
    RETIRED: ClassVar[str]
    """The state that stands for deletion: the registry deletes nothing."""
    TELLS_PARENT: ClassVar[bool]
    """Whether an entry tells its parent (or has none), so that its name and ID together are proof."""

    @abstractmethod
    def state_to_keep(self, declared: str | None, observed: str | None) -> str | None:
        """The state that an existing entry shall have; None where the spec leaves it alone.

        Args:
            declared: ``spec.state``.
            observed: the entry's state; None for an entry without one.
        """

    def is_at(self, entry: RegistryEntry, desired: Desired) -> bool:
        """Whether the entry has the desired type and name, and the desired parent where it tells its parent."""
        return type(entry) is self.ENTRY and entry.name == desired.name

    @abstractmethod
    async def get(self, client: ModelRegistryAPIClient, entry_id: str) -> RegistryEntry | None:
        """The entry of that ID; None if there is none of this kind."""

    @abstractmethod
    async def find(self, client: ModelRegistryAPIClient, desired: Desired) -> RegistryEntry | None:
        """The entry with exactly the desired name under the desired parent.

        Raises:
            AmbiguousEntryError: several have it.
        """

    @abstractmethod
    async def create(self, client: ModelRegistryAPIClient, entry: Any, parent_id: str) -> RegistryEntry:
        """Make the entry. Raises ConflictError when its name or external ID is taken."""

    @abstractmethod
    async def update(self, client: ModelRegistryAPIClient, entry: Any) -> RegistryEntry:
        """Change what is set on the entry, by its ID. Raises ConflictError when its external ID is taken."""

    def fields_on(self, entry: RegistryEntry) -> frozenset[str]:
        """Attribute names of the plain fields that have a value on an entry of this kind."""
        names = self.ENTRY.model_fields.keys() - _NOT_FIELDS
        return frozenset(name for name in names if getattr(entry, name))

    def fields_of(self, part: EntryFields) -> dict[str, FieldValue]:
        """The plain fields that a spec, or an inline artifact of one, declares for an entry of this kind."""
        declared = {name: getattr(part, name, None) for name in self.ENTRY.model_fields if name not in _NOT_FIELDS}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in declared.items()
            if value is not None
        }


@dataclass(frozen=True, slots=True)
class Desired:
    """What one entry shall be.

    Attributes:
        kind: its kind.
        reference: who wants it, as the owner stamp writes it.
        name: its name in the registry.
        parent_id: ID of its parent entry; empty for registered models.
        fields: declared plain fields by attribute name; the state is not among them.
        properties: declared custom properties.
        state: the declared state, if any.
    """

    kind: EntryKind
    reference: str
    name: str
    parent_id: str
    fields: Mapping[str, FieldValue]
    properties: Mapping[str, Declared]
    state: str | None

    @property
    def claim(self) -> Claim:
        """The place in the registry that this entry takes."""
        return Claim(self.kind.NAME, self.parent_id, self.name)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a child needs to know of its parent: the registry's ID and, where known, the entry's name."""

    id: str
    name: str | None
