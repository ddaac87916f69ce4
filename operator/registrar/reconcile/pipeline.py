"""THE PIPELINE: parse -> resolve -> observe -> plan -> apply -> status. Read it top to bottom.

Every event, restart and request leads here with the latest body. Nothing is remembered between runs but the body,
the view of our entries, and who claims and waits for what.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from model_registry.exceptions import StoreError
from registrar.api.bodies import ResourceKey, entry_name, is_awaited
from registrar.api.conditions import Aspect
from registrar.cluster.client import KubernetesError, ResourceGoneError, StaleResourceError
from registrar.kinds.base import Identity
from registrar.kinds.desired import ENTRY_KINDS, AnyResource, desired_artifacts, desired_entry
from registrar.planning.actions import Owned
from registrar.planning.fields import owned_to_status, storage_uri
from registrar.planning.problems import ReconcileError, Severity
from registrar.reconcile.context import Context
from registrar.reconcile.deletion import retire
from registrar.reconcile.entry import Converged, Task, converge
from registrar.reconcile.finalizer import ensure_finalizer
from registrar.reconcile.inline_artifacts import converge_artifacts
from registrar.reconcile.report import latest_facts, persist, report
from registrar.reconcile.resolve import resolve_parent
from registrar.reconcile.resource import Head, memory_of, parse, policies_of, read_head
from registrar.reporting.outcome import Deed, Facts, Note, Outcome
from registrar.workqueue.queue import DONE, NOW, RETRY, Next

logger = logging.getLogger(__name__)


async def reconcile(key: ResourceKey, context: Context) -> Next:
    """Bring one resource and its entry together; returns when to look again."""
    body = context.resources.get(key)
    if body is None:
        return DONE
    head = read_head(body)
    try:
        if head.metadata.terminating:
            _believe_status(head, context)
            return await retire(head, context)
        if not context.registry.is_available and not is_awaited(body):
            context.registry.outage.park(key)
            return DONE
        outcome = await _outcome(head, context)
        _count_drift(head, outcome, context)
        return await report(head, outcome, context)
    except (StaleResourceError, ResourceGoneError) as error:
        return await _read_again(key, NOW if isinstance(error, StaleResourceError) else RETRY, context)
    except KubernetesError as error:
        # What was written to the registry is in the view: the next run finds it and only writes the status.
        logger.warning("The API server did not take what concerns %s: %s", key, error)
        return RETRY


def _count_drift(head: Head, outcome: Outcome, context: Context) -> None:
    """Count what somebody changed in the registry: a write for a spec that was settled, or a new difference."""
    if head.is_settled and outcome.deed in {Deed.CREATED, Deed.RESTORED, Deed.UPDATED}:
        context.metrics.reconciles.found_drift(head.key.kind, corrected=True)
    elif outcome.drift and not any(one.type == Aspect.DRIFTED for one in head.status.conditions or ()):
        context.metrics.reconciles.found_drift(head.key.kind, corrected=False)


async def _outcome(head: Head, context: Context) -> Outcome:
    if head.metadata.paused:
        _believe_status(head, context)
        return Outcome(Facts.of(head.status), paused=True)
    try:
        context.registry.require()
        resource = parse(head.body)
        outcome = await _bring_about(head, resource, context)
    except (ReconcileError, StoreError) as error:
        _believe_status(head, context)
        # What was persisted before a write that failed stays: the write may have been carried out.
        outcome = Outcome(latest_facts(head, context), context.registry.diagnose(error))
    if outcome.problem is not None and outcome.problem.severity in {Severity.TRANSIENT, Severity.OUTAGE}:
        # The request stays open: the retry shall look as closely.
        return outcome
    return replace(outcome, handled_request=head.pending_request)


async def _bring_about(head: Head, resource: AnyResource, context: Context) -> Outcome:
    registry = context.registry
    known_id = head.known_id(registry)
    known_parent = getattr(head.status, "parent_id", None) if known_id is not None else None
    parent = await resolve_parent(resource, known_parent, context.resources, registry)
    desired = desired_entry(resource, parent.id)
    inline = () if known_id is None else desired_artifacts(resource, known_id)
    claims = frozenset(one.claim for one in (desired, *inline))
    context.wake(context.claims.keep_only(head.key, claims))
    policies = policies_of(resource, context.settings)
    await ensure_finalizer(head, policies.deletion, context)

    async def persist_owned(entry_id: str, owned: Owned) -> None:
        fields, properties = owned_to_status(desired.kind.ENTRY, owned)
        identity = {"id": entry_id, "registryUrl": registry.url} | ({"parentId": parent.id} if parent.id else {})
        await persist(head.key, {**identity, "ownedFields": fields, "ownedProperties": properties}, context)

    converged = await converge(
        Task(
            desired=desired,
            claimant=head.claimant(),
            memory=memory_of(head, registry, desired.kind.ENTRY),
            policies=policies,
            look=head.pending_request is not None,
            persist=persist_owned,
        ),
        context,
    )
    entry_id = str(converged.entry.id)
    context.wake(context.resources.identify(head.key, Identity(entry_id, desired.name)))
    facts = _facts(head, converged, parent, context)
    notes = _notes(head, converged, known_id)
    outcome = Outcome(
        facts, deed=converged.deed, drift=converged.drift, is_contested=converged.is_contested, notes=notes
    )
    # The artifacts may end without an outcome, where the API server does not take a part of the status.
    context.untold.joined(head.key, head.metadata.uid, outcome)
    return await converge_artifacts(head, desired_artifacts(resource, entry_id), policies, outcome, context)


def _facts(head: Head, converged: Converged, parent: Identity, context: Context) -> Facts:
    before = Facts.of(head.status)
    fields, properties = owned_to_status(type(converged.entry), converged.owned)
    state = getattr(converged.entry, "state", None)
    # A parent that vanished left its ID, not its name: the address stays as it was told.
    uri = before.storage_uri if parent.name is None else storage_uri(parent.name, str(converged.entry.name))
    return replace(
        before,
        id=converged.entry.id,
        parent_id=parent.id or None,
        state=None if state is None else str(state),
        registry_url=context.registry.url,
        storage_uri=uri,
        owned_fields=fields,
        owned_properties=properties,
    )


def _notes(head: Head, converged: Converged, known_id: str | None) -> tuple[Note, ...]:
    notes = []
    if head.status.id is not None and head.status.id != converged.entry.id:
        where = "" if known_id is not None else f" (of {head.status.registry_url})"
        message = f"The ID {head.status.id}{where} is void; the entry has the ID {converged.entry.id} now."
        notes.append(Note("IdentityChanged", message))
    if "externalId" in (head.status.owned_fields or ()) and "external_id" not in converged.owned.fields:
        notes.append(
            Note("ExternalIdReleased", "The registry cannot clear an external ID: the entry keeps the old one.")
        )
    return tuple(notes)


def _believe_status(head: Head, context: Context) -> None:
    """Let children go on with the ID that this resource had, while something stands in its own way.

    The view has to show that it still is the ID of this entry: children would be made under a stranger's else.
    """
    known_id, name = head.known_id(context.registry), entry_name(head.body)
    if known_id is None or context.resources.identity(head.key) is not None:
        return
    entry = context.registry.view.by_id(ENTRY_KINDS[head.key.kind].ENTRY, known_id)
    if entry is not None and entry.name == name:
        context.wake(context.resources.identify(head.key, Identity(known_id, name)))


async def _read_again(key: ResourceKey, follow_up: Next, context: Context) -> Next:
    """Somebody changed or deleted the resource while we worked: start over from what it is now."""
    try:
        body = await context.kube.get(key)
    except KubernetesError as error:
        logger.warning("The API server did not tell how %s is now: %s", key, error)
        return RETRY
    if body is None:
        context.resources.remove(key)
        context.wake(context.claims.keep_only(key, frozenset()))
        return DONE
    context.resources.put(body)
    return follow_up
