"""Whether a resource may have the entry that it wants, when others want it too."""

from __future__ import annotations

from registrar.api.bodies import Body, ResourceKey, entry_name
from registrar.api.conditions import Reason
from registrar.cluster.client import KubernetesError
from registrar.kinds.base import Claim, Desired
from registrar.kinds.desired import resource_of
from registrar.planning.claims import Claimant, winner
from registrar.planning.problems import waiting
from registrar.reconcile.context import Context

FORBIDDEN = 403
RECHECK = 300.0
"""Seconds until a loser looks again, for holders that this operator does not watch. Others wake it when they go."""


async def contend(
    desired: Desired, claimant: Claimant, stamped: str | None, context: Context, *, take_over: bool
) -> None:
    """Claim an entry for a resource, and yield to a better claim.

    Args:
        desired: the entry.
        claimant: the resource, or inline artifact of it, that wants the entry.
        stamped: the reference that the entry's stamp of ours names, if there is such an entry.
        context: the operator.
        take_over: take the entry from a resource that this operator may not read.

    Raises:
        ReconcileError: ``NameConflict``, naming the winner. Its existence was confirmed by the API server.
    """
    context.claims.register(desired.claim, claimant)
    while (best := winner(context.claims.claimants(desired.claim), stamped)).key != claimant.key:
        if await exists(best.key, context):
            raise _conflict(best.key, desired)
        context.claims.keep_only(best.key, frozenset())
    if stamped is not None and stamped != claimant.reference:
        holder = resource_of(desired.kind.ENTRY, stamped)
        if holder != claimant.key and await still_wants(
            holder, stamped, desired.claim, context, if_hidden=not take_over
        ):
            raise _conflict(holder, desired)


async def exists(key: ResourceKey, context: Context) -> bool:
    """Whether the resource is really there: the watch may have missed its deletion."""
    body = await context.kube.get(key)
    if body is None:
        context.resources.remove(key)
    return body is not None


async def still_wants(
    holder: ResourceKey, reference: str, claim: Claim, context: Context, *, if_hidden: bool = True
) -> bool:
    """Whether a resource is there, stays, and is written for the entry at that place.

    Args:
        holder: the resource.
        reference: the same as a stamp writes it, which tells an inline artifact from its version.
        claim: the place.
        context: the operator.
        if_hidden: what to believe of a resource in a namespace that this operator may not read.
    """
    try:
        body = await context.kube.get(holder)
    except KubernetesError as error:
        if error.status == FORBIDDEN:
            return if_hidden
        raise
    if body is None or "deletionTimestamp" in body["metadata"]:
        return False
    artifact = reference.partition("#")[2]
    names = _artifact_names(body) if artifact else {entry_name(body)}
    return claim.name in names and _parent_of(body, artifact, context) in {None, claim.parent_id}


def _parent_of(body: Body, artifact: str, context: Context) -> str | None:
    """ID of the parent under which the resource has its entry (or its artifact); None while it has none."""
    status = body.get("status") or {}
    if status.get("id") is None or status.get("registryUrl") != context.registry.url:
        return None
    return str(status["id"] if artifact else status.get("parentId") or "")


def _artifact_names(body: Body) -> set[str]:
    spec = body.get("spec", {})
    return {one["name"] for one in (*spec.get("artifacts", ()), *spec.get("docArtifacts", ()))}


def _conflict(holder: ResourceKey, desired: Desired) -> Exception:
    return waiting(
        Reason.NAME_CONFLICT,
        f"{holder} has the {desired.kind.NAME} {desired.name!r}. Delete one of the two, or give one another spec.name; "
        "this resource takes over when the other goes.",
        recheck=RECHECK,
    )
