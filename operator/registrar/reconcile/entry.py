"""Brings one entry to what is desired: observe -> contend -> plan -> apply, until nothing is left to write.

A write is planned only from an answer of the registry that was read just before it: it has no ETag, so the
milliseconds between are the registry's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from model_registry.types import RegistryEntry
from registrar.api.conditions import Reason
from registrar.api.meta import OWNER_PROPERTY
from registrar.cluster.client import ResourceGoneError
from registrar.kinds.base import Desired
from registrar.planning.actions import Change, Create, Leave, Memory, Owned, Patch, Policies, Refuse, owned_by
from registrar.planning.claims import Claimant
from registrar.planning.ownership import Origin, stamp_of
from registrar.planning.plan import owned_on, plan
from registrar.planning.problems import ReconcileError, transient, waiting
from registrar.reconcile.apply import create, patch
from registrar.reconcile.conflicts import contend
from registrar.reconcile.context import Context
from registrar.reconcile.observe import Observation, observe
from registrar.reporting.outcome import Deed

LOOK_WAIT = 0.2
"""Seconds for the prober's look; one answer of the registry."""
REPLACED_RECHECK = 60.0
"""Seconds until a registry that seemed replaced is looked at again; its return is noticed earlier by the feed."""
MOST_STEPS = 5
"""View, fresh look, creation, conflict, patch: more steps mean that others keep changing the entry."""


@dataclass(frozen=True, slots=True)
class Converged:
    """One entry as it stands now.

    Attributes:
        entry: the entry.
        owned: what the resource has set on it.
        deed: what was written; None for nothing.
        changes: what the write changed, where the entry was there before.
        drift: differences that were left alone and are told.
        is_contested: they were left because somebody else keeps writing the same fields.
    """

    entry: RegistryEntry
    owned: Owned
    deed: Deed | None = None
    changes: tuple[Change, ...] = ()
    drift: tuple[Change, ...] = ()
    is_contested: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """One entry to bring about.

    Attributes:
        desired: what it shall be.
        claimant: who wants it.
        memory: what the status remembers of it.
        policies: how far to go.
        look: ask the registry even if the view says that all is well.
        persist: puts an entry's ID and a wider set of owned names into the status, before a write that adds names.
    """

    desired: Desired
    claimant: Claimant
    memory: Memory
    policies: Policies
    look: bool
    persist: Callable[[str, Owned], Awaitable[None]]


async def converge(task: Task, context: Context) -> Converged:
    """Bring one entry about.

    Raises:
        ReconcileError: it cannot be as written, or not yet.
        StoreError: the registry could not answer, or refused.
        KubernetesError: the wider set of owned names could not be persisted, or the resource is not there any more;
            nothing was written then.
    """
    registry = context.registry
    observed = await observe(task.desired, task.memory, registry, look=task.look)
    for _ in range(MOST_STEPS):
        stamp = stamp_of(observed.entry, registry.owner_id)
        stamped = None if stamp is None else stamp.reference
        await contend(task.desired, task.claimant, stamped, context, take_over=task.policies.take_over)
        owned = owned_on(observed.entry, task.desired, task.memory, registry.owner_id)
        task = replace(task, memory=replace(task.memory, owned=owned))
        planned = plan(task.desired, observed.entry, task.memory, task.policies, registry.owner_id)
        match planned:
            case Refuse():
                raise ReconcileError(planned.problem)
            case Leave():
                return Converged(planned.entry, owned_by(task.desired), drift=planned.drift)
            case Create():
                _refuse_new_registry(task, context)
                await _confirm(task, context)
                entry, made = await create(task.desired, planned, registry)
                if made:
                    return Converged(entry, owned_by(task.desired), Deed.CREATED)
                observed = Observation(entry, fresh=True)
            case Patch() if not observed.fresh:
                observed = await observe(task.desired, task.memory, registry, look=True)
            case Patch() if _is_contested(task, planned, context):
                drift = _changes(planned, context)
                return Converged(planned.entry, owned_by(task.desired), drift=drift, is_contested=True)
            case Patch():
                await _confirm(task, context)
                converged = await _patch(task, planned, context)
                _record(task, planned, context)
                return converged
    raise transient(Reason.REGISTRY_UNAVAILABLE, f"Others keep changing {task.desired.name!r} in the registry")


async def _confirm(task: Task, context: Context) -> None:
    """Make sure that a resource is there before what it had is written back.

    A watch that starts anew after 410 Gone tells no deletion of what went meanwhile.

    Raises:
        ResourceGoneError: it is not, or another one has its name.
    """
    if not task.memory.settled:
        return
    claimant = task.claimant
    body = await context.kube.get(claimant.key)
    if body is None or body["metadata"]["uid"] != claimant.uid:
        raise ResourceGoneError(404, "NotFound", f"{claimant.key} was deleted, and the watch did not tell")


def _refuse_new_registry(task: Task, context: Context) -> None:
    """Create nothing in the place of an entry that was there, if many are gone at once."""
    if not task.memory.had_entry or context.settings.accept_new_registry:
        return
    now = context.monotonic()
    is_seen = context.registry.looked_at > context.census.notice(task.desired.claim, now)
    if not is_seen:
        # A registry that was reset since the last look is told from one that lost a single entry by looking again.
        context.registry.outage.want_look()
    if not is_seen or not context.listed.is_set():
        message = "The entry is not in the registry any more; it is looked how many others are missing."
        raise waiting(Reason.REGISTRY_UNAVAILABLE, message, recheck=LOOK_WAIT)
    missing = context.census.missing(now)
    if missing is not None:
        raise waiting(
            Reason.REGISTRY_REPLACED,
            f"{missing[0]} of {missing[1]} entries are not in the registry {context.registry.url} any more: it was "
            "reset, restored or replaced. Nothing is created. Bring the entries back, or start the operator with "
            "--accept-new-registry to have them made anew.",
            recheck=REPLACED_RECHECK,
        )
    context.census.forget(task.desired.claim)


def _is_contested(task: Task, planned: Patch, context: Context) -> bool:
    """Whether this is drift that was corrected too often. The user's own changes and requests are never contested."""
    if not task.memory.settled or task.look:
        context.corrections.forget(task.desired.claim)
        return False
    paths = [change.path for change in _changes(planned, context)]
    return context.corrections.are_contested(task.desired.claim, paths, context.monotonic())


def _changes(planned: Patch, context: Context) -> tuple[Change, ...]:
    """What a correction changes: the owner stamp too, for which two installations may fight that agree on all else."""
    before = (planned.entry.custom_properties or {}).get(OWNER_PROPERTY)
    after = planned.stamp.text(context.registry.owner_id)
    stamp = Change(f"customProperties.{OWNER_PROPERTY}", before, after)
    return planned.changes if before == after else (*planned.changes, stamp)


def _record(task: Task, planned: Patch, context: Context) -> None:
    """Count a correction that was made; one that failed fought nobody."""
    if task.memory.settled and not task.look:
        paths = [change.path for change in _changes(planned, context)]
        context.corrections.record(task.desired.claim, paths, context.monotonic())


def _on(entry: RegistryEntry, owned: Owned) -> Owned:
    """What is owned and really there: writes that failed time and again must not fill the status with names."""
    return Owned(owned.fields, owned.properties & (entry.custom_properties or {}).keys())


async def _patch(task: Task, planned: Patch, context: Context) -> Converged:
    owned = owned_by(task.desired)
    if not task.memory.owned.covers(owned):
        # A crash after the write must not forget what is ours to clear later.
        await task.persist(str(planned.entry.id), _on(planned.entry, task.memory.owned) | owned)
    adopted = planned.stamp.origin is Origin.ADOPTED and stamp_of(planned.entry, context.registry.owner_id) is None
    changed = await patch(task.desired, planned, context.registry)
    deed = Deed.RESTORED if planned.restores else Deed.ADOPTED if adopted else Deed.UPDATED
    return Converged(changed, owned, deed, planned.changes)
