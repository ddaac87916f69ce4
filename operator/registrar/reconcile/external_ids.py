"""Resolves conflicts over an external ID: whether its holder gives it up, now or later.

The registry cannot clear an external ID, but can change it. So the entry that a deletion of this installation archived
gives its external ID up to the next resource that declares it. One that another resource manages keeps it: that
resource wakes the others when it lets the ID go.
"""

from __future__ import annotations

import logging
from http import HTTPStatus

from model_registry.exceptions import ConflictError
from model_registry.types import RegistryEntry
from registrar.api.bodies import ResourceKey
from registrar.api.conditions import Reason
from registrar.cluster.api import ClusterAPI, KubernetesError
from registrar.kinds.base import Desired, EntryKind
from registrar.kinds.table import entry_kind, resource_of
from registrar.planning.actions import Change
from registrar.planning.claims import Claimant
from registrar.planning.external_ids import released_external_id
from registrar.planning.fields import describe_entry, state_of
from registrar.planning.ownership import Origin, Stamp, stamp_of
from registrar.planning.problems import ReconcileError, terminal, waiting
from registrar.planning.tenancy import Permit, named
from registrar.reconcile.conflicts import REQUEUE_SECONDS, is_elsewhere
from registrar.reconcile.external_id_waits import ExternalIdWait
from registrar.reconcile.memory import Memory
from registrar.reconcile.monitor import ReconcileMonitor
from registrar.reconcile.resource import read_resource
from registrar.reconcile.tenancy import ensure_in_force, may_use_entry
from registrar.registries.registry import Registry
from registrar.reporting.outcome import EventNote, OperationResult
from registrar.reporting.writes import EntryWrite

logger = logging.getLogger(__name__)


async def free_external_id(
    desired: Desired,
    claimant: Claimant,
    permit: Permit,
    conflict: ConflictError,
    *,
    memory: Memory,
    kube: ClusterAPI,
    registry: Registry,
    monitor: ReconcileMonitor,
) -> None:
    """Return once the external ID that an entry wants may be free, so that the refused write can be repeated.

    Args:
        desired: the entry.
        claimant: the resource, or inline artifact of it, that wants the entry.
        permit: what its namespace may do.
        conflict: the refusal, where no other entry has the name.
        memory: what is known of all resources; it wakes this one when the holder lets the external ID go.
        kube: the API server, which knows whether the holder's resource exists.
        registry: the registry.
        monitor: is shown a write.

    Raises:
        ReconcileError: ``ExternalIdConflict``, or what else the conflict means; or its tenants have changed.
        RegistryError: the registry could not answer, or refused.
        KubernetesError: the API server did not answer.
    """
    found, namespace = conflict.holder, claimant.key.namespace
    wanted = desired.fields.get("external_id")
    if found is not None and not await may_use_entry(namespace, found, registry):
        raise _taken(desired) from None
    stamp = stamp_of(found, registry.owner_id)
    if not isinstance(wanted, str) or stamp is None or found.external_id != wanted:
        raise registry.backend.explain_conflict(desired, conflict) from conflict
    kind, key = entry_kind(type(found)), resource_of(type(found), stamp.reference)
    if kind is None or key is None:
        raise registry.backend.explain_conflict(desired, conflict) from conflict
    held_by = stamp.artifact
    wait = ExternalIdWait(claimant.key, claimant.artifact, key, held_by, str(found.id), wanted)
    circle = memory.wait_for_external_id(wait)
    # Read once the wait is known: whatever lets the external ID go after this answer wakes this resource.
    holder = await registry.get(kind, str(found.id))
    if holder is None or holder.external_id != wanted or stamp_of(holder, registry.owner_id) != stamp:
        return
    if _is_released(holder, stamp, kind):
        ensure_in_force(permit, namespace, registry)
        note = await _give_up(holder, stamp, wanted, kind, namespace, registry, monitor)
        memory.unreported.note(claimant.key, claimant.uid, note)
        return
    if stamp.reference == desired.reference or not await _may_let_go(key, memory, kube, registry):
        raise registry.backend.explain_conflict(desired, conflict) from conflict
    raise _waiting(holder, key, circle, namespace, memory, registry)


def _is_released(holder: RegistryEntry, stamp: Stamp, kind: EntryKind) -> bool:
    """Return whether a deletion archived the entry, and nobody has restored it since."""
    return stamp.origin is Origin.RELEASED and state_of(holder) == kind.retired_state


async def _give_up(
    holder: RegistryEntry,
    stamp: Stamp,
    external_id: str,
    kind: EntryKind,
    namespace: str,
    registry: Registry,
    monitor: ReconcileMonitor,
) -> EventNote:
    """Give an archived entry another external ID; returns the Event for the namespace that gets the former one."""
    released = released_external_id(external_id, str(holder.id))
    changed = await registry.update(kind, kind.entry(holder.name, id=holder.id, external_id=released))
    change = Change("externalId", external_id, released)
    monitor.wrote(EntryWrite(OperationResult.UPDATED, stamp.reference, kind, changed, changes=(change,)))
    logger.info("Changed the external ID of %s of %s to %r", describe_entry(holder), stamp.reference, released)
    is_shown = registry.tenants is None or stamp.namespace == namespace
    of = f"the deleted {stamp.reference}" if is_shown else "a deleted resource of another namespace"
    return EventNote(
        "ExternalIdReleased",
        f"The external ID {external_id!r} is free: {describe_entry(holder)} of {of} has {released!r} now.",
    )


def _taken(desired: Desired) -> ReconcileError:
    """Return the problem of an external ID whose entry the resource may not use, and so may not know."""
    return terminal(
        Reason.EXTERNAL_ID_CONFLICT,
        f"The external ID {desired.fields.get('external_id')!r} is taken. Choose another externalId.",
    )


async def _may_let_go(holder: ResourceKey, memory: Memory, kube: ClusterAPI, registry: Registry) -> bool:
    """Return whether a resource exists that manages the entry; one that this operator may not read counts."""
    if memory.departures.get(holder) is not None:
        return True
    try:
        body = await kube.get(holder)
    except KubernetesError as error:
        if error.status == HTTPStatus.FORBIDDEN:
            return True
        raise
    return body is not None and not is_elsewhere(read_resource(body), registry)


def _waiting(
    holder: RegistryEntry,
    key: ResourceKey,
    circle: tuple[ResourceKey, ...],
    namespace: str,
    memory: Memory,
    registry: Registry,
) -> ReconcileError:
    body = memory.departures.get(key) or memory.cache.get(key)
    is_leaving = body is not None and read_resource(body).metadata.terminating
    if circle:
        others = ", ".join(dict.fromkeys(named(other, namespace, registry.tenants) for other in circle))
        advice = f"This resource and {others} wait for each other: give one of them a temporary externalId first."
    elif is_leaving:
        advice = "That resource is being deleted, and this one continues then."
    else:
        advice = (
            "This resource continues once that one has another externalId. Removing it there is not enough, because "
            "the registry cannot clear it. Or choose another externalId here."
        )
    return waiting(
        Reason.EXTERNAL_ID_CONFLICT,
        f"The external ID {holder.external_id!r} belongs to {describe_entry(holder)} of "
        f"{named(key, namespace, registry.tenants)}. {advice}",
        requeue_after=REQUEUE_SECONDS,
    )
