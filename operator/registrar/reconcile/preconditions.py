"""What has to be true before anything is written to the registry.

Between the plan of a write and the write, the resource can be deleted, the registry replaced and its tenants changed.
"""

from __future__ import annotations

import time

from model_registry.types import RegistryEntry
from registrar.api.bodies import uid_of
from registrar.api.conditions import Reason
from registrar.cluster.api import ResourceGoneError
from registrar.planning.actions import RecordedState
from registrar.planning.problems import ReconcileError, waiting
from registrar.planning.resolution import described
from registrar.reconcile.context import Context
from registrar.reconcile.request import EntryRequest
from registrar.reconcile.tenancy import ensure_in_force
from registrar.registries.registry import Registry
from registrar.registries.replacement import Replacement

PROBE_SECONDS = 0.2
"""Until the prober has read the registry; one answer of it."""
REPLACED_REQUEUE_SECONDS = 60.0
"""Until a registry that seems replaced is compared again; the feed notices its return earlier."""


async def confirm(
    request: EntryRequest, entry: RegistryEntry | None, recorded: RecordedState, context: Context
) -> None:
    """Make sure before a write that the resource exists and may use the registry, and the parent entry is the same.

    An entry that the status proves needs no parent for that; a new or adopted one is found by its parent's ID alone.

    Raises:
        ReconcileError: the registry was reset, restored or replaced, or its tenants have changed.
        ResourceGoneError: the resource does not exist, or another one has its name.
        RegistryError: the registry could not answer.
    """
    await _confirm_exists(request, context)
    is_proved = entry is not None and recorded.proves(entry)
    if request.parent is not None and not is_proved:
        await context.registry.confirm(request.parent)
    ensure_in_force(request.permit, request.claimant.key.namespace, context.registry)


async def _confirm_exists(request: EntryRequest, context: Context) -> None:
    """Make sure that a settled resource exists before its entry is corrected.

    A watch that starts again after 410 Gone does not report deletions that happened in between.

    Raises:
        ResourceGoneError: it does not exist, or another resource has its name.
    """
    if not request.recorded.settled:
        return
    claimant = request.claimant
    body = await context.kube.get(claimant.key)
    if body is None or uid_of(body) != claimant.uid:
        raise ResourceGoneError(404, "NotFound", f"{claimant.key} was deleted, and the watch did not report it")


def refuse_new_registry(request: EntryRequest, context: Context) -> None:
    """Replace no entry that existed, if many are gone at once, and create none in a registry that is another one.

    Raises:
        ReconcileError: ``RegistryReplaced``, or the registry has to be read first.
    """
    registry, guard, now = context.registry, context.guard, time.monotonic()
    # Its epoch may have ended since this run began, and nothing can be compared before the view is loaded again.
    registry.ensure_available()
    if registry.ref is None and context.settings.accept_new_registry:
        return
    if not request.recorded.had_entry:
        _refuse_in_replaced(context, now)
        return
    claim = request.desired.claim
    is_read = registry.read_at > context.memory.losses.notice(claim, now)
    if not is_read:
        # Only another reading distinguishes a registry that was reset since the last from one that lost an entry.
        registry.breaker.request_probe()
    if not is_read or not context.memory.cache.synced.is_set():
        message = "The entry is no longer in the registry; the operator checks how many others are missing."
        raise waiting(Reason.REGISTRY_UNAVAILABLE, message, requeue_after=PROBE_SECONDS)
    if (found := guard.replacement(now)) is not None:
        raise _replaced(found, registry)
    context.memory.losses.forget(claim)


def refuse_unproved(entry: RegistryEntry | None, recorded: RecordedState, context: Context) -> None:
    """Take no entry that the status does not record in a registry that was replaced.

    An address that is wrong may lead to a registry where the resource once had another entry, with the same stamp.

    Raises:
        ReconcileError: ``RegistryReplaced``, or the registry has to be read first.
    """
    if entry is not None and not recorded.proves(entry):
        context.registry.ensure_available()
        _refuse_in_replaced(context, time.monotonic())


def refuse_to_lose(entry: RegistryEntry | None, recorded: RecordedState, context: Context) -> None:
    """Let go of no entry that is missing, or has another's place, in a registry that was replaced.

    An address that is wrong may lead there, and the entry would stay LIVE in the right registry for good.

    Raises:
        ReconcileError: ``RegistryReplaced``, or the registry has to be read first.
    """
    is_accepted = context.registry.ref is None and context.settings.accept_new_registry
    if not is_accepted and (entry is None or not recorded.proves(entry)):
        context.registry.ensure_available()
        now = time.monotonic()
        if context.memory.cache.synced.is_set():
            # Nothing else may have counted: a resource in sync with the flags' registry does not ask.
            context.guard.replacement(now)
        _refuse_in_replaced(context, now)


def _refuse_in_replaced(context: Context, now: float) -> None:
    """Create nothing new, and take nothing, in a registry that was replaced.

    Raises:
        ReconcileError: ``RegistryReplaced``, or what the registry should have is not known yet.
    """
    if (found := _replacement(context, now)) is not None:
        raise _replaced(found, context.registry)


def _replacement(context: Context, now: float) -> Replacement | None:
    """Return why the registry seems to be another one; None where it may still be the same.

    A ClusterRegistry's address can be changed by mistake, so its registry is compared before the first entry.

    Raises:
        ReconcileError: what the registry should have is not known yet.
    """
    registry, guard = context.registry, context.guard
    if registry.ref is not None and not guard.is_current:
        if not context.memory.cache.synced.is_set():
            message = "The operator still reads the resources, to compare the registry with what it should have."
            raise waiting(Reason.REGISTRY_UNAVAILABLE, message, requeue_after=PROBE_SECONDS)
        guard.replacement(now)
    return None if guard.found is None else guard.replacement(now)


def _replaced(found: Replacement, registry: Registry) -> ReconcileError:
    if registry.ref is None:
        message = (
            f"{found.missing} of {found.all} entries are no longer in the registry {registry.url}: it was reset, "
            "restored or replaced. Nothing is created or released. Restore the entries, or start the operator with "
            "--accept-new-registry to create them again."
        )
    else:
        # How many entries others have is their business.
        message = (
            f"The registry {registry.url} lacks entries that it should have: it was reset, restored or replaced, or "
            f"its address leads to another one. Nothing is created or released. {described(registry.name)} says in its "
            "conditions how an administrator accepts it as it is."
        )
    return waiting(Reason.REGISTRY_REPLACED, message, requeue_after=REPLACED_REQUEUE_SECONDS)
