"""Reconciles one entry: observe, resolve conflicts, plan, apply, until nothing is left to write.

An existing entry is changed only on the basis of an answer that the registry gave just before. The registry has no
ETags, so a change by someone else in the milliseconds in between is lost. A creation needs no read, because the
registry refuses a name that is taken.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from model_registry.exceptions import ConflictError
from model_registry.types import RegistryEntry
from registrar.api.conditions import Reason
from registrar.api.meta import OWNER_PROPERTY
from registrar.planning.actions import (
    Create,
    Leave,
    Patch,
    RecordedState,
    RecordOwnership,
    Refuse,
    owned_after,
    owned_by,
)
from registrar.planning.ownership import Origin, stamp_of
from registrar.planning.plan import after_recording, plan
from registrar.planning.problems import ReconcileError, transient
from registrar.reconcile.apply import create, patch
from registrar.reconcile.beside import artifacts_beside, entry_of, same_uri_note, unmanaged_with_same_uri
from registrar.reconcile.conflicts import is_copied, resolve_conflict
from registrar.reconcile.context import Context
from registrar.reconcile.external_ids import free_external_id
from registrar.reconcile.noting import note_creation, note_patch
from registrar.reconcile.observe import Observation, observe
from registrar.reconcile.preconditions import confirm, refuse_new_registry, refuse_unproved
from registrar.reconcile.report import record_ownership
from registrar.reconcile.request import EntryRequest
from registrar.reconcile.tenancy import ensure_in_force
from registrar.reporting.outcome import EntryResult, OperationResult

logger = logging.getLogger(__name__)

Written = TypeVar("Written")

MAX_STEPS = 7
"""View, fresh read, creation, conflict, parent, ownership, patch: more mean that others keep changing the entry."""

MAX_CONFLICTS = 2
"""Over an external ID: its holder may be released or handed over while the operator reads it."""


async def reconcile_entry(request: EntryRequest, context: Context) -> EntryResult:
    """Bring one entry to its desired state.

    Raises:
        ReconcileError: it cannot reach that state, or not yet.
        RegistryError: the registry could not answer, or refused.
        KubernetesError: the ownership could not be recorded, or the resource no longer exists; nothing was written.
    """
    registry, desired, recorded = context.registry, request.desired, request.recorded
    observed = await observe(desired, recorded, registry, force_read=request.force_read)
    for _ in range(MAX_STEPS):
        _note_existing(request, observed, context)
        await _resolve_conflict(request, observed, context)
        refuse_unproved(observed.entry, recorded, context)
        entry = _with_own_stamp(request, observed.entry, context)
        action = plan(desired, entry, recorded, request.policies, registry.owner_id)
        match action:
            case Refuse():
                raise ReconcileError(action.problem)
            case Leave():
                owned = owned_after(desired, recorded, action.entry)
                return EntryResult(action.entry, action.origin, owned, drift=action.drift)
            case Create():
                found, created = await _create(request, action, recorded, context)
                if created:
                    note = note_creation(desired, request.claimant, found, context.monitor)
                    owned = owned_by(desired, action)
                    return EntryResult(found, Origin.CREATED, owned, OperationResult.CREATED, note)
                observed = Observation(found, fresh=True)
            case RecordOwnership() | Patch() if not observed.fresh:
                observed = await observe(desired, recorded, registry, force_read=True)
            case RecordOwnership():
                await confirm(request, action.entry, recorded, context)
                await _record(request, action, context)
                recorded = after_recording(recorded, action)
            case Patch() if _is_contested(request, action, context):
                drift = (*action.drift, *action.changes_with_stamp(registry.owner_id))
                owned = owned_after(desired, recorded, action.entry)
                return EntryResult(action.entry, action.origin, owned, drift=drift, is_contested=True)
            case Patch():
                await confirm(request, action.entry, recorded, context)
                changed = await _with_free_external_id(partial(patch, desired, action, registry), request, context)
                return _patched(request, action, changed, recorded, context)
    raise transient(Reason.REGISTRY_UNAVAILABLE, f"Others keep changing {desired.name!r} in the registry")


def _patched(
    request: EntryRequest, action: Patch, changed: RegistryEntry, recorded: RecordedState, context: Context
) -> EntryResult:
    desired, corrects_drift = request.desired, request.corrects_drift(action)
    _note_correction(request, action, context)
    owner_id, monitor = context.registry.owner_id, context.monitor
    operation, note = note_patch(
        desired, request.claimant, action, changed, owner_id, monitor, corrects_drift=corrects_drift
    )
    return EntryResult(
        entry=changed,
        origin=action.origin,
        owned=owned_after(desired, recorded, action.entry),
        operation=operation,
        note=note,
        drift=action.drift,
        changes=action.changes,
        ends_wait=request.ends_wait(action),
    )


async def _record(request: EntryRequest, action: RecordOwnership, context: Context) -> None:
    await record_ownership(
        request.resource,
        request.holder,
        request.desired,
        action,
        memory=context.memory,
        kube=context.kube,
        registry=context.registry,
    )


async def _create(
    request: EntryRequest, action: Create, recorded: RecordedState, context: Context
) -> tuple[RegistryEntry, bool]:
    """Create the entry, or find it; returns it, and whether this call created it."""
    refuse_new_registry(request, context)
    await confirm(request, None, recorded, context)
    desired = request.desired
    beside = await artifacts_beside(desired, request.parent, context.registry)
    existing = entry_of(desired, beside)
    if existing is None and await context.census.lists(desired):
        existing = await context.registry.find(desired.kind, desired.name, desired.parent_id)
    if existing is not None:
        return existing, False
    others = unmanaged_with_same_uri(desired, beside, context.registry)
    write = partial(create, desired, action, context.registry)
    entry, created = await _with_free_external_id(write, request, context)
    if created and others:
        context.memory.unreported.note(request.claimant.key, request.claimant.uid, same_uri_note(desired, others))
    return entry, created


async def _with_free_external_id(
    write: Callable[[], Awaitable[Written]], request: EntryRequest, context: Context
) -> Written:
    """Write, and again if the write conflicted with an external ID that may be free by now.

    Raises:
        ReconcileError: who may use the registry has changed since the resource was judged, or what the conflict means.
    """

    async def write_if_permitted() -> Written:
        ensure_in_force(request.permit, request.claimant.key.namespace, context.registry)
        return await write()

    for attempt in range(MAX_CONFLICTS):
        try:
            return await write_if_permitted()
        except ConflictError as conflict:
            if conflict.holder is None and attempt == 0:
                # Between the refusal and the look-up of the holder, it may have let the external ID go.
                continue
            await free_external_id(
                request.desired,
                request.claimant,
                request.permit,
                conflict,
                memory=context.memory,
                kube=context.kube,
                registry=context.registry,
                monitor=context.monitor,
            )
    return await write_if_permitted()


def _note_existing(request: EntryRequest, observed: Observation, context: Context) -> None:
    """Drop a former loss of an entry that exists: a later loss needs a later reading of the registry."""
    if observed.entry is not None:
        context.memory.losses.forget(request.desired.claim)


async def _resolve_conflict(request: EntryRequest, observed: Observation, context: Context) -> None:
    stamp = stamp_of(observed.entry, context.registry.owner_id)
    await resolve_conflict(
        request.desired,
        request.claimant,
        None if stamp is None else stamp.reference,
        entry_id=None if observed.entry is None else observed.entry.id,
        # A deletion that released the entry has ended, so its resource is gone where it cannot be looked up.
        take_over=request.policies.take_over or (stamp is not None and stamp.origin is Origin.RELEASED),
        memory=context.memory,
        kube=context.kube,
        registry=context.registry,
    )


def _with_own_stamp(request: EntryRequest, entry: RegistryEntry | None, context: Context) -> RegistryEntry | None:
    """Return an entry as it is to be judged: a stamp that was copied from another entry proves nothing about it."""
    stamp = stamp_of(entry, context.registry.owner_id)
    if entry is None or stamp is None or stamp.reference == request.desired.reference:
        return entry
    if not is_copied(stamp, entry, context.memory.cache, context.registry):
        return entry
    others = {name: value for name, value in (entry.custom_properties or {}).items() if name != OWNER_PROPERTY}
    return entry.model_copy(update={"custom_properties": others})


def _is_contested(request: EntryRequest, action: Patch, context: Context) -> bool:
    """Return whether this drift was corrected too often. A user's own changes and requests are never contested."""
    corrections, claim = context.memory.corrections, request.desired.claim
    if not request.corrects_drift(action):
        corrections.forget(claim)
        return False
    return corrections.are_contested(claim, _paths(action, context), time.monotonic())


def _note_correction(request: EntryRequest, action: Patch, context: Context) -> None:
    """Count a correction that succeeded; one that failed changed nothing of another writer's."""
    if request.corrects_drift(action):
        context.memory.corrections.record(request.desired.claim, _paths(action, context), time.monotonic())


def _paths(action: Patch, context: Context) -> list[str]:
    return [change.path for change in action.changes_with_stamp(context.registry.owner_id)]
