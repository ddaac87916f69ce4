"""What can be done about one entry, and what that is decided from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from model_registry.types import RegistryEntry
from registrar.api.meta import OWNER_PROPERTY
from registrar.api.properties import Observed, Scalar
from registrar.api.v1alpha1 import AdoptionPolicy, DeletionPolicy, DriftPolicy
from registrar.kinds.base import PROPERTY_PATH, Desired, FieldValue
from registrar.planning.ownership import Origin, Stamp
from registrar.planning.problems import Problem


@dataclass(frozen=True, slots=True)
class FieldSet:
    """What a resource has set on an entry: only that may be changed or cleared.

    Attributes:
        fields: attribute names of plain fields, and ``state`` where the spec declares it.
        properties: names of custom properties.
        digest: the digest that it has set, which is in the property of that name: another one there has drifted.
    """

    fields: frozenset[str] = frozenset()
    properties: frozenset[str] = frozenset()
    digest: str | None = None

    def __or__(self, other: FieldSet) -> FieldSet:
        return FieldSet(self.fields | other.fields, self.properties | other.properties, other.digest or self.digest)

    def covers(self, other: FieldSet) -> bool:
        """Return whether this set contains all of the other."""
        return other.fields <= self.fields and other.properties <= self.properties

    def on(self, entry: RegistryEntry) -> FieldSet:
        """Return the set without the properties that the entry lacks.

        Writes that failed time and again must not fill the status with names.
        """
        return FieldSet(self.fields, self.properties & (entry.custom_properties or {}).keys(), self.digest)


@dataclass(frozen=True, slots=True)
class RecordedState:
    """What the status records of an entry.

    Attributes:
        entry_id: its ID, if it has one.
        created: when the registry created it (milliseconds since the epoch); an entry with another time under the same
            ID is a different entry. None in statuses that do not record it.
        origin: how it came under management: `Origin.CREATED` or `Origin.ADOPTED`.
        owned: what the resource has set on it.
        settled: the entry matched this very spec before, so that a difference is drift.
        had_entry: there was an entry, in this registry or another: a new one replaces it.
        adopting: this reconcile recorded the entry, to adopt it: a missing stamp was not lost.
    """

    entry_id: str | None = None
    created: str | None = None
    origin: Origin | None = None
    owned: FieldSet = FieldSet()
    settled: bool = False
    had_entry: bool = False
    adopting: bool = False

    def proves(self, entry: RegistryEntry) -> bool:
        """Return whether the status records this very entry, and not a predecessor of its ID."""
        if self.entry_id is None or entry.id != self.entry_id:
            return False
        return self.created is None or self.created == entry.create_time_since_epoch

    def for_observed(self, entry: RegistryEntry | None) -> RecordedState:
        """Return what counts of the record for an observed entry: of another entry than the recorded one, nothing."""
        if entry is not None and self.proves(entry):
            return self
        # A resource whose entry is gone is still settled: its entry is not created again before it is confirmed.
        return RecordedState(settled=self.settled and entry is None, had_entry=self.had_entry)


@dataclass(frozen=True, slots=True)
class Policies:
    """How far the operator may go, with the operator-wide defaults filled in.

    Attributes:
        adoption, drift, deletion: as in the spec.
        take_over: whether the entry may be taken from the owner that its stamp names.
        may_adopt, may_take_over: whether the tenants of the registry leave that to the resource.
        since: when the resource was created (RFC 3339), if it may not adopt entries: it has not created an older one.
    """

    adoption: AdoptionPolicy
    drift: DriftPolicy
    deletion: DeletionPolicy | None
    take_over: bool
    may_adopt: bool = True
    may_take_over: bool = True
    since: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the entry and its desired state.

    Attributes:
        path: as the user writes it, such as ``description`` or ``customProperties.team``.
        observed: the value in the registry; None for no value.
        wanted: the desired value; None for no value.
    """

    path: str
    observed: FieldValue | Observed | None
    wanted: FieldValue | Observed | None


@dataclass(frozen=True, slots=True)
class Create:
    """Create the entry, because none exists.

    Attributes:
        fields: values by attribute name.
        properties: the custom properties, the owner stamp among them.
        state: the state; None for an entry without one.
    """

    fields: Mapping[str, FieldValue]
    properties: Mapping[str, Scalar]
    state: str | None


@dataclass(frozen=True, slots=True)
class Patch:
    """Change exactly this.

    Attributes:
        entry: the entry as observed.
        fields: new values by attribute name; ``""`` and ``[]`` clear.
        properties: the whole new map; None leaves the map alone.
        state: the new state; None keeps the observed one.
        stamp: the owner stamp that the entry has afterwards.
        changes: the same for people, the owner stamp left out.
        origin: how the entry came under management.
        adopts: the entry was not managed by this installation before.
        restores: the entry was archived (or marked for deletion) and becomes live again.
        drift: differences that the patch leaves alone and that are reported.
    """

    entry: RegistryEntry
    fields: Mapping[str, FieldValue]
    properties: Mapping[str, Observed] | None
    state: str | None
    stamp: Stamp
    changes: tuple[Change, ...]
    origin: Origin
    adopts: bool
    restores: bool
    drift: tuple[Change, ...] = ()

    def changes_with_stamp(self, owner_id: str) -> tuple[Change, ...]:
        """Return the changes, that of the owner stamp among them: two installations can fight over the stamp alone."""
        before, after = (self.entry.custom_properties or {}).get(OWNER_PROPERTY), self.stamp.text(owner_id)
        stamp = Change(f"{PROPERTY_PATH}{OWNER_PROPERTY}", before, after)
        return self.changes if before == after else (*self.changes, stamp)


@dataclass(frozen=True, slots=True)
class RecordOwnership:
    """Record in the status what the next patch will set, then plan again.

    A crash after that patch must not lose what the resource has to clear later.

    Attributes:
        entry: the entry as observed.
        origin: how it came under management.
        owned: the wider set, as the status must record it.
    """

    entry: RegistryEntry
    origin: Origin
    owned: FieldSet


@dataclass(frozen=True, slots=True)
class Leave:
    """Write nothing.

    Attributes:
        entry: the entry as observed.
        origin: how it came under management.
        drift: differences that the drift policy leaves alone and reports.
    """

    entry: RegistryEntry
    origin: Origin
    drift: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Refuse:
    """Write nothing, and report why."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Release:
    """Release the entry, because its resource is being deleted.

    Attributes:
        entry: the entry as observed.
        state: the state that represents deletion; None leaves the state alone.
        properties: the whole new map of custom properties: its stamp is released, or removed.
    """

    entry: RegistryEntry
    state: str | None
    properties: Mapping[str, Observed]


Action = Create | RecordOwnership | Patch | Leave | Refuse


def owned_by(desired: Desired, created: Create | None = None) -> FieldSet:
    """Return what the resource sets with its present spec.

    Args:
        desired: the desired state.
        created: how the entry was created, which had no alias yet; None for an entry that exists.
    """
    state = {"state"} if desired.managed_state is not None else set()
    properties = frozenset(desired.properties) if created is None else desired.properties.keys() & created.properties
    return FieldSet(frozenset(desired.fields) | state, frozenset(properties), desired.digest)


def owned_after(desired: Desired, recorded: RecordedState, entry: RegistryEntry) -> FieldSet:
    """Return what the resource has set on an entry that matches: an alias that waits keeps what it set before."""
    before = recorded.for_observed(entry).owned.properties
    return owned_by(desired) | FieldSet(properties=before & desired.aliases.waiting)
