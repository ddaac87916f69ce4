"""THE PIPELINE: read -> resolve -> observe -> plan -> apply -> report. Read it from top to bottom.

Every event, restart and request leads here with the latest body of a resource. Between two runs, the operator
remembers of resources only what `registrar.reconcile.memory` holds, and of the registry what `registrar.registries`
holds: the view, external look-ups, missing entries and an outage.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from model_registry.exceptions import RegistryError
from registrar.api.bodies import Body, ResourceKey, is_awaited, key_of, reports_outage, uid_of, was_never_finalized
from registrar.api.conditions import ConditionType, Reason
from registrar.api.v1alpha1 import DriftPolicy
from registrar.cluster.api import KubernetesError, ResourceGoneError, StaleResourceError
from registrar.cluster.current import bind_resource
from registrar.fencing import NotLeadingError, NotServedError
from registrar.kinds.base import AnyResource
from registrar.kinds.desired import desired_entry, desired_inline
from registrar.planning.fields import origin_to_status
from registrar.planning.problems import Disposition, Problem, ReconcileError
from registrar.planning.tenancy import Permit
from registrar.reconcile.addresses import with_addresses
from registrar.reconcile.aliases import places_of, resolve_aliases
from registrar.reconcile.artifacts import reconcile_artifacts
from registrar.reconcile.context import Context
from registrar.reconcile.deletion import ensure_finalizer, finalize, finalize_departed
from registrar.reconcile.entry import reconcile_entry
from registrar.reconcile.facts import entries_in, outcome_of
from registrar.reconcile.holding import hold, leave_to_other
from registrar.reconcile.report import latest_facts, post_events, report, report_too_large
from registrar.reconcile.request import EntryRequest
from registrar.reconcile.resolve import follow_parent, resolve_parent
from registrar.reconcile.resource import InlineName, ManagedResource, policies_of, read_resource, recorded_state
from registrar.reconcile.tenancy import confirm_permit, ensure_in_force, is_left_to_other, require_permit
from registrar.registries.diagnosis import diagnose
from registrar.reporting.outcome import EventNote, Facts, OperationResult, Outcome
from registrar.workqueue.queue import DONE, NOW, RETRY, Result

logger = logging.getLogger(__name__)


async def run(key: ResourceKey, context: Context) -> Result:
    """Reconcile one resource as a turn of a worker, named in the log and measured; returns when to run again."""
    bind_resource(key)
    began, result = time.monotonic(), RETRY
    try:
        result = await reconcile(key, context)
    except NotLeadingError as error:
        logger.info("Leaving %s to the next leader: %s", key, error)
    except NotServedError as error:
        logger.info("%s begins again where it belongs now: %s", key, error)
    finally:
        context.monitor.ended(key.kind, _result_label(result), time.monotonic() - began)
    return result


async def reconcile(key: ResourceKey, context: Context) -> Result:
    """Bring one resource and its entry together; returns when to run again."""
    departed = context.memory.departures.get(key)
    result = DONE if departed is None else await finalize_departed(read_resource(departed), context)
    body = context.memory.cache.get(key)
    # A successor of the same name waits while the grace of its predecessor lasts, because it may want the same entries,
    # but not for a registry that refuses the predecessor's.
    if body is None or (result != DONE and not result.failed):
        return result
    own = await _reconcile_existing(body, context)
    return own if own.failed or not result.failed else result


async def _reconcile_existing(body: Body, context: Context) -> Result:
    key = key_of(body)
    if not context.registry.is_available and not is_awaited(body) and not reports_outage(body):
        context.registry.breaker.defer(key)
        return DONE
    resource = read_resource(body)
    _let_go_of_undeclared(resource, context)
    try:
        if not resource.metadata.paused:
            left, note = await _hold(resource, context)
            if note is not None:
                await post_events(resource, [note], context.memory, context.kube)
            if left is not None:
                return left
        if resource.metadata.terminating:
            _restore_identity(resource, context)
            return await finalize(resource, context)
        outcome = await _outcome(resource, context)
        if outcome.problem is None:
            context.memory.external_ids.end(resource.key)
            context.registry.breaker.outliers.forget(resource.key)
        _count_drift(resource, outcome, context)
        return await report(resource, outcome, context.memory, context.kube, context.registry)
    except (StaleResourceError, ResourceGoneError) as error:
        return await _read_again(body, NOW if isinstance(error, StaleResourceError) else RETRY, context)
    except KubernetesError as error:
        return await _after_refusal(resource, error, context)


async def _after_refusal(resource: ManagedResource, error: KubernetesError, context: Context) -> Result:
    """Return when to run again after the API server did not take a write; report it if no retry helps."""
    if error.is_too_large:
        logger.warning("The API server cannot store %s with its status: %s", resource.key, error)
        try:
            return await report_too_large(resource, context.memory, context.kube)
        except KubernetesError as second:
            error = second
    # What was written to the registry is in the view: the next run finds it and only writes the status.
    logger.warning("The API server could not update %s; retrying: %s", resource.key, error)
    return RETRY


async def _hold(resource: ManagedResource, context: Context) -> tuple[Result | None, EventNote | None]:
    """Make sure that this installation manages a resource (`registrar.reconcile.holding.hold`)."""
    if is_left_to_other(resource, context.registry):
        left = leave_to_other(resource, context.memory)
        if left is not None:
            return left, None
    registry = context.registry
    return await hold(resource, context.memory, context.kube, registry.holder, registry.ref)


def _let_go_of_undeclared(resource: ManagedResource, context: Context) -> None:
    """Release the claims on what the spec no longer declares, whatever keeps the resource from claiming the rest.

    One that is paused, or waits for its parent, would keep others from the entries that it gave up until a restart.
    """
    declared = {InlineName(resource.kind.entry.name, resource.entry_name), *resource.inline}
    claims = context.memory.claims.claims_of(resource.key)
    kept = {claim for claim in claims if InlineName(claim.kind, claim.name) in declared}
    if kept != claims:
        context.memory.claim_only(resource.key, kept)


async def _outcome(resource: ManagedResource, context: Context) -> Outcome:
    if resource.metadata.paused:
        _restore_identity(resource, context)
        return Outcome(Facts.of(resource.status), paused=True)
    if not isinstance(resource.declared, Problem):
        # A refused resource waits for its parent too: the name that is refused may be that of the parent.
        follow_parent(resource.declared, context.memory)
    try:
        # First of all: who may not use a registry learns nothing of it, nor whether it is away.
        permit = await require_permit(resource, context.memory.cache, context.registry)
        _wake_refused_children(resource, context)
        context.registry.ensure_available()
        outcome = await _reconcile_entries(resource, resource.require_spec(), permit, context)
    except (ReconcileError, RegistryError) as error:
        # Children need not wait for another run to learn of an entry that this one has recorded.
        _restore_identity(resource.refreshed(context.memory.cache.get(resource.key)) or resource, context)
        # What was recorded before a write that failed stays: the registry may have carried the write out.
        problem = diagnose(error, resource.key, context.registry)
        outcome = Outcome(latest_facts(resource, context.memory), problem)
    if outcome.problem is not None and outcome.problem.reason is Reason.REGISTRY_NOT_PERMITTED:
        # Others need not wait for what it may not have.
        context.memory.claim_only(resource.key, ())
    if outcome.problem is not None and outcome.problem.disposition in {Disposition.TRANSIENT, Disposition.OUTAGE}:
        # The request stays open, so that the retry reads the registry again.
        return outcome
    return replace(outcome, handled_request=resource.pending_request)


def _wake_refused_children(resource: ManagedResource, context: Context) -> None:
    """Have children judged again where a resource was refused until now: they were for the same reason."""
    ready = resource.status.condition(ConditionType.READY)
    if ready is not None and ready.reason == Reason.REGISTRY_NOT_PERMITTED:
        context.memory.wake(context.memory.dependencies.children(resource.key))


async def _reconcile_entries(
    resource: ManagedResource, declared: AnyResource, permit: Permit, context: Context
) -> Outcome:
    registry, memory = context.registry, context.memory
    known_id = registry.known_id(resource.status)
    if known_id is not None:
        # Before it is read: an entry that lost our stamp would count as missing until it is compared a second time.
        registry.view.pin(resource.key, entries_in(resource, Facts.of(resource.status)))
    known_parent_id = None if known_id is None else resource.status.parent_entry_id
    parent = await resolve_parent(declared, known_parent_id, memory, registry)
    await confirm_permit(resource, parent, memory.cache, registry)
    # Both judgements are by the same tenants.
    ensure_in_force(permit, resource.key.namespace, registry)
    aliases = await resolve_aliases(resource, declared, known_id, memory, registry)
    entry = permit.complete(desired_entry(declared, registry.name, "" if parent is None else parent.id))
    desired = aliases.restrict(entry)
    inline = () if known_id is None else desired_inline(declared, registry.name, known_id)
    memory.claim_only(resource.key, {entry.claim for entry in (desired, *inline)})
    policies = permit.limit(policies_of(declared, context.settings), resource.metadata.creation_timestamp)
    await ensure_finalizer(resource, policies.deletion, context)
    request = EntryRequest(
        resource=resource,
        desired=desired,
        parent=parent,
        claimant=resource.claimant(),
        recorded=recorded_state(resource, known_id),
        policies=policies,
        permit=permit,
    )
    result = await reconcile_entry(request, context)
    memory.let_go(resource.key, None, result.entry)
    identity = registry.identity_of(desired.kind, result.entry, origin_to_status(result.origin))
    memory.identify(resource.key, identity, desired.parent_id)
    registry.view.follow(resource.key, places_of(aliases.declared, identity.id).values())
    if identity.id != known_id:
        # In a registry that was reset, the old ID can belong to another version: its artifacts are no longer claimed.
        inline = desired_inline(declared, registry.name, identity.id)
        memory.claim_only(resource.key, {entry.claim for entry in (desired, *inline)})
    ignores_drift = policies.drift is DriftPolicy.IGNORE
    outcome = outcome_of(resource, result, parent, aliases, registry, ignores_drift=ignores_drift)
    # The artifacts may end without an outcome, where the API server does not accept a part of the status.
    memory.unreported.join(resource.key, resource.metadata.uid, outcome)
    outcome = await reconcile_artifacts(resource, declared, identity, policies, permit, outcome, context)
    outcome = with_addresses(resource, outcome, parent, memory, registry)
    registry.view.pin(resource.key, entries_in(resource, outcome.facts))
    return outcome


def _restore_identity(resource: ManagedResource, context: Context) -> None:
    """Let children continue with the ID that this resource had, while a problem of its own stops it.

    The view has to show that the ID still belongs to this entry: children would be created under another one else.
    """
    registry, dependencies = context.registry, context.memory.dependencies
    known_id, identity = registry.known_id(resource.status), dependencies.identity(resource.key)
    if known_id is None or (identity is not None and identity.epoch == registry.epoch):
        return
    entry, recorded = registry.view.by_id(resource.kind.entry, known_id), recorded_state(resource, known_id)
    if entry is not None and entry.name == resource.entry_name and recorded.proves(entry):
        identity = registry.identity_of(resource.kind.entry, entry, resource.status.origin)
        context.memory.identify(resource.key, identity)


def _count_drift(resource: ManagedResource, outcome: Outcome, context: Context) -> None:
    """Count what others changed in the registry: a write for a settled spec, or a new difference."""
    kind, operation = resource.key.kind, outcome.operation
    writes = {
        OperationResult.CREATED,
        OperationResult.CORRECTED,
        OperationResult.RESTORED,
        OperationResult.UPDATED,
    }
    if resource.is_settled and operation in writes and not outcome.ends_wait:
        context.monitor.found_drift(kind, corrected=True)
    elif outcome.drift and resource.status.condition(ConditionType.DRIFTED) is None:
        context.monitor.found_drift(kind, corrected=False)


async def _read_again(before: Body, follow_up: Result, context: Context) -> Result:
    """Start again from the resource as it is now: someone changed or deleted it during the reconcile.

    Args:
        before: the resource at the start of the reconcile.
        follow_up: when to run again if it still exists.
        context: the operator.
    """
    key = key_of(before)
    try:
        body = await context.memory.cache.read(key, context.kube.get)
    except KubernetesError as error:
        logger.warning("The API server could not return %s; retrying: %s", key, error)
        return RETRY
    if body is not None:
        # An answer about the same object may be older than its deletion, which the watch has shown since.
        keep = context.memory.keep_answer if uid_of(body) == uid_of(before) else context.memory.keep
        keep(body)
        return follow_up
    latest = context.memory.cache.get(key)
    if latest is not None:
        context.memory.forget(key)
        if was_never_finalized(latest):
            context.memory.depart(latest)
    return DONE


def _result_label(result: Result) -> str:
    if result.failed:
        return "error"
    return "success" if result.requeue_after is None else "requeue_after"
