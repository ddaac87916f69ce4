"""What can be done about one entry, and what that is decided from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from model_registry.types import RegistryEntry
from registrar.api.properties import Scalar
from registrar.api.v1alpha1 import AdoptionPolicy, DeletionPolicy, DriftPolicy
from registrar.kinds.base import Desired, FieldValue
from registrar.planning.ownership import Origin, Stamp
from registrar.planning.problems import Problem


@dataclass(frozen=True, slots=True)
class Owned:
    """What a resource has set on an entry so far: only that may be changed or cleared.

    Attributes:
        fields: attribute names of plain fields, and ``state`` where the spec declares it.
        properties: names of custom properties.
    """

    fields: frozenset[str] = frozenset()
    properties: frozenset[str] = frozenset()

    def __or__(self, other: Owned) -> Owned:
        return Owned(self.fields | other.fields, self.properties | other.properties)

    def covers(self, other: Owned) -> bool:
        """Whether all of the other is owned already."""
        return other.fields <= self.fields and other.properties <= self.properties


@dataclass(frozen=True, slots=True)
class Memory:
    """What the status remembers of an entry.

    Attributes:
        entry_id: its ID, if it had one and the registry is the same.
        owned: what was set on it.
        settled: the entry was brought to this very spec before, so that a difference is drift.
        had_entry: there was an entry, in this registry or another: a new one takes its place.
    """

    entry_id: str | None = None
    owned: Owned = Owned()
    settled: bool = False
    had_entry: bool = False


@dataclass(frozen=True, slots=True)
class Policies:
    """How far the operator may go, with the operator-wide defaults filled in."""

    adoption: AdoptionPolicy
    drift: DriftPolicy
    deletion: DeletionPolicy | None
    take_over: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the entry and what it shall be.

    Attributes:
        path: as the user writes it, such as ``description`` or ``customProperties.team``.
        observed: what the registry has; None for nothing.
        wanted: what it shall have; None for nothing.
    """

    path: str
    observed: FieldValue | Scalar | None
    wanted: FieldValue | Scalar | None


@dataclass(frozen=True, slots=True)
class Create:
    """There is no such entry: make it."""

    fields: Mapping[str, FieldValue]
    properties: Mapping[str, Scalar]
    state: str
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Patch:
    """Change exactly this.

    Attributes:
        fields: new values by attribute name; ``""`` and ``[]`` clear.
        properties: the whole new map; None leaves the map alone.
        state: the new state; None keeps the observed one.
        changes: the same for people, the owner stamp left out.
        restores: the entry was archived (or marked for deletion) and comes back.
    """

    entry: RegistryEntry
    fields: Mapping[str, FieldValue]
    properties: Mapping[str, Scalar] | None
    state: str | None
    stamp: Stamp
    changes: tuple[Change, ...]
    restores: bool


@dataclass(frozen=True, slots=True)
class Leave:
    """Write nothing.

    Attributes:
        drift: differences that are left alone because the drift policy says so, and told.
    """

    entry: RegistryEntry
    origin: Origin
    drift: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Refuse:
    """Write nothing, and say why."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Archive:
    """The resource is going: take the entry out of use."""

    entry: RegistryEntry
    state: str


Plan = Create | Patch | Leave | Refuse


def owned_by(desired: Desired) -> Owned:
    """What the resource sets as it is written now."""
    state = {"state"} if desired.state is not None else set()
    return Owned(frozenset(desired.fields) | state, frozenset(desired.properties))
