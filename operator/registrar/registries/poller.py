"""Keeps the view true: polls the change feed, and loads the view again at each resync or when the registry went back.

While the registry is unavailable, this is the prober.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

from model_registry.exceptions import RateLimited, RegistryError
from registrar.api.bodies import ResourceKey
from registrar.api.conditions import Reason
from registrar.planning.problems import Disposition, Problem
from registrar.registries.backend import RegistryWentBackError
from registrar.registries.diagnosis import for_resources
from registrar.registries.pauses import EpochPauses
from registrar.registries.problems import problem_of, remedy_of
from registrar.registries.registry import Registry
from registrar.workqueue.delays import spread

logger = logging.getLogger(__name__)


class FeedMonitor(Protocol):
    """Counts the polls of a change feed."""

    def polled(self) -> None:
        """Count a poll, or a load of the view, that succeeded."""

    def failed(self) -> None:
        """Count one that failed."""


@dataclass(frozen=True, slots=True)
class Poller:
    """Polls one registry.

    Attributes:
        registry: the registry.
        enqueue: reconciles a resource soon.
        resync: returns all resources, because every one is compared with a view that was loaded again.
        monitor: counts the polls.
        feed_interval: seconds between two polls.
        resync_interval: seconds between two loads of the view, ±10 %.
        renew: reads again what proves who asks, before a registry is probed that is unavailable, or refuses that.
    """

    registry: Registry
    enqueue: Callable[[ResourceKey], None]
    resync: Callable[[], Iterable[ResourceKey]]
    monitor: FeedMonitor
    feed_interval: float
    resync_interval: float
    renew: Callable[[], Awaitable[object]] | None = None
    _epochs: EpochPauses = field(default_factory=EpochPauses)

    async def look(self) -> None:
        """Try to read the registry for the first time; `run` goes on from there, whatever came of it."""
        if self.renew is not None:
            await self.renew()
        if await self._poll(is_resync=False) is None:
            self.monitor.failed()
        else:
            self.monitor.polled()

    async def run(self) -> None:
        """Poll for as long as the operator runs, and enqueue the resources whose entries changed."""
        breaker = self.registry.breaker
        resync_at = time.monotonic() + spread(self.resync_interval)
        while True:
            if not breaker.is_open:
                await breaker.wait_for_request(self.feed_interval)
            # An answer to a poll that began before an outage says nothing of the outage, and came without a pause.
            is_probe = breaker.is_open
            if is_probe:
                await breaker.pause(breaker.next_pause() * random.uniform(1, 1.2))  # noqa: S311 - spreads load
                if self.renew is not None:
                    await self.renew()
            is_resync = time.monotonic() >= resync_at
            affected = await self._poll(is_resync=is_resync)
            if affected is None:
                self.monitor.failed()
                continue
            if is_resync:
                resync_at = time.monotonic() + spread(self.resync_interval)
            self.monitor.polled()
            deferred = breaker.close(time.monotonic()) if is_probe or not breaker.is_open else ()
            for key in {*affected, *deferred}:
                self.enqueue(key)

    async def _poll(self, *, is_resync: bool) -> frozenset[ResourceKey] | None:
        """Read the changes, or everything; returns the affected resources, or None if the registry cannot be read."""
        registry = self.registry
        try:
            found = await self._read(is_resync=is_resync)
        except RateLimited as error:
            logger.warning("The registry %s asks for fewer requests; reading it again later: %s", registry.url, error)
            registry.failure = error
            registry.breaker.limit(error.retry_after)
            return None
        except RegistryError as error:
            logger.warning("The registry %s cannot be read; retrying: %s", registry.url, error)
            registry.failure = error
            problem = replace(problem_of(error), disposition=Disposition.OUTAGE)
            remedy = remedy_of(error, registry.url)
        except Exception as error:
            # Such as a certificate file that is being replaced: whatever it is, polling must not end with it.
            logger.exception("Reading the registry %s failed unexpectedly; retrying", registry.url)
            registry.failure = error
            what = f"The registry cannot be read: {type(error).__name__}. The operator's log has the details."
            problem, remedy = Problem(Disposition.OUTAGE, Reason.REGISTRY_UNAVAILABLE, what), ""
        else:
            registry.failure = None
            return found
        for key in registry.breaker.update(for_resources(problem, registry, remedy), time.monotonic()):
            self.enqueue(key)
        return None

    async def _read(self, *, is_resync: bool) -> frozenset[ResourceKey]:
        registry = self.registry
        if registry.loaded and not is_resync:
            try:
                return await registry.poll()
            except RegistryWentBackError as error:
                logger.warning("%s; its database was reset or restored, loading the view again", error)
                registry.end_epoch()
        pause = self._epochs.before(registry.epoch, time.monotonic())
        if pause > 0:
            logger.warning("The registry %s goes back again and again; loading it in %.0f s", registry.url, pause)
            registry.failure = RegistryWentBackError("it goes back again and again")
            await registry.breaker.pause(pause)
        # What was requested until now is this load.
        registry.breaker.take_request()
        return await self._load()

    async def _load(self) -> frozenset[ResourceKey]:
        """Load the view; every resource is compared with it, which costs nothing where all is in sync."""
        await self.registry.load()
        return frozenset(self.resync())
