"""The vocabulary of kinds: what a row of the table holds, and the values that the pipeline passes on.

Nothing here decides or does I/O: a row only states how one kind differs from the others. How entries of a kind are read
and written stands with the backend (`registrar.registries.kubeflow.entries`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic.alias_generators import to_camel

from model_registry.types import RegistryEntry
from registrar.api.conditions import Reason
from registrar.api.properties import Declared
from registrar.api.v1alpha1.aliases import PROPERTY_PREFIX
from registrar.api.v1alpha1.common import EntryFields, EntryOrigin, EntryResource, EntryStatus
from registrar.api.v1alpha1.digests import DIGEST_PROPERTY

FieldValue = str | list[str]
"""Value of a plain field: text, or a list of texts (language, tasks)."""

AnyResource = EntryResource[Any, Any]
"""A parsed resource of any kind."""

_as_written = cache(to_camel)
"""Returns the name of a field as users write it; thousands of manifests ask for the same few."""
_NOT_FIELDS = frozenset(
    {
        "name",
        "id",
        "state",
        "custom_properties",
        "create_time_since_epoch",
        "last_update_time_since_epoch",
        "artifact_type",
    }
)
_PENDING = "PENDING"

StateRule = Callable[[str | None, str | None], str | None]
"""From the declared and the observed state to the state that an existing entry must have; None leaves it alone."""


@dataclass(frozen=True, slots=True)
class EntryKind:
    """One sort of registry entry.

    Attributes:
        name: as in claims and in ``status.artifacts[].type``, such as ``ModelVersion`` or ``doc-artifact``.
        entry: the client's type of it.
        family: the client's type that shares one sequence of IDs, one list and one feed with this kind.
        retired_state: the state that represents deletion, because the registry deletes nothing; None for entries
            without a state, which a deletion leaves unchanged.
        state_rule: which state an existing entry must have; None for entries without a state.
        reports_parent: whether an entry names its parent (or has none), so that name and ID together are proof.
        parent_attribute: the entry's attribute with its parent's ID, for a kind that has one.
        waiting: the reason while the parent does not exist; None at the root.
        has_aliases: whether properties of an entry can be aliases of entries below it.
        has_digest: whether a property of an entry can be the digest of what is at its address.
    """

    name: str
    entry: type[RegistryEntry]
    family: type[RegistryEntry]
    retired_state: str | None = None
    state_rule: StateRule | None = None
    reports_parent: bool = True
    parent_attribute: str | None = None
    waiting: Reason | None = None
    has_aliases: bool = False
    has_digest: bool = False

    def matches(self, entry: RegistryEntry, name: str, parent_id: str) -> bool:
        """Return whether an entry has this type, that name, and that parent where it reports one."""
        if type(entry) is not self.entry or entry.name != name:
            return False
        return self.parent_attribute is None or getattr(entry, self.parent_attribute) == parent_id

    def fields_on(self, entry: RegistryEntry) -> frozenset[str]:
        """Return the attribute names of the plain fields that have a value on an entry of this kind."""
        return frozenset(name for name in self._field_names() if getattr(entry, name))

    def fields_of(self, part: EntryFields) -> dict[str, FieldValue]:
        """Return the plain fields that a spec, or an inline artifact of one, declares for an entry of this kind."""
        declared = {name: getattr(part, name, None) for name in self._field_names()}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in declared.items()
            if value is not None
        }

    def parent_id_of(self, entry: RegistryEntry) -> str:
        """Return the ID of the parent that an entry reports; empty for one that reports none."""
        return "" if self.parent_attribute is None else str(getattr(entry, self.parent_attribute) or "")

    def property_path(self, name: str) -> str:
        """Return a custom property as a manifest declares it, such as ``aliases.champion``."""
        if self.has_digest and name == DIGEST_PROPERTY:
            return DIGEST_PATH
        if self.has_aliases and name.startswith(PROPERTY_PREFIX):
            return f"{ALIAS_PATH}{name.removeprefix(PROPERTY_PREFIX)}"
        return f"{PROPERTY_PATH}{name}"

    def _field_names(self) -> list[str]:
        return [name for name in self.entry.model_fields if name not in {*_NOT_FIELDS, self.parent_attribute}]


@dataclass(frozen=True, slots=True)
class ParentReference:
    """How a kind refers to its parent.

    Attributes:
        kind: the parent's kind, such as ``RegisteredModel``.
        attribute: the spec's attribute that holds the reference.
        external_names: attributes of the reference's ``external`` that name the parent entry, from the root down.
    """

    kind: str
    attribute: str
    external_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InlineList:
    """A list in a spec whose items are entries of their own, written after the resource's.

    Attributes:
        attribute: the spec's attribute.
        field: the same as the user writes it.
        entry: the kind of its items.
    """

    attribute: str
    field: str
    entry: EntryKind


@dataclass(frozen=True, slots=True)
class ResourceKind:
    """One kind of resource: a row of the table.

    Attributes:
        resource: its class.
        status: the class of its status.
        entry: the registry entry that a resource of this kind represents.
        parent: how it refers to its parent; None for a kind at the root.
        inline: its lists of inline entries, in the order of writing.
    """

    resource: type[AnyResource]
    status: type[EntryStatus]
    entry: EntryKind
    parent: ParentReference | None = None
    inline: tuple[InlineList, ...] = ()

    @property
    def name(self) -> str:
        """The kind's name, such as ``ModelVersion``."""
        return self.resource.KIND

    @property
    def reference_field(self) -> str:
        """The field of the spec that holds the reference to the parent, as the user writes it; empty at the root."""
        return "" if self.parent is None else _as_written(self.parent.attribute)

    @property
    def can_retire(self) -> bool:
        """Whether a deletion can retire an entry of such a resource."""
        entries = (self.entry, *(inline.entry for inline in self.inline))
        return any(entry.retired_state is not None for entry in entries)


@dataclass(frozen=True, slots=True)
class Claim:
    """The place of one entry in a registry: no two entries can have the same.

    Attributes:
        registry: name of the registry.
        kind: the entry kind's name.
        parent_id: the ID of the parent entry; empty at the root.
        name: the entry's name.
    """

    registry: str
    kind: str
    parent_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Identity:
    """An entry as a child knows its parent: proved once, and believed until its registry's epoch ends.

    Attributes:
        registry: name of the registry that assigned the ID.
        epoch: the epoch of that registry in which the entry was seen.
        kind: the entry's kind.
        id: its ID.
        name: its name; None where only the ID is known.
        created: when the registry created it (milliseconds since the epoch); None where that is unknown.
        origin: how it came under management; None where no resource represents it, or its status does not record that.
    """

    registry: str
    epoch: int
    kind: EntryKind
    id: str
    name: str | None
    created: str | None
    origin: EntryOrigin | None = None

    def is_entry(self, entry: RegistryEntry) -> bool:
        """Return whether an entry is this one, and not a successor under its ID."""
        has_name = self.name is None or entry.name == self.name
        return has_name and (self.created is None or entry.create_time_since_epoch == self.created)


@dataclass(frozen=True, slots=True)
class AliasProperties:
    """Which custom properties of an entry are aliases: each names a version, which has to be there first.

    Attributes:
        names: the properties that the spec declares as aliases.
        waiting: those that cannot be written yet: the registry keeps their old values.
        pending: those whose declared value the resource has never written: such a difference is no drift.
    """

    names: frozenset[str] = frozenset()
    waiting: frozenset[str] = frozenset()
    pending: frozenset[str] = frozenset()


NO_ALIASES = AliasProperties()
PROPERTIES = "customProperties"
"""The field of the custom properties, as a manifest writes it."""
PROPERTY_PATH = f"{PROPERTIES}."
"""What the path of a custom property begins with, as a manifest writes it."""
ALIAS_PATH = "aliases."
"""What the path of a change to an alias begins with."""
DIGEST_PATH = "digest"
"""The path of a change to a digest."""


@dataclass(frozen=True, slots=True)
class Desired:
    """The desired state of one entry.

    Attributes:
        registry: name of the registry that it belongs to.
        kind: its kind.
        reference: the resource that wants it, as the owner stamp writes it.
        name: its name in the registry.
        parent_id: ID of its parent entry; empty at the root.
        fields: declared plain fields by attribute name; the state is not among them.
        properties: declared custom properties, those of aliases among them, but for those that wait.
        state: the declared state, if any.
        aliases: which of the properties are aliases.
        digest: the digest that the spec declares, which is one of the properties, too; None if it declares none.
    """

    registry: str
    kind: EntryKind
    reference: str
    name: str
    parent_id: str
    fields: Mapping[str, FieldValue]
    properties: Mapping[str, Declared]
    state: str | None
    aliases: AliasProperties = NO_ALIASES
    digest: str | None = None

    @property
    def claim(self) -> Claim:
        """The place in the registry that this entry takes."""
        return Claim(self.registry, self.kind.name, self.parent_id, self.name)

    @property
    def awaits_upload(self) -> bool:
        """Whether an upload provides the URI of this artifact later, and sets its state."""
        return self.state == _PENDING and "uri" not in self.fields

    @property
    def managed_state(self) -> str | None:
        """The state that the entry has to keep; None if its state is left unchanged after the creation."""
        return None if self.awaits_upload else self.state

    @property
    def name_setting(self) -> str:
        """What a user changes to give the entry another name, for messages."""
        return "artifact name" if "#" in self.reference else "spec.name"

    def matches(self, entry: RegistryEntry) -> bool:
        """Return whether an entry has the desired type and name, and the desired parent where it reports one."""
        return self.kind.matches(entry, self.name, self.parent_id)
