"""The poller probes a registry that is unavailable, and closes the breaker only by an answer to a probe."""

import asyncio
import contextlib
import time
from typing import Any

from model_registry.types import RegistryEntry
from registrar.api.conditions import Reason
from registrar.planning.problems import Disposition, Problem
from registrar.registries.backend import Changes
from registrar.registries.poller import Poller
from registrar.registries.registry import Registry
from tests.unit.build import OWNER_ID, model_key

REFUSED = Problem(Disposition.OUTAGE, Reason.UNAUTHORIZED, "no writes")
KEY = model_key()


class Backend:
    """An empty registry that answers one poll for each time it is allowed to.

    Attributes:
        asked: is released at each poll.
        allowed: is acquired for each poll.
    """

    def __init__(self) -> None:
        self.asked = asyncio.Semaphore(0)
        self.allowed = asyncio.Semaphore(0)

    async def newest(self, _: type[RegistryEntry]) -> int:
        return 0

    async def list_stamped(self, _: type[RegistryEntry], __: str) -> list[RegistryEntry]:
        return []

    async def changed_since(self, family: type[RegistryEntry], cursor: Any, _: int) -> Changes:
        if family.__name__ == "RegisteredModel":
            self.asked.release()
            await self.allowed.acquire()
        return Changes([], cursor)


class Unmeasured:
    def polled(self) -> None:
        """Count nothing."""

    def failed(self) -> None:
        """Count nothing."""


async def test_an_answer_to_a_poll_that_began_before_an_outage_does_not_end_it() -> None:
    backend, woken = Backend(), asyncio.Queue[Any]()
    registry = Registry(backend, "http://registry", OWNER_ID)  # type: ignore[arg-type]  # the part that is used
    await registry.load()
    breaker = registry.breaker
    poller = Poller(registry, woken.put_nowait, tuple, Unmeasured(), feed_interval=3600, resync_interval=3600)
    running = asyncio.create_task(poller.run())
    breaker.request_probe()
    await backend.asked.acquire()
    breaker.open(REFUSED, time.monotonic())
    breaker.defer(KEY)
    backend.allowed.release()
    await backend.asked.acquire()
    assert breaker.problem is REFUSED
    assert woken.empty()
    backend.allowed.release()
    assert await woken.get() == KEY
    assert not breaker.is_open
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
