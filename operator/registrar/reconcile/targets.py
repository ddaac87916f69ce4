"""The entries of a resource that is being deleted, or of an artifact that left its version's spec."""

from __future__ import annotations

from dataclasses import dataclass

from model_registry.exceptions import AmbiguousEntryError
from model_registry.types import RegistryEntry
from registrar.api.v1alpha1.model_version import InlineArtifactStatus
from registrar.kinds.base import Claim, EntryKind
from registrar.kinds.table import ENTRY_KINDS, entry_kind
from registrar.planning.actions import RecordedState
from registrar.planning.fields import state_of
from registrar.planning.ownership import Origin, stamp_of
from registrar.reconcile.inline_artifacts import Statuses, recorded_artifact
from registrar.reconcile.resource import InlineName, ManagedResource, recorded_state
from registrar.registries.registry import Registry
from registrar.reporting.outcome import Facts


@dataclass(frozen=True, slots=True)
class Target:
    """One entry that loses its resource.

    Attributes:
        kind: its kind.
        entry_id: its ID; empty for an artifact that a status records without one.
        name: its name in the resource; under an ID of a reset database another entry can be found.
        reference: the resource, as the owner stamp writes it.
        parent_id: ID of its parent entry; empty at the root, or where it is unknown.
        recorded: what the status records of it, so that an entry without a stamp counts as ours.
    """

    kind: EntryKind
    entry_id: str
    name: str
    reference: str
    parent_id: str
    recorded: RecordedState

    @property
    def artifact(self) -> str | None:
        """The name of the inline artifact; None for the resource's own entry."""
        return self.name if "#" in self.reference else None

    def claim(self, registry: Registry) -> Claim:
        """Return the place of the entry."""
        return Claim(registry.name, self.kind.name, self.parent_id, self.name)


def departing_artifact(resource: ManagedResource, status: InlineArtifactStatus, version_id: str) -> Target:
    """Return the entry of a recorded inline artifact that left the spec."""
    return Target(
        kind=ENTRY_KINDS[status.type],
        entry_id=status.id or "",
        name=status.name,
        reference=f"{resource.key.path}#{status.name}",
        parent_id=version_id,
        recorded=recorded_artifact((status,), status.name, settled=False),
    )


def unrecorded_artifacts(
    resource: ManagedResource, recorded: Statuses, version_id: str, registry: Registry
) -> list[Target]:
    """Return the entries of inline artifacts that neither the spec nor the status has, by their stamps.

    The operator may have ended between the creation of an artifact and its status, and the artifact left the spec
    before the next start; or the registry was restored from a copy in which a retired artifact was still live. An
    earlier resource of the same name may have left such an entry in another version, so `is_same_entry` has to prove
    each.

    Args:
        resource: the version.
        recorded: its artifacts, as far as the status counts.
        version_id: the ID of its entry.
        registry: the registry.
    """
    known = {status.id for status in recorded}
    families = {inline.entry.family: inline.entry for inline in resource.kind.inline}
    targets: list[Target] = []
    for family in families.values():
        for stamp, entry in registry.view.stamped_within(family, resource.key.path):
            kind = entry_kind(type(entry))
            if kind is None or stamp.artifact is None or stamp.origin not in {Origin.CREATED, Origin.ADOPTED}:
                continue
            is_declared = InlineName(kind.name, stamp.artifact) in resource.inline
            if is_declared or entry.id in known or state_of(entry) == kind.retired_state:
                continue
            targets.append(Target(kind, str(entry.id), stamp.artifact, stamp.reference, version_id, RecordedState()))
    return targets


def targets_of(resource: ManagedResource, registry: Registry) -> list[Target]:
    """Return the entries of the resource, artifacts first: by their IDs, or by their stamps where no ID is recorded."""
    status = resource.status
    known_id = registry.known_id(status)
    parent_id = status.parent_entry_id or ""
    recorded = recorded_state(resource, known_id)
    own = _found(resource.kind.entry, recorded, resource.entry_name, resource.key.path, parent_id, registry)
    version_id = own[0].entry_id if own else ""
    statuses = Facts.of(status).artifacts if known_id is not None else ()
    known = {InlineName(str(artifact.type), artifact.name) for artifact in statuses}
    artifacts: list[Target] = []
    for inline in sorted({*known, *resource.inline}, key=lambda inline: (inline.kind, inline.name)):
        reference = f"{resource.key.path}#{inline.name}"
        kind = ENTRY_KINDS[inline.kind]
        of_artifact = recorded_artifact(statuses, inline.name, settled=False) if inline in known else RecordedState()
        artifacts += _found(kind, of_artifact, inline.name, reference, version_id, registry)
    if version_id:
        artifacts += unrecorded_artifacts(resource, statuses, version_id, registry)
    return [*artifacts, *own]


def _found(
    kind: EntryKind, recorded: RecordedState, name: str, reference: str, parent_id: str, registry: Registry
) -> list[Target]:
    stamped = [str(entry.id) for entry in registry.view.stamped(kind, reference) if type(entry) is kind.entry]
    # An earlier resource of the same name may have left other entries with that stamp: they are left alone.
    known_id = recorded.entry_id
    ids = [known_id] if known_id in stamped else [*([known_id] if known_id else []), *stamped]
    none = RecordedState()
    return [
        Target(kind, entry_id, name, reference, parent_id, recorded if entry_id == known_id else none)
        for entry_id in ids
    ]


async def is_same_entry(observed: RegistryEntry, target: Target, registry: Registry) -> bool:
    """Return whether an entry is the target, and not another one that has its ID since a reset of the database.

    Raises:
        RegistryError: the registry could not answer.
    """
    return _is_at(observed, target) and await _is_in_version(observed, target, registry)


def _is_at(observed: RegistryEntry, target: Target) -> bool:
    """Return whether the entry has the resource's name and, where both are known, its parent."""
    parent_attribute = target.kind.parent_attribute
    parent_id = None if parent_attribute is None else getattr(observed, parent_attribute)
    return observed.name == target.name and (not target.parent_id or parent_id in {None, target.parent_id})


async def _is_in_version(observed: RegistryEntry, target: Target, registry: Registry) -> bool:
    """Return whether an artifact, which does not report its version, is in that version.

    Under an ID that the status kept from before a reset of the database, another version can have one of that name. So
    can an earlier resource of the same name have left one with this very stamp: the stamp proves what the status
    records, and else only where the version is unknown.
    """
    if target.kind.reports_parent:
        return True
    is_stamped = stamp_of(observed, registry.owner_id) is not None
    if is_stamped and (target.recorded.proves(observed) or not target.parent_id):
        return True
    if not target.parent_id:
        return False
    try:
        found = await registry.find(target.kind, target.name, target.parent_id)
    except AmbiguousEntryError as several:
        return observed.id in {entry.id for entry in several.entries}
    return found is not None and found.id == observed.id
