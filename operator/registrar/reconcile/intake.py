"""What becomes of a resource that the API server tells of: it is kept and put in the queue, or dropped."""

from __future__ import annotations

from registrar.api.bodies import Body, ResourceKey, is_unanswered, key_of
from registrar.reconcile.context import Context
from registrar.workqueue.queue import WorkQueue


def remember(body: Body, context: Context, queue: WorkQueue[ResourceKey]) -> None:
    """Keep the latest body and have it reconciled; a newer generation or annotation ends an old back-off."""
    key = key_of(body)
    before = context.resources.get(key)
    if not context.resources.put(body):
        return
    context.note_readiness(body)
    after = context.resources.get(key)
    is_edit = before is None or after is None or _asks_anew(before["metadata"], after["metadata"])
    if is_edit:
        queue.forget(key)
    # A list brings thousands that are new to us and to nobody else.
    queue.add(key, urgent=is_unanswered(body) or (is_edit and before is not None))


def forget(body: Body, context: Context, queue: WorkQueue[ResourceKey]) -> None:
    """Drop a deleted resource, and have those reconciled that wanted the same entry or depend on it.

    kopf keeps the order of events of one uid only: a successor of the same name may have been seen already.
    """
    key = key_of(body)
    known = context.resources.get(key)
    if known is not None and known["metadata"]["uid"] != body["metadata"]["uid"]:
        return
    context.resources.remove(key)
    context.readiness.forget(key)
    context.untold.told(key)
    queue.forget(key)
    context.wake(context.claims.keep_only(key, frozenset()) | context.resources.children(key))


def _asks_anew(before: Body, after: Body) -> bool:
    what_users_change = ("uid", "generation", "annotations", "deletionTimestamp")
    return any(before.get(name) != after.get(name) for name in what_users_change)
