"""Follows the registry: polls its change feed, and reads the view anew once in a while or when it went back."""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import replace

from model_registry.exceptions import RateLimited, StoreError
from registrar.api.bodies import ResourceKey
from registrar.api.conditions import Reason
from registrar.planning.problems import Problem, Severity
from registrar.reconcile.context import Context
from registrar.registries.breaker import FIRST_PAUSE, LONGEST_ASKED
from registrar.registries.problems import problem_of
from registrar.registries.registry import RegistryWentBackError

logger = logging.getLogger(__name__)


async def follow(context: Context) -> None:
    """Keep the view true for as long as the operator runs, and have the resources reconciled that changes concern.

    While the registry is away, this is the one who asks for it.
    """
    outage, settings = context.registry.outage, context.settings
    resync_at = context.monotonic() + _spread(settings.resync_interval)
    while True:
        if not outage.is_open:
            await outage.wait_until_wanted(settings.feed_interval)
        if outage.is_open:
            await asyncio.sleep(outage.next_pause() * random.uniform(1, 1.2))  # noqa: S311 - spreads load
        is_resync = context.monotonic() >= resync_at
        concerned = await _look(context, is_resync=is_resync)
        if concerned is None:
            continue
        if is_resync:
            resync_at = context.monotonic() + _spread(settings.resync_interval)
        context.metrics.feed.polled()
        for key in {*concerned, *outage.end(context.monotonic())}:
            context.enqueue(key)


async def _look(context: Context, *, is_resync: bool) -> frozenset[ResourceKey] | None:
    """Read the changes, or everything; returns whom it concerns, or None if the registry could not be read."""
    registry = context.registry
    try:
        if registry.loaded and not is_resync:
            try:
                return await registry.poll()
            except RegistryWentBackError as error:
                logger.warning("%s: its database was reset or restored; the view is read anew", error)
                registry.loaded = False
        return await _read_anew(context)
    except RateLimited as error:
        # It is not away: the others go on, as fast as it lets them.
        logger.warning("The registry %s asks for fewer requests, and is read again: %s", registry.url, error)
        await asyncio.sleep(max(FIRST_PAUSE, min(error.retry_after or 0.0, LONGEST_ASKED)))
        registry.outage.want_look()
        return None
    except StoreError as error:
        logger.warning("The registry %s cannot be read, and is tried again: %s", registry.url, error)
        problem = replace(problem_of(error), severity=Severity.OUTAGE)
    except Exception as error:
        # Such as a certificate file that is being replaced: whatever it is, following must not end by it.
        logger.exception("Following the registry %s failed in a way that was not foreseen", registry.url)
        problem = Problem(Severity.OUTAGE, Reason.REGISTRY_UNAVAILABLE, f"The registry cannot be read: {error!r}")
    registry.outage.begin(problem, context.monotonic())
    return None


async def _read_anew(context: Context) -> frozenset[ResourceKey]:
    """Load the view; every resource is reconciled against it, which costs nothing where all is as it was."""
    await context.registry.load()
    context.corrections.forget_all()
    return frozenset(context.resources)


def _spread(seconds: float) -> float:
    """Around the interval, so that operators that started together part."""
    return seconds * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load
