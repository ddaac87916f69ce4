"""Makes sure that this installation manages a resource before anything is written for it."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from registrar.api.registry_url import normalized_url
from registrar.api.v1alpha1.common import Holder
from registrar.api.v1alpha1.registry_ref import RegistryRef
from registrar.cluster.api import ClusterAPI, KubernetesError
from registrar.planning.holding import CLAIM_SECONDS, Decision, Holding, Step, decide
from registrar.reconcile.memory import Memory
from registrar.reconcile.resource import ManagedResource
from registrar.reporting.outcome import EventNote
from registrar.workqueue.queue import DONE, Result

logger = logging.getLogger(__name__)

OTHER_SECONDS = 60.0
"""For which another installation may finalize a deleted resource whose entry this one cannot retire."""


async def hold(
    resource: ManagedResource, memory: Memory, kube: ClusterAPI, ours: Holder, ref: RegistryRef | None = None
) -> tuple[Result | None, EventNote | None]:
    """Claim a resource that another installation holds, or leave it alone.

    Args:
        resource: the resource.
        memory: what is known of all resources.
        kube: the API server.
        ours: this installation.
        ref: the ClusterRegistry that connects its registry; None for the registry of the flags.

    Returns:
        None if this installation holds the resource, else when to run again; and the Event to post, if any.

    Raises:
        KubernetesError: the API server did not accept the claim.
    """
    key, now = resource.key, time.monotonic()
    holder = _holder_of(resource, ours, ref)
    before = memory.holding(key)
    if not resource.has_finalizer:
        # Then another change of the resource came first, and no installation.
        before = replace(before, preceded_at=None)
    decision = decide(before, holder, ours, resource.metadata.generation, now)
    memory.hold(key, decision.holding)
    match decision.step:
        case Step.RECONCILE:
            return None, None
        case Step.LEAVE:
            return DONE, None
        case Step.YIELD:
            message = (
                f"{_named(holder)} manages this resource too and took it back, so this installation "
                f"({_named(ours)}) leaves it alone. Let only one of the two watch the namespace {key.namespace}."
            )
            logger.warning("%s: %s", key, message)
            return DONE, EventNote("ManagedByOther", message, is_warning=True)
        case Step.CLAIM:
            logger.info("%s: claims it from %s", key, _named(holder))
            patch = {"managedBy": ours.model_dump(by_alias=True)}
            try:
                memory.keep_answer(await kube.patch_status(key, resource.metadata, patch))
            except KubernetesError:
                # Nobody can reverse a claim that was not made; one whose answer was lost still has to stand.
                memory.hold(key, replace(decision.holding, held=before.held, claimed=None))
                raise
    return Result(requeue_after=_remaining(decision, now)), None


def leave_to_other(resource: ManagedResource, memory: Memory) -> Result | None:
    """Return when to look again at a resource of another installation; None once nobody there finalizes its deletion.

    Args:
        resource: the resource, whose entry this installation cannot retire.
        memory: knows for how long it is being deleted.
    """
    if not resource.metadata.terminating:
        return DONE
    # The other one retires the entry, and lets go of the resource then, unless nobody runs it any more.
    left = OTHER_SECONDS - memory.leaving(resource.key, None)
    return Result(requeue_after=left) if left > 0 else None


def let_precede(resource: ManagedResource, memory: Memory) -> None:
    """Let another installation hold a resource to which this one could not add the finalizer.

    If it turns out that nobody has added it, the resource was only changed meanwhile.
    """
    if resource.status.managed_by is None:
        memory.hold(resource.key, Holding(preceded_at=time.monotonic()))


def _holder_of(resource: ManagedResource, ours: Holder, ref: RegistryRef | None) -> Holder | None:
    """Return the holder of a resource: this installation also where the address is spelt in another way.

    So it is where its ClusterRegistry got another address since.
    """
    status, holder = resource.status, resource.status.managed_by
    if holder is None or holder.owner_id != ours.owner_id:
        return holder
    is_same_ref = ref is not None and status.registry_ref == ref
    is_same_url = normalized_url(holder.registry_url) == normalized_url(ours.registry_url)
    return ours if is_same_ref or is_same_url else holder


def _remaining(decision: Decision, now: float) -> float:
    began_at = max(decision.holding.claimed_at or 0.0, decision.holding.preceded_at or 0.0)
    return max(0.0, began_at + CLAIM_SECONDS - now)


def _named(holder: Holder | None) -> str:
    return "nobody" if holder is None else f"{holder.owner_id} with the registry {holder.registry_url}"
