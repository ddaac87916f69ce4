"""The end of the pipeline: at most one status patch, the Events that it is worth, and when to look again."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from registrar.api.bodies import ResourceKey
from registrar.planning.problems import Problem, Severity
from registrar.reconcile.context import Context
from registrar.reconcile.resource import Head, read_head
from registrar.registries.breaker import LONGEST_ASKED
from registrar.reporting.events import tell
from registrar.reporting.outcome import Facts, Outcome
from registrar.reporting.status import as_json, merge_patch, news, next_status
from registrar.workqueue.queue import DONE, RETRY, Next

QUIET_WAIT = 2.0
"""Seconds of waiting that are not worth a status: parents mostly get their ID at once."""
TERMINAL_RECHECK = 1800.0
"""Seconds until a terminal problem is looked at again, for what was mended in the registry."""


async def persist(key: ResourceKey, status: Mapping[str, Any], context: Context) -> None:
    """Write a part of the status at once, because a write to the registry depends on it.

    Raises:
        KubernetesError: the API server did not take it.
    """
    body = context.resources.get(key)
    if body is not None:
        context.resources.put(await context.kube.patch_status(body, status))


async def report(head: Head, outcome: Outcome, context: Context) -> Next:
    """Write what has changed in the status.

    Args:
        head: the resource as it was reconciled; its latest body may be newer by our own writes.
        outcome: how the reconcile ended.
        context: the operator.

    Raises:
        KubernetesError: the API server did not take it.
    """
    follow_up = _follow_up(outcome.problem)
    outcome = context.untold.joined(head.key, head.metadata.uid, outcome)
    if outcome.problem is not None and outcome.problem.severity is Severity.OUTAGE:
        context.registry.outage.park(head.key)
    if outcome.problem is not None and _may_pass(outcome.problem):
        # What was done on the way is told at once: an assigned ID above all.
        has_news = outcome.deed is not None or outcome.facts != latest_facts(head, context)
        remaining = QUIET_WAIT - context.resources.waited(head.key, context.monotonic())
        if remaining > 0 and not has_news:
            return follow_up if follow_up.failed else Next(after=remaining)
    else:
        context.resources.stop_waiting(head.key)
    body = context.resources.get(head.key)
    if body is None or body["metadata"]["uid"] != head.metadata.uid:
        # It is gone; its successor of the same name has a run of its own.
        return DONE
    current = read_head(body).status
    wanted = next_status(head.metadata, current, outcome, context.now())
    patch = merge_patch(body.get("status") or {}, as_json(wanted))
    if patch:
        context.resources.put(await context.kube.patch_status(body, patch))
    context.untold.told(head.key)
    await tell(body, news(current, wanted, outcome), context)
    return follow_up


def latest_facts(head: Head, context: Context) -> Facts:
    """What the status tells of the entry by now: a reconcile may have written a part of it before it ended."""
    body = context.resources.get(head.key)
    is_known = body is not None and body["metadata"]["uid"] == head.metadata.uid
    return Facts.of(read_head(body).status if body is not None and is_known else head.status)


def _may_pass(problem: Problem) -> bool:
    """Whether a moment may end it, so that it is not told before a moment has passed."""
    return problem.severity in {Severity.WAITING, Severity.OUTAGE} or problem.retry_after is not None


def _follow_up(problem: Problem | None) -> Next:
    if problem is None:
        return DONE
    match problem.severity:
        case Severity.WAITING | Severity.OUTAGE:
            return Next(after=problem.recheck)
        case Severity.TRANSIENT if problem.retry_after is not None:
            return Next(after=min(problem.retry_after, LONGEST_ASKED), failed=True)
        case Severity.TRANSIENT:
            return RETRY
        case Severity.TERMINAL:
            return Next(after=TERMINAL_RECHECK * random.uniform(0.9, 1.1))  # noqa: S311 - spreads load
