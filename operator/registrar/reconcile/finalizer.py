"""Our finalizer: on a resource as long as its deletion may have to archive something."""

from __future__ import annotations

from registrar.api.v1alpha1 import DeletionPolicy
from registrar.reconcile.context import Context
from registrar.reconcile.resource import Head


async def ensure_finalizer(head: Head, deletion: DeletionPolicy | None, context: Context) -> None:
    """Put the finalizer on before anything is made, or take it off where deletion leaves the entry anyway.

    Raises:
        KubernetesError: the API server did not take it; nothing may be written to the registry then.
    """
    wanted = deletion is not DeletionPolicy.ORPHAN
    if wanted and not head.has_finalizer:
        context.resources.put(await context.kube.add_finalizer(head.body))
    elif head.has_finalizer and not wanted:
        context.resources.put(await context.kube.remove_finalizer(head.body))


async def release(head: Head, context: Context) -> None:
    """Let the API server delete the resource. Raises as `ensure_finalizer`."""
    await context.kube.remove_finalizer(head.body)
