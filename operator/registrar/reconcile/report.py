"""The end of a reconcile: at most one status patch, the Events that it deserves, and when to run again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from registrar.api.conditions import Reason
from registrar.cluster.api import ClusterAPI
from registrar.kinds.base import Desired
from registrar.planning.actions import RecordOwnership
from registrar.planning.fields import origin_to_status, owned_to_status
from registrar.planning.problems import Disposition, Problem, refused
from registrar.reconcile.addresses import awaits_artifact
from registrar.reconcile.inline_artifacts import with_artifact
from registrar.reconcile.memory import Memory
from registrar.reconcile.posting import log_warnings, post
from registrar.reconcile.resource import ManagedResource
from registrar.registries.breaker import MAX_RETRY_AFTER
from registrar.registries.registry import Registry
from registrar.reporting.outcome import EventNote, Facts, Outcome
from registrar.reporting.status import as_json, events_for, merge_patch, next_status, ownership_patch
from registrar.workqueue.delays import spread
from registrar.workqueue.queue import DONE, RETRY, Result

QUIET_SECONDS = 2.0
"""Of waiting that no status reports: parents mostly get their ID at once."""
PROVISIONAL_REQUEUE_SECONDS = 0.2
"""Until a reconcile goes on that did not know enough: of its entry, or of the other resources after a start."""
FOLLOWED_SECONDS = 0.3
"""For which the status of a new version waits at most for an artifact of it, which wakes the version."""
TERMINAL_REQUEUE_SECONDS = 1800.0
"""Until a terminal problem is retried, for what was fixed in the registry."""

TOO_LARGE = (
    "This resource and its status, which repeats the names of all custom properties, are together larger than the API "
    "server stores (mostly 1.5 MiB). Declare fewer custom properties, or ones with shorter names, or declare artifacts "
    "as ModelArtifact resources of their own."
)


async def record_ownership(
    resource: ManagedResource,
    holder: Facts | None,
    desired: Desired,
    action: RecordOwnership,
    *,
    memory: Memory,
    kube: ClusterAPI,
    registry: Registry,
) -> None:
    """Record in the status what a patch is about to set.

    What the reconcile did so far is recorded with it: an artifact counts only under the ID of its version.

    Args:
        resource: the resource.
        holder: for an inline artifact, what is known of the resource's own entry and artifacts; None for its own entry.
        desired: the entry.
        action: what to record.
        memory: what is known of all resources.
        kube: the API server.
        registry: the registry.

    Raises:
        KubernetesError: the API server did not accept it.
    """
    entry, before = action.entry, latest_facts(resource, memory)
    if holder is None:
        fields, properties = owned_to_status(desired.kind.entry, action.owned)
        facts = Facts(
            id=entry.id,
            create_time_since_epoch=entry.create_time_since_epoch,
            origin=origin_to_status(action.origin),
            parent_id=desired.parent_id or None,
            registry_url=registry.url,
            registry_ref=registry.ref,
            managed_by=registry.holder,
            owned_fields=fields,
            owned_properties=properties,
            digest=action.owned.digest,
            # Those of another version count no longer: a registry that was reset assigns the same IDs again.
            artifacts=before.artifacts if before.id == entry.id else (),
        )
    else:
        artifacts = with_artifact(holder.artifacts, desired, entry, action.origin, action.owned)
        facts = replace(holder, managed_by=registry.holder, artifacts=artifacts)
    latest = latest_of(resource, memory)
    if latest is not None:
        patch = ownership_patch(latest.status, latest.raw_status, facts)
        memory.keep_answer(await kube.patch_status(resource.key, latest.metadata, patch))


async def report(
    resource: ManagedResource, outcome: Outcome, memory: Memory, kube: ClusterAPI, registry: Registry | None
) -> Result:
    """Write what has changed in the status.

    Args:
        resource: the resource as it was reconciled; its latest body may be newer by our own writes.
        outcome: how the reconcile ended.
        memory: what is known of all resources.
        kube: the API server.
        registry: the registry; None if the resource belongs to none.

    Raises:
        KubernetesError: the API server did not accept it.
    """
    key, follow_up = resource.key, _follow_up(outcome)
    is_followed = awaits_artifact(resource, outcome, memory)
    outcome = memory.unreported.join(key, resource.metadata.uid, outcome)
    if is_followed:
        return Result(requeue_after=FOLLOWED_SECONDS)
    is_outage = outcome.problem is not None and outcome.problem.disposition is Disposition.OUTAGE
    if registry is not None and is_outage:
        registry.breaker.defer(key)
    has_news = False
    if outcome.problem is not None and _may_pass(outcome.problem):
        # What the operator did on the way is reported at once: an assigned ID above all.
        has_news = outcome.operation is not None or outcome.facts != latest_facts(resource, memory)
        remaining = QUIET_SECONDS - memory.waited(key)
        is_unread = _may_be_unread(outcome.problem, memory)
        if is_unread:
            memory.sync_waits.begin(key)
        if (remaining > 0 or is_unread) and not has_news:
            return follow_up if follow_up.failed or remaining <= 0 else Result(requeue_after=remaining)
    else:
        memory.stop_waiting(key)
    if registry is None or not is_outage:
        return await _write(resource, outcome, follow_up, memory=memory, kube=kube, registry=registry)
    async with registry.breaker.reports:
        if not registry.breaker.is_open and not has_news:
            # It has ended meanwhile.
            return Result(requeue_after=PROVISIONAL_REQUEUE_SECONDS)
        return await _write(resource, outcome, follow_up, memory=memory, kube=kube, registry=registry)


async def _write(
    resource: ManagedResource,
    outcome: Outcome,
    follow_up: Result,
    *,
    memory: Memory,
    kube: ClusterAPI,
    registry: Registry | None,
) -> Result:
    """Write what has changed in the status, and post the Events; returns when to run again."""
    latest = latest_of(resource, memory)
    if latest is None:
        # A successor of the same name has a run of its own.
        return DONE
    manages = not outcome.paused and not _is_refused(outcome)
    if manages and registry is not None and outcome.facts.managed_by != registry.holder:
        outcome = replace(outcome, facts=replace(outcome.facts, managed_by=registry.holder))
    events = await _patch_status(resource, latest, outcome, memory, kube)
    _log_problems(resource, outcome, events)
    if manages and registry is not None:
        memory.report_hold(resource.key)
    memory.unreported.reported(resource.key)
    await post_events(latest, events, memory, kube)
    return follow_up


async def report_too_large(resource: ManagedResource, memory: Memory, kube: ClusterAPI) -> Result:
    """Report that the API server cannot store what the operator has to record of a resource.

    The status keeps what it recorded before, and what it could not record stays unreported.

    Raises:
        KubernetesError: the API server does not store this either.
    """
    latest = latest_of(resource, memory)
    if latest is None:
        return DONE
    outcome = Outcome(Facts.of(latest.status), refused(Reason.INVALID_SPEC, TOO_LARGE))
    await post_events(latest, await _patch_status(resource, latest, outcome, memory, kube), memory, kube)
    return _follow_up(outcome)


async def _patch_status(
    resource: ManagedResource, latest: ManagedResource, outcome: Outcome, memory: Memory, kube: ClusterAPI
) -> list[EventNote]:
    """Write what has changed in the status; returns the Events that report it."""
    wanted = next_status(resource.metadata, latest.status, outcome, datetime.now(UTC))
    # Nearly all are equal after a start, and neither is then written out to be compared.
    if wanted != latest.status and (patch := merge_patch(latest.raw_status, as_json(wanted))):
        memory.keep_answer(await kube.patch_status(resource.key, latest.metadata, patch))
    return events_for(latest.status, wanted, outcome)


def _log_problems(resource: ManagedResource, outcome: Outcome, events: Iterable[EventNote]) -> None:
    """Log each new problem of this resource alone. One of the whole registry is logged once, where it is noticed."""
    problem = outcome.problem
    is_of_all = problem is not None and (
        problem.disposition is Disposition.OUTAGE or problem.reason is Reason.REGISTRY_REPLACED
    )
    if not is_of_all:
        log_warnings(resource.key, (event for event in events if event not in outcome.notes))


def latest_of(resource: ManagedResource, memory: Memory) -> ManagedResource | None:
    """Return the resource with its latest metadata and status; None if it no longer exists."""
    return resource.refreshed(memory.cache.get(resource.key))


def latest_facts(resource: ManagedResource, memory: Memory) -> Facts:
    """Return what the status reports by now: a reconcile may have recorded a part of it before it ended."""
    return Facts.of((latest_of(resource, memory) or resource).status)


async def post_events(resource: ManagedResource, events: Iterable[EventNote], memory: Memory, kube: ClusterAPI) -> None:
    """Post Events about a resource, as `post` does."""
    await post(resource.key, resource.metadata, events, memory.events, kube)


def _is_refused(outcome: Outcome) -> bool:
    """Return whether the resource may not use the registry: another installation may be the one that serves it."""
    return outcome.problem is not None and outcome.problem.reason is Reason.REGISTRY_NOT_PERMITTED


def _may_pass(problem: Problem) -> bool:
    """Return whether a moment may end the problem, so that it is reported only after a moment."""
    return problem.disposition in {Disposition.WAITING, Disposition.OUTAGE} or problem.retry_after is not None


def _may_be_unread(problem: Problem, memory: Memory) -> bool:
    """Return whether the operator may not have read yet what the resource waits for."""
    return problem.disposition is Disposition.WAITING and not memory.cache.synced.is_set()


def _follow_up(outcome: Outcome) -> Result:
    problem = outcome.problem
    if problem is None:
        return Result(requeue_after=PROVISIONAL_REQUEUE_SECONDS) if outcome.is_provisional else DONE
    match problem.disposition:
        case Disposition.WAITING | Disposition.OUTAGE:
            return Result(requeue_after=problem.requeue_after)
        case Disposition.TRANSIENT if problem.retry_after is not None:
            return Result(requeue_after=min(problem.retry_after, MAX_RETRY_AFTER), failed=True)
        case Disposition.TRANSIENT:
            return RETRY
        case Disposition.TERMINAL:
            return Result(requeue_after=problem.requeue_after or spread(TERMINAL_REQUEUE_SECONDS))
