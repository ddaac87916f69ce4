"""One turn of a worker: a reconcile, named in the log and measured."""

from __future__ import annotations

import logging

from registrar.api.bodies import ResourceKey
from registrar.fencing import NotLeadingError
from registrar.reconcile.context import Context
from registrar.reconcile.pipeline import reconcile
from registrar.telemetry.logs import concern
from registrar.workqueue.queue import RETRY, Next

logger = logging.getLogger(__name__)


async def work(key: ResourceKey, context: Context) -> Next:
    """Reconcile one resource; returns when to look again."""
    concern(key)
    began = context.monotonic()
    outcome = RETRY
    try:
        outcome = await reconcile(key, context)
    except NotLeadingError as error:
        logger.info("%s is left to the next leader: %s", key, error)
    finally:
        context.metrics.reconciles.ended(key.kind, _result(outcome), context.monotonic() - began)
    body = context.resources.get(key)
    if body is not None:
        context.note_readiness(body)
    return outcome


def _result(outcome: Next) -> str:
    if outcome.failed:
        return "error"
    return "success" if outcome.after is None else "requeue_after"
