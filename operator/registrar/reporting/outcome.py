"""What one reconcile found and did, on its way to the status."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import StrEnum

from model_registry.types import RegistryEntry
from registrar.api.conditions import Reason
from registrar.api.v1alpha1.aliases import AliasStatus
from registrar.api.v1alpha1.common import EntryOrigin, EntryStatus, Holder
from registrar.api.v1alpha1.model_version import InlineArtifactStatus
from registrar.api.v1alpha1.registry_ref import RegistryRef
from registrar.planning.actions import Change, FieldSet
from registrar.planning.ownership import Origin
from registrar.planning.problems import Problem


class OperationResult(StrEnum):
    """What the operator wrote to the registry."""

    CREATED = "Created"
    ADOPTED = "Adopted"
    TAKEN_OVER = "TakenOver"
    RESTORED = "Restored"
    UPDATED = "Updated"
    CORRECTED = "Corrected"
    ARCHIVED = "Archived"
    RELEASED = "Released"


_OPERATIONS = frozenset(OperationResult)


@dataclass(frozen=True, slots=True)
class EventNote:
    """What deserves an Event of its own, beside the conditions.

    Attributes:
        reason: UpperCamel.
        message: a sentence.
        is_warning: whether the user has to do something about it.
    """

    reason: str
    message: str
    is_warning: bool = False

    @property
    def is_write(self) -> bool:
        """Whether this is the Event of a write to the registry."""
        return self.reason in _OPERATIONS


@dataclass(frozen=True, slots=True)
class EntryResult:
    """One entry after its reconcile.

    Attributes:
        entry: the entry.
        origin: how it came under management.
        owned: what the resource has set on it.
        operation: what the operator wrote; None for nothing.
        note: the Event of that write.
        drift: differences that are left alone and reported.
        is_contested: they are left because another writer keeps changing the same fields.
        changes: what the operator changed on an entry that existed.
        ends_wait: all of that waited for another entry, so nobody had changed anything.
    """

    entry: RegistryEntry
    origin: Origin
    owned: FieldSet
    operation: OperationResult | None = None
    note: EventNote | None = None
    drift: tuple[Change, ...] = ()
    is_contested: bool = False
    changes: tuple[Change, ...] = ()
    ends_wait: bool = False


@dataclass(frozen=True, slots=True)
class AliasProblem:
    """Why an alias keeps its old value in the registry.

    Attributes:
        alias: its name.
        reason: what its version lacks.
        message: the same in a sentence.
    """

    alias: str
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the status reports of the entry, apart from the conditions.

    Attributes:
        id, create_time_since_epoch, origin, parent_id, state, registry_url, registry_ref, managed_by: as in the status.
        storage_uri, uri, newest_artifact_id: the addresses of a version.
        owned_fields: names as the user writes them, sorted.
        owned_properties: names, sorted.
        digest: the digest that the resource has set on a model artifact.
        artifacts: the inline artifacts of a version.
        aliases: the aliases of a model.
    """

    id: str | None = None
    create_time_since_epoch: str | None = None
    origin: EntryOrigin | None = None
    parent_id: str | None = None
    state: str | None = None
    registry_url: str | None = None
    registry_ref: RegistryRef | None = None
    storage_uri: str | None = None
    uri: str | None = None
    newest_artifact_id: str | None = None
    managed_by: Holder | None = None
    owned_fields: tuple[str, ...] = ()
    owned_properties: tuple[str, ...] = ()
    digest: str | None = None
    artifacts: tuple[InlineArtifactStatus, ...] = ()
    aliases: tuple[AliasStatus, ...] = ()

    @classmethod
    def of(cls, status: EntryStatus) -> Facts:
        """Return the facts that a status reports."""
        # A kind lacks some of these fields; asking pydantic for one of them takes as long as reading all others.
        reported = vars(status)
        return cls(**{name: value for name in _FACTS if (value := reported.get(name)) is not None})


_FACTS = tuple(field.name for field in fields(Facts))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a reconcile ended.

    Attributes:
        facts: what the status has to report.
        problem: why the resource does not match its spec; None if it does.
        operation: what the operator wrote; None for nothing.
        drift: differences that are left alone and reported.
        is_contested: the differences are left because another writer keeps making them.
        ignores_drift: the drift policy ignores differences, so that none is known.
        notes: further Events.
        paused: the user paused the resource, so that nothing was compared.
        handled_request: value of the reconcile request that this answers.
        alias_problems: why aliases wait; None for a resource that declares none, or whose aliases are not known yet.
        has_unread_aliases: versions of aliases are not read yet, so that the status keeps what it says of all of them.
        ends_wait: all that was written waited for another entry, so nobody had changed anything.
        is_provisional: more can be done now that the entry has an ID.
    """

    facts: Facts
    problem: Problem | None = None
    operation: OperationResult | None = None
    drift: tuple[Change, ...] = ()
    is_contested: bool = False
    ignores_drift: bool = False
    notes: tuple[EventNote, ...] = ()
    paused: bool = False
    handled_request: str | None = None
    alias_problems: tuple[AliasProblem, ...] | None = None
    has_unread_aliases: bool = False
    ends_wait: bool = False
    is_provisional: bool = False

    def noting(self, operation: OperationResult, note: EventNote | None) -> Outcome:
        """Return this outcome with another write of the same reconcile, whose first operation counts."""
        notes = self.notes if note is None else (*self.notes, note)
        return replace(self, operation=self.operation or operation, notes=notes)

    def after(self, unreported: Outcome) -> Outcome:
        """Return this outcome with what an earlier one did and no status reports yet."""
        notes = (*unreported.notes, *(note for note in self.notes if note not in unreported.notes))
        return replace(self, operation=unreported.operation or self.operation, notes=notes)
