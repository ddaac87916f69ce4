"""Follows the registry: polls its change feed, and reads the view anew once in a while or when it went back."""

from __future__ import annotations

import asyncio
import logging
import random

from model_registry.exceptions import StoreError
from registrar.context import Context
from registrar.registry import RegistryWentBackError
from registrar.resources import ResourceKey

logger = logging.getLogger(__name__)

RETRY = 5.0
"""Seconds between attempts to read a registry whose view is not loaded."""


async def follow(context: Context) -> None:
    """Keep the view true for as long as the operator runs, and have the resources reconciled that changes concern."""
    registry, settings = context.registry, context.settings
    pause = settings.feed_interval if registry.loaded else RETRY
    sweep_at = context.monotonic() + _spread(settings.sweep_interval)
    while True:
        await asyncio.sleep(pause)
        pause = settings.feed_interval if registry.loaded else RETRY
        is_sweep = context.monotonic() >= sweep_at
        try:
            if registry.loaded and not is_sweep:
                concerned = await registry.poll()
            else:
                concerned = await _read_anew(context)
                sweep_at = context.monotonic() + _spread(settings.sweep_interval)
        except RegistryWentBackError as error:
            logger.warning("%s: its database was reset or restored; the view is read anew", error)
            registry.loaded = False
            pause = 0.0
        except StoreError as error:
            logger.warning("The registry %s could not be followed, and is tried again: %s", registry.url, error)
        except Exception:
            # Such as a certificate file that is being replaced: whatever it is, following must not end by it.
            logger.exception("Following the registry %s failed in a way that was not foreseen", registry.url)
        else:
            context.metrics.feed.polled()
            for key in concerned:
                context.wake(key)


async def _read_anew(context: Context) -> frozenset[ResourceKey]:
    """Load the view; every resource is reconciled against it, which costs nothing where all is as it was."""
    await context.registry.load()
    context.corrections.forget_all()
    return frozenset(context.resources)


def _spread(seconds: float) -> float:
    """Around the interval, so that operators that started together part."""
    return seconds * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load
