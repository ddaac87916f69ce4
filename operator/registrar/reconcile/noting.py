"""Logs what was written to the registry or left there, and returns the Event that reports it."""

from __future__ import annotations

import logging

from model_registry.types import RegistryEntry
from registrar.kinds.base import Desired, EntryKind
from registrar.planning.actions import Change, Patch, Release
from registrar.planning.claims import Claimant
from registrar.planning.fields import state_of
from registrar.planning.ownership import ForeignStamp, any_stamp_of
from registrar.reconcile.monitor import ReconcileMonitor
from registrar.reconcile.targets import Target
from registrar.reporting.outcome import EventNote, OperationResult
from registrar.reporting.writes import EntryWrite, write_note

logger = logging.getLogger(__name__)


def note_creation(desired: Desired, claimant: Claimant, entry: RegistryEntry, monitor: ReconcileMonitor) -> EventNote:
    """Log the creation of an entry; returns its Event."""
    return note(
        EntryWrite(OperationResult.CREATED, claimant.reference, desired.kind, entry, desired.parent_id), monitor
    )


def note_patch(
    desired: Desired,
    claimant: Claimant,
    action: Patch,
    changed: RegistryEntry,
    owner_id: str,
    monitor: ReconcileMonitor,
    *,
    corrects_drift: bool,
) -> tuple[OperationResult, EventNote]:
    """Log a change of an entry; returns what it was, and its Event.

    Args:
        desired: the entry.
        claimant: the resource that wants it.
        action: what was changed.
        changed: the entry after it.
        owner_id: this installation.
        monitor: is shown the write.
        corrects_drift: nobody changed the spec or asked for it.
    """
    owner = _previous_owner(desired, action, owner_id)
    operation = _operation(action, owner, corrects_drift=corrects_drift)
    stamps = () if action.changes or action.adopts or owner is not None else action.changes_with_stamp(owner_id)
    write = EntryWrite(
        operation,
        claimant.reference,
        desired.kind,
        changed,
        desired.parent_id,
        action.changes,
        taken_from=owner,
        stamp=next(iter(stamps), None),
    )
    return operation, note(write, monitor)


def note_release(target: Target, action: Release, monitor: ReconcileMonitor) -> EventNote:
    """Log the release of an entry that lost its resource; returns its Event."""
    return note(release_write(target.reference, target.kind, target.parent_id, action), monitor)


def release_write(reference: str, kind: EntryKind, parent_id: str, action: Release) -> EntryWrite:
    """Return the write that releases an entry.

    Args:
        reference: the resource that has lost it, as the owner stamp writes it.
        kind: its kind.
        parent_id: ID of its parent entry; empty at the root, or where it is unknown.
        action: how it is released.
    """
    operation = OperationResult.RELEASED if action.state is None else OperationResult.ARCHIVED
    changes = () if action.state is None else (Change("state", state_of(action.entry), action.state),)
    return EntryWrite(operation, reference, kind, action.entry, parent_id, changes)


def note_left(reference: str, message: str) -> EventNote:
    """Log that an entry which lost its resource is left as it is; returns the Event, a Warning.

    Args:
        reference: the resource, as the owner stamp writes it.
        message: which entry that is, and why, in a sentence.
    """
    logger.info("%s: %s", reference, message)
    return EventNote("EntryLeft", message, is_warning=True)


def note(write: EntryWrite, monitor: ReconcileMonitor) -> EventNote:
    """Log a write; returns its Event."""
    event = write_note(write)
    logger.info("%s: %s", write.reference, event.message)
    monitor.wrote(write)
    return event


def _operation(action: Patch, previous_owner: str | None, *, corrects_drift: bool) -> OperationResult:
    if previous_owner is not None:
        return OperationResult.TAKEN_OVER
    if action.adopts:
        return OperationResult.ADOPTED
    if corrects_drift:
        return OperationResult.CORRECTED
    return OperationResult.RESTORED if action.restores else OperationResult.UPDATED


def _previous_owner(desired: Desired, action: Patch, owner_id: str) -> str | None:
    """Return the owner that an entry is taken from, as its stamp writes it; None for an entry that has no other one."""
    written = any_stamp_of(action.entry, owner_id)
    if isinstance(written, ForeignStamp):
        return written.text
    return None if written is None or written.reference == desired.reference else written.reference
