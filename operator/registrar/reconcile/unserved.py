"""A resource that belongs to no registry now: its status says why, and its deletion does not wait for ever."""

from __future__ import annotations

import logging

from registrar.api.v1alpha1 import DeletionPolicy
from registrar.cluster.api import ClusterAPI, KubernetesError
from registrar.cluster.current import bind_resource
from registrar.fencing import NotLeadingError
from registrar.planning.resolution import Unresolved
from registrar.reconcile.holding import leave_to_other
from registrar.reconcile.memory import Memory
from registrar.reconcile.noting import note_left
from registrar.reconcile.report import post_events, report
from registrar.reconcile.resource import ManagedResource, deletion_policy
from registrar.reporting.outcome import Facts, Outcome
from registrar.settings import Settings
from registrar.workqueue.queue import DONE, RETRY, Result

logger = logging.getLogger(__name__)


async def leave_unserved(
    resource: ManagedResource, why: Unresolved, memory: Memory, kube: ClusterAPI, settings: Settings
) -> Result:
    """Report why nothing is done for a resource, or let it go; no registry is asked for anything.

    Args:
        resource: the resource.
        why: why it belongs to no registry.
        memory: what is known of the resources without a registry.
        kube: the API server.
        settings: the process settings.
    """
    bind_resource(resource.key)
    holder = resource.status.managed_by
    if holder is not None and holder.owner_id != settings.owner_id:
        # It belongs to a registry of another installation.
        left = leave_to_other(resource, memory)
        if left is not None:
            return left
    try:
        if resource.metadata.terminating and _is_let_go(resource, why, settings):
            return await _let_go(resource, memory, kube)
        outcome = Outcome(Facts.of(resource.status), why.problem)
        if resource.metadata.paused:
            outcome = Outcome(Facts.of(resource.status), paused=True)
        return await report(resource, outcome, memory, kube, None)
    except NotLeadingError as error:
        logger.info("Leaving %s to the next leader: %s", resource.key, error)
    except KubernetesError as error:
        logger.warning("The API server could not update %s; retrying: %s", resource.key, error)
    return RETRY


def _is_let_go(resource: ManagedResource, why: Unresolved, settings: Settings) -> bool:
    policy = deletion_policy(resource.kind, resource.deletion_policy, settings)
    is_kept = resource.metadata.paused or policy is DeletionPolicy.ORPHAN
    return why.is_let_go or is_kept or not resource.has_finalizer


async def _let_go(resource: ManagedResource, memory: Memory, kube: ClusterAPI) -> Result:
    if not resource.has_finalizer:
        return DONE
    ref = resource.status.registry_ref
    if resource.status.id is not None:
        where = f"the registry {resource.status.registry_url}" if ref is None else f"{ref.kind} {ref.name}"
        left = (
            f"The {resource.kind.entry.name} {resource.entry_name!r} in {where} is left as it is, because the operator "
            "does not serve that registry."
        )
        await post_events(resource, [note_left(resource.key.path, left)], memory, kube)
    await kube.patch_finalizers(resource.key, resource.metadata, resource.other_finalizers)
    return DONE
