"""The poller probes a registry that is unavailable, and closes the breaker only by an answer to a probe."""

import asyncio
import contextlib
import time
from typing import Any

import pytest

from model_registry.exceptions import RateLimited
from model_registry.types import RegistryEntry
from registrar.api.conditions import Reason
from registrar.api.v1alpha1.cluster_registry import RegistryReason
from registrar.planning.problems import Disposition, Problem
from registrar.registries.backend import Changes, RegistryWentBackError
from registrar.registries.breaker import CircuitBreaker
from registrar.registries.health import health_of
from registrar.registries.pauses import MAX_PAUSE, STEADY_SECONDS, EpochPauses
from registrar.registries.poller import Poller
from registrar.registries.registry import Registry
from tests.unit.build import OWNER_ID, model_key, registry_spec

REFUSED = Problem(Disposition.OUTAGE, Reason.UNAUTHORIZED, "no writes")
KEY = model_key()
SPEC = registry_spec()


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


class TwoDatabases(Backend):
    """A registry that shows another database to a poll than to a load."""

    async def changed_since(self, family: type[RegistryEntry], cursor: Any, _: int) -> Changes:
        del family, cursor
        raise RegistryWentBackError("another database")


class Limited(Backend):
    """A registry that asks for no requests for five minutes, until it is read again.

    Attributes:
        reads: whether it can be read.
    """

    reads = False

    async def newest(self, _: type[RegistryEntry]) -> int:
        self.asked.release()
        if self.reads:
            return 0
        error = RateLimited("too many", 429, "GET", "http://registry")
        error.retry_after = 300.0
        raise error


class EndedError(Exception):
    """Ends a poller."""


class Turns(CircuitBreaker):
    """Lets no time pass, and ends the poller after some turns.

    Attributes:
        requested: for each turn, whether a probe was requested when it began.
        pauses: the seconds of each pause.
    """

    def __init__(self, turns: int) -> None:
        super().__init__()
        self._turns = turns
        self.requested: list[bool] = []
        self.pauses: list[float] = []

    async def wait_for_request(self, timeout_seconds: float) -> None:
        del timeout_seconds
        if len(self.requested) == self._turns:
            raise EndedError
        self.requested.append(self.take_request())

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


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


async def test_a_registry_that_keeps_going_back_is_loaded_after_ever_longer_pauses() -> None:
    registry = Registry(TwoDatabases(), "http://registry", OWNER_ID)  # type: ignore[arg-type]  # the part that is used
    await registry.load()
    breaker = registry.breaker = Turns(5)
    with pytest.raises(EndedError):
        await Poller(registry, lambda _: None, tuple, Unmeasured(), feed_interval=1, resync_interval=3600).run()
    assert registry.epoch == 6
    assert breaker.pauses == [1, 2, 4, 8], "the first time, it is loaded at once"
    assert breaker.requested == [False] * 5, "a load is what the end of an epoch asks for"


async def test_what_is_requested_during_a_load_is_read_after_it() -> None:
    class Asked(TwoDatabases):
        async def list_stamped(self, _: type[RegistryEntry], __: str) -> list[RegistryEntry]:
            registry.breaker.request_probe()
            return []

    registry = Registry(Asked(), "http://registry", OWNER_ID)  # type: ignore[arg-type]  # the part that is used
    breaker = registry.breaker = Turns(2)
    with pytest.raises(EndedError):
        await Poller(registry, lambda _: None, tuple, Unmeasured(), feed_interval=1, resync_interval=3600).run()
    assert breaker.requested == [False, True]


def test_an_epoch_that_ends_after_a_long_time_is_loaded_at_once() -> None:
    pauses = EpochPauses()
    assert [pauses.before(epoch, 0.0) for epoch in (1, 2, 2, 3, 4)] == [0, 0, 0, 1, 2]
    assert [pauses.before(epoch, 1.0) for epoch in range(5, 12)][-1] == MAX_PAUSE
    assert pauses.before(12, 2.0 + STEADY_SECONDS) == 0


async def test_a_registry_that_asks_for_fewer_requests_is_probed_at_once_in_an_outage() -> None:
    backend, woken = Limited(), asyncio.Queue[Any]()
    registry = Registry(backend, "http://registry", OWNER_ID)  # type: ignore[arg-type]  # the part that is used
    breaker = registry.breaker
    poller = Poller(registry, woken.put_nowait, tuple, Unmeasured(), feed_interval=0.01, resync_interval=3600)
    await asyncio.wait_for(poller.look(), 5)
    await backend.asked.acquire()
    assert health_of(registry, SPEC).reason is RegistryReason.UNREACHABLE, "it was not read"
    running = asyncio.create_task(poller.run())
    breaker.request_probe()
    await asyncio.sleep(0.05)
    assert backend.asked.locked(), "the time that it asked for is not over"
    backend.reads = True
    breaker.open(REFUSED, time.monotonic())
    breaker.defer(KEY)
    assert await asyncio.wait_for(woken.get(), 5) == KEY
    assert health_of(registry, SPEC).reason is RegistryReason.CONNECTED
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
