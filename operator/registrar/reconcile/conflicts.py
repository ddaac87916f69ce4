"""Resolves conflicts: whether a resource may have the entry that it wants, when others want it too."""

from __future__ import annotations

from http import HTTPStatus

from model_registry.types import RegistryEntry
from registrar.api.bodies import ResourceKey
from registrar.api.conditions import Reason
from registrar.api.registry_url import normalized_url
from registrar.cluster.api import ClusterAPI, KubernetesError
from registrar.cluster.cache import ResourceCache
from registrar.kinds.base import Claim, Desired
from registrar.kinds.table import resource_of
from registrar.planning.claims import Claimant, winner
from registrar.planning.ownership import Stamp
from registrar.planning.problems import ReconcileError, waiting
from registrar.planning.tenancy import named
from registrar.reconcile.memory import Memory
from registrar.reconcile.resource import InlineName, ManagedResource, read_resource
from registrar.reconcile.tenancy import may_want
from registrar.registries.registry import Registry
from registrar.reporting.outcome import Facts

REQUEUE_SECONDS = 300.0
"""Until a resource that waits for a holder tries again, if this operator does not watch it. The others wake it."""


async def resolve_conflict(
    desired: Desired,
    claimant: Claimant,
    stamped: str | None,
    *,
    entry_id: str | None,
    take_over: bool,
    memory: Memory,
    kube: ClusterAPI,
    registry: Registry,
) -> None:
    """Claim an entry for a resource, and yield to a better claim.

    Args:
        desired: the entry.
        claimant: the resource, or inline artifact of it, that wants the entry.
        stamped: the reference in the entry's stamp, if the entry exists and the stamp is ours.
        entry_id: the entry's ID, if it exists.
        take_over: take the entry from a resource that this operator may not read.
        memory: what is known of all resources.
        kube: the API server, which confirms that a winner exists.
        registry: the registry.

    Raises:
        ReconcileError: ``NameConflict``, with the winner's name.
        KubernetesError: the API server did not answer.
    """
    memory.claim(desired.claim, claimant)
    while (best := winner(memory.claims.claimants(desired.claim), stamped)).key != claimant.key:
        if await _exists(best.key, memory, kube):
            raise _conflict(best.key, claimant, desired, registry)
    if stamped is None or stamped == claimant.reference:
        return
    holder = resource_of(desired.kind.entry, stamped)
    if holder is None or holder == claimant.key:
        return
    # An artifact does not report its version, and can be in two: the holder may have this very one in another.
    shared_id = None if desired.kind.reports_parent else entry_id
    if await still_wants(
        holder, stamped, desired.claim, memory.cache, kube, registry, if_hidden=not take_over, shared_id=shared_id
    ):
        raise _conflict(holder, claimant, desired, registry)


async def still_wants(
    holder: ResourceKey,
    reference: str,
    claim: Claim,
    cache: ResourceCache,
    kube: ClusterAPI,
    registry: Registry,
    *,
    if_hidden: bool = True,
    shared_id: str | None = None,
) -> bool:
    """Return whether a resource exists, stays, and declares the entry at that place here, which it may have.

    Args:
        holder: the resource.
        reference: the same as a stamp writes it, which distinguishes an inline artifact from its version.
        claim: the place.
        cache: the resources above it.
        kube: the API server.
        registry: the registry.
        if_hidden: what to assume of a resource in a namespace that this operator may not read.
        shared_id: the ID of an entry that counts at whichever place the resource has it.
    """
    try:
        body = await kube.get(holder)
    except KubernetesError as error:
        if error.status == HTTPStatus.FORBIDDEN:
            return if_hidden
        raise
    if body is None:
        return False
    resource = read_resource(body)
    if resource.metadata.terminating or is_elsewhere(resource, registry):
        return False
    is_inline = "#" in reference
    declares = InlineName(claim.kind, claim.name) in resource.inline if is_inline else resource.entry_name == claim.name
    is_there = _parent_of(resource, registry, is_inline=is_inline) in {None, claim.parent_id}
    if not is_there and shared_id is not None:
        is_there = _recorded(resource, claim.name if is_inline else None, registry) == shared_id
    if not declares or not is_there:
        return False
    return await may_want(resource, claim, cache, registry)


def is_copied(stamp: Stamp, entry: RegistryEntry, cache: ResourceCache, registry: Registry) -> bool:
    """Return whether a stamp came to an entry from another one: the resource that it names has that other entry.

    A notebook that makes an entry from the properties of another one copies them all. The resource counts from the
    moment it exists: once a conflict over the entry is resolved, it wants another one, and which of the two resources
    is reconciled first decides nothing. A version that dropped an inline artifact has no other one: it handed it over.
    """
    holder = resource_of(type(entry), stamp.reference)
    body = None if holder is None else cache.get(holder)
    if body is None:
        return False
    resource = read_resource(body)
    known = _recorded(resource, stamp.artifact, registry)
    if known is not None:
        return known != entry.id
    if resource.status.id is not None or resource.metadata.terminating:
        return False
    return stamp.artifact is None or any(inline.name == stamp.artifact for inline in resource.inline)


def _recorded(resource: ManagedResource, artifact: str | None, registry: Registry) -> str | None:
    """Return the ID of a resource's entry, or of an inline artifact of it, as far as its status counts."""
    known = registry.known_id(resource.status)
    if known is None or artifact is None:
        return known
    return next((found.id for found in Facts.of(resource.status).artifacts if found.name == artifact), None)


def is_elsewhere(resource: ManagedResource, registry: Registry) -> bool:
    """Return whether the entry of a resource is in another registry, whatever a stamp of a predecessor says here.

    A registry may have got another address since, and two ClusterRegistries may lead to one registry.
    """
    status = resource.status
    if status.id is None or status.registry_url is None or status.registry_ref == registry.ref:
        return False
    return normalized_url(status.registry_url) != normalized_url(registry.url)


async def _exists(key: ResourceKey, memory: Memory, kube: ClusterAPI) -> bool:
    """Return whether a resource exists; the watch may have missed its deletion, so one that does not is forgotten."""
    before = memory.cache.get(key)
    if await kube.get(key) is not None or memory.cache.get(key) is not before:
        return True
    memory.forget(key)
    return False


def _parent_of(resource: ManagedResource, registry: Registry, *, is_inline: bool) -> str | None:
    """Return the ID of the parent of the resource's entry (or of its artifact); None while it has none."""
    known_id = registry.known_id(resource.status)
    if known_id is None:
        return None
    return known_id if is_inline else resource.status.parent_entry_id or ""


def _conflict(holder: ResourceKey, claimant: Claimant, desired: Desired, registry: Registry) -> ReconcileError:
    who = named(holder, claimant.key.namespace, registry.tenants)
    return waiting(
        Reason.NAME_CONFLICT,
        f"{who[:1].upper()}{who[1:]} has the {desired.kind.name} {desired.name!r}. Remove one of the two, or choose "
        f"another {desired.name_setting} here; this resource takes over when the other is deleted.",
        requeue_after=REQUEUE_SECONDS,
    )
