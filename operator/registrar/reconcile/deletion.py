"""Deletion: the entries of a deleted resource are archived, left alone, or handed to another resource."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from model_registry.exceptions import RegistryError, UnwritableProperty
from registrar.api.bodies import ResourceKey, has_entry
from registrar.api.conditions import Reason
from registrar.api.meta import FINALIZER
from registrar.api.v1alpha1 import DeletionPolicy
from registrar.cluster.api import KubernetesError, StaleResourceError
from registrar.kinds.base import Desired
from registrar.planning.actions import Release
from registrar.planning.ownership import Origin, stamp_of
from registrar.planning.plan import plan_release
from registrar.planning.problems import Disposition, Problem, ReconcileError
from registrar.reconcile.apply import release
from registrar.reconcile.conflicts import is_elsewhere, still_wants
from registrar.reconcile.context import Context
from registrar.reconcile.handover import grace_left, is_claimed, is_inherited, is_named
from registrar.reconcile.holding import let_precede
from registrar.reconcile.noting import note_left, note_release
from registrar.reconcile.preconditions import refuse_to_lose
from registrar.reconcile.report import post_events, report
from registrar.reconcile.resource import ManagedResource, deletion_policy, read_resource
from registrar.reconcile.targets import Target, is_same_entry, targets_of
from registrar.reconcile.tenancy import ensure_in_force, permit_of, permit_to_retire
from registrar.registries.diagnosis import diagnose
from registrar.registries.registry import Registry
from registrar.reporting.outcome import EventNote, Facts, Outcome
from registrar.workqueue.queue import DONE, RETRY, Result

logger = logging.getLogger(__name__)


async def ensure_finalizer(resource: ManagedResource, deletion: DeletionPolicy | None, context: Context) -> None:
    """Add our finalizer before anything is created, or remove it where a deletion leaves the entry anyway.

    Raises:
        KubernetesError: the API server did not accept it; nothing may be written to the registry then.
    """
    is_wanted = deletion is not DeletionPolicy.ORPHAN
    if is_wanted != resource.has_finalizer:
        wanted = (*resource.other_finalizers, FINALIZER) if is_wanted else resource.other_finalizers
        try:
            context.memory.keep_answer(await context.kube.patch_finalizers(resource.key, resource.metadata, wanted))
        except StaleResourceError:
            if is_wanted:
                let_precede(resource, context.memory)
            raise


async def finalize(resource: ManagedResource, context: Context) -> Result:
    """Retire the resource's entries, then let the API server delete it.

    The references in the spec are not resolved and the spec need not be valid: neither may hold a deletion.
    """
    deletion = deletion_policy(resource.kind, resource.deletion_policy, context.settings)
    leaves_entries = resource.metadata.paused or deletion is DeletionPolicy.ORPHAN
    if resource.has_finalizer and not leaves_entries:
        try:
            targets = await _own_targets(resource, context)
            grace = await _grace(resource, targets, context)
            if grace > 0:
                return Result(requeue_after=grace)
            await _release(targets, resource, deletion, context)
        except (ReconcileError, RegistryError) as error:
            outcome = _waiting_deletion(resource, error, context)
            return await report(resource, outcome, context.memory, context.kube, context.registry)
    if resource.has_finalizer:
        await context.kube.patch_finalizers(resource.key, resource.metadata, resource.other_finalizers)
    # Others may have the entries at once: finalizers of other controllers can hold the resource for long.
    context.memory.claim_only(resource.key, ())
    return DONE


async def finalize_departed(resource: ManagedResource, context: Context) -> Result:
    """Retire the entries of a resource that vanished before its deletion could be finalized.

    Its entries are found by their stamps too: it may be gone before its status held an ID.
    """
    memory, registry = context.memory, context.registry
    deletion = deletion_policy(resource.kind, resource.deletion_policy, context.settings)
    if not resource.metadata.paused and deletion is not DeletionPolicy.ORPHAN:
        left = grace_left(resource, None, context.settings.handover_grace, memory)
        if left > 0:
            return Result(requeue_after=left)
        try:
            targets = [
                target
                for target in await _own_targets(resource, context)
                if not _is_settled(target, registry) and not await _is_kept_by_successor(target, resource.key, context)
            ]
            await _release(targets, resource, deletion, context)
        except (ReconcileError, RegistryError) as error:
            problem = diagnose(error, resource.key, registry)
            logger.warning("The entries of %s, which is gone, wait for the registry: %s", resource.key, problem.message)
            if problem.disposition is Disposition.OUTAGE:
                registry.breaker.defer(resource.key)
                return DONE
            return RETRY
        except KubernetesError as error:
            logger.warning("The API server could not say who has the entries of %s; retrying: %s", resource.key, error)
            return RETRY
    memory.released(resource.key)
    return DONE


async def _own_targets(resource: ManagedResource, context: Context) -> list[Target]:
    """Return the entries that a resource refers to, to lose them: none, if it may not use the registry for them.

    Raises:
        ReconcileError: the registry is not available.
        RegistryError: the registry could not answer.
    """
    memory, registry = context.memory, context.registry
    verdict = await permit_of(resource, memory.cache, registry)
    if isinstance(verdict, Problem):
        logger.info("%s is let go, and its entries stay as they are: %s", resource.key, verdict.message)
        return []
    registry.ensure_available()
    return targets_of(resource, registry)


def _is_settled(target: Target, registry: Registry) -> bool:
    """Return whether a deletion or a later spec settled the entry, which this process did not see."""
    stamp = stamp_of(registry.view.by_id(target.kind, target.entry_id), registry.owner_id)
    return stamp is not None and stamp.origin in {Origin.KEPT, Origin.RELEASED}


async def _is_kept_by_successor(target: Target, key: ResourceKey, context: Context) -> bool:
    """Return whether a resource that has the same name by now wants the entry of its predecessor."""
    cache, registry = context.memory.cache, context.registry
    if cache.get(key) is None:
        # Another ClusterRegistry for the same server may have the entry.
        body = await context.kube.get(key)
        if body is None or not has_entry(body) or is_elsewhere(read_resource(body), registry):
            return False
    return await still_wants(key, target.reference, target.claim(registry), cache, context.kube, registry)


async def _grace(resource: ManagedResource, targets: Sequence[Target], context: Context) -> float:
    """Return the seconds for which the deletion still waits for successors; 0 once each entry has one."""
    memory, registry = context.memory, context.registry
    for target in targets:
        memory.claim(target.claim(registry), resource.claimant(target.artifact))
    left = grace_left(resource, None, context.settings.handover_grace, memory)
    if left <= 0:
        return 0.0
    for target in targets:
        if not await is_claimed(target, resource.key, memory, context.kube, registry):
            return left
    return 0.0


async def _release(
    targets: Sequence[Target], resource: ManagedResource, deletion: DeletionPolicy | None, context: Context
) -> None:
    """Release entries. Those that wait for an external ID of one of them run again: it may be free now, or never."""
    own = next((target for target in targets if target.artifact is None), None)
    for target in targets:
        note = await _retire(target, resource, deletion, context, own)
        if note is not None:
            await post_events(resource, [note], context.memory, context.kube)
        context.memory.let_go(resource.key, target.artifact)


async def _retire(
    target: Target,
    resource: ManagedResource,
    deletion: DeletionPolicy | None,
    context: Context,
    own: Target | None = None,
) -> EventNote | None:
    """Retire one entry, unless another resource wants it, or it is not ours to retire; returns the Event of it.

    One that the registry cannot take back is left: it must not hold a deletion, or the rest of a version, for ever.

    Args:
        target: the entry.
        resource: the resource that loses it.
        deletion: the deletion policy.
        context: the operator.
        own: the version that the resource loses together with an inline artifact.

    Raises:
        ReconcileError: who may use the registry has changed meanwhile, or it has to be compared first.
        RegistryError: the registry could not answer, or refused.
        KubernetesError: the API server did not answer.
    """
    key, memory, registry = resource.key, context.memory, context.registry
    observed = await registry.get(target.kind, target.entry_id)
    refuse_to_lose(observed, target.recorded, context)
    if observed is None or not await is_same_entry(observed, target, registry):
        found = "no entry" if observed is None else repr(observed.name)
        logger.warning("%s: the registry has %s with the ID %s, so nothing is released", key, found, target.entry_id)
        return None
    permit = await permit_to_retire(resource, target, observed, memory.cache, registry)
    if permit is None:
        logger.warning("%s may not retire the %s %s, which is left as it is", key, target.kind.name, target.entry_id)
        return None
    if (
        is_inherited(target, own, key, memory, registry)
        or await is_claimed(target, key, memory, context.kube, registry)
        or await is_named(target, key, memory, registry)
    ):
        logger.info("%s hands %s %s over to another resource", key, target.kind.name, target.entry_id)
        return None
    action = plan_release(target.kind, observed, target.reference, target.recorded, deletion, registry.owner_id)
    if action is None:
        return None
    ensure_in_force(permit, key.namespace, registry)
    return await _carry_out(target, action, context)


async def _carry_out(target: Target, action: Release, context: Context) -> EventNote:
    try:
        await release(target.kind, action, context.registry)
    except UnwritableProperty as error:
        return note_left(target.reference, f"The {target.kind.name} {target.name!r} is left as it is: {error}.")
    return note_release(target, action, context.monitor)


async def retire_artifact(
    resource: ManagedResource,
    target: Target,
    desired: Sequence[Desired],
    deletion: DeletionPolicy | None,
    context: Context,
) -> tuple[float, EventNote | None]:
    """Retire an inline artifact that left the spec, once no other resource can still claim it.

    Args:
        resource: the version.
        target: the artifact's entry.
        desired: the artifacts that the spec declares now.
        deletion: the version's deletion policy.
        context: the operator.

    Returns:
        Seconds that it still waits for another resource, 0 if it waits no longer; and the Event of its release, if any.

    Raises:
        RegistryError: the registry could not answer, or refused.
        KubernetesError: the API server did not answer.
    """
    if not target.entry_id:
        return 0.0, None
    memory, registry = context.memory, context.registry
    # Another type of artifact may have its name now; then no other resource can want it.
    if all(entry.name != target.name for entry in desired):
        memory.claim(target.claim(registry), replace(resource.claimant(target.name), terminating=True))
        left = grace_left(resource, target.name, context.settings.handover_grace, memory)
        if left > 0 and not await is_claimed(target, resource.key, memory, context.kube, registry):
            return left, None
    note = await _retire(target, resource, deletion, context)
    memory.let_go(resource.key, target.name)
    return 0.0, note


def with_departures(problem: Problem, leaving: Mapping[str, float]) -> Problem:
    """Return the problem of a version, retried in time for its artifacts that wait for another resource."""
    if not leaving:
        return problem
    after = max(leaving.values())
    return replace(problem, requeue_after=after if problem.requeue_after is None else min(after, problem.requeue_after))


def handing_over(leaving: Mapping[str, float]) -> Problem:
    """Return the problem of a version whose artifacts wait for another resource, with the seconds for each."""
    names = ", ".join(map(repr, leaving))
    return Problem(
        Disposition.WAITING,
        Reason.HANDING_OVER,
        f"The artifact {names} is no longer in the spec. The operator retires it in a few seconds, unless another "
        "resource declares it."
        if len(leaving) == 1
        else f"The artifacts {names} are no longer in the spec. The operator retires them in a few seconds, unless "
        "other resources declare them.",
        requeue_after=max(leaving.values()),
    )


def _waiting_deletion(resource: ManagedResource, error: ReconcileError | RegistryError, context: Context) -> Outcome:
    problem = diagnose(error, resource.key, context.registry)
    message = (
        f"The deletion waits for the registry: {problem.message.removesuffix('.')}. To delete without archiving the "
        "entry, set spec.deletionPolicy to Orphan."
    )
    if problem.reason is Reason.REGISTRY_REPLACED:
        return Outcome(Facts.of(resource.status), replace(problem, message=message))
    is_outage = problem.disposition is Disposition.OUTAGE
    disposition = Disposition.OUTAGE if is_outage else Disposition.TRANSIENT
    reason = Reason.UNAUTHORIZED if problem.reason is Reason.UNAUTHORIZED else Reason.REGISTRY_UNAVAILABLE
    waiting = Problem(disposition, reason, message, retry_after=problem.retry_after)
    return Outcome(Facts.of(resource.status), waiting)
