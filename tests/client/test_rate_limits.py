"""Limits of concurrent requests and of requests per second, and pauses that the server asks for."""

import asyncio
import threading
import time
from collections import Counter
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_registry import ModelRegistryAPIClient, _rate_limiter
from model_registry._rate_limiter import RateLimiter
from model_registry.exceptions import RateLimited
from tests.support.loopback import MODEL, Received, Reply, serving


class Clock:
    """A clock that advances only while something sleeps."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        patch.setattr(_rate_limiter, "time", SimpleNamespace(monotonic=lambda: self.now))
        patch.setattr(_rate_limiter, "asyncio", SimpleNamespace(Lock=asyncio.Lock, sleep=self.sleep))

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


GAPS = st.lists(st.floats(0, 0.4), min_size=1, max_size=60)


@given(st.floats(0.5, 50), GAPS)
def test_no_second_has_more_than_two_beyond_the_limit(per_second: float, gaps: list[float]) -> None:
    async def scenario(clock: Clock) -> None:
        limiter, sent = RateLimiter(per_second), []
        for gap in gaps:
            clock.now += gap
            arrived = clock.now
            await limiter.acquire()
            sent.append(clock.now)
            assert clock.now - arrived <= 1 / per_second + 1e-9, "no request waits for more than one place"
        for first in sent:
            assert sum(first <= later < first + 1 for later in sent) <= per_second + 2

    with pytest.MonkeyPatch.context() as patch:
        asyncio.run(scenario(Clock(patch)))


@given(st.floats(0.5, 50), st.integers(2, 40), st.sets(st.integers(0, 39)))
def test_requests_are_sent_in_order_and_cancelled_ones_use_up_no_place(
    per_second: float, number: int, given_up: set[int]
) -> None:
    async def scenario(clock: Clock) -> None:
        limiter, sent, began = RateLimiter(per_second), [], clock.now

        async def request(name: int) -> None:
            await limiter.acquire()
            sent.append(name)

        await limiter.acquire()
        tasks = [asyncio.create_task(request(name)) for name in range(number)]
        await asyncio.sleep(0)
        for name in given_up & set(range(1, number)):
            tasks[name].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert sent == [name for name in range(number) if name == 0 or name not in given_up]
        assert clock.now - began <= len(sent) / per_second + 1e-9

    with pytest.MonkeyPatch.context() as patch:
        asyncio.run(scenario(Clock(patch)))


@pytest.mark.parametrize("per_second", [None, 10.0])
async def test_nothing_is_sent_while_the_server_asks_to_wait(
    monkeypatch: pytest.MonkeyPatch, per_second: float | None
) -> None:
    clock = Clock(monkeypatch)
    limiter, began = RateLimiter(per_second), clock.now
    await limiter.acquire()
    limiter.block_for(5)
    limiter.block_for(2)
    await limiter.acquire()
    assert clock.now == began + 5
    await limiter.acquire()
    assert clock.now <= began + 5.1


class Starts:
    """Records when requests are sent, by the limiter's clock: no other time passes, however slow the machine is."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._clock = Clock(patch)
        self._at: list[float] = []

    def gaps(self) -> list[float]:
        """Return the seconds between each start and the next."""
        return [later - earlier for earlier, later in pairwise(self._at)]

    def request_starts(self, method: str) -> None:
        assert method == "GET"
        self._at.append(self._clock.now)

    def request_ended(self, method: str, status: int | None, seconds: float) -> None:
        pass


async def test_a_client_respects_its_requests_per_second(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = Starts(monkeypatch)
    with serving(lambda _: Reply(200, MODEL)) as server:
        async with ModelRegistryAPIClient.connect(server.url, requests_per_second=40, monitor=starts) as client:
            await asyncio.gather(*(client.get_registered_model_by_id("1") for _ in range(8)))
    # Two may start at once: a request makes up for one place.
    assert starts.gaps() == pytest.approx([0, *[1 / 40] * 6])


async def test_a_client_respects_its_requests_in_flight() -> None:
    under_way: Counter[str] = Counter()
    counting = threading.Lock()

    def slow(_: Received) -> Reply:
        with counting:
            under_way["now"] += 1
            under_way["most"] = max(under_way["most"], under_way["now"])
        time.sleep(0.05)
        with counting:
            under_way["now"] -= 1
        return Reply(200, MODEL)

    with serving(slow) as server:
        async with ModelRegistryAPIClient.connect(server.url, in_flight=3) as client:
            await asyncio.gather(*(client.get_registered_model_by_id("1") for _ in range(12)))
    assert under_way["most"] == 3


async def test_a_429_holds_back_all_requests_of_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = Starts(monkeypatch)
    answers = iter([Reply(429, "slower", {"Retry-After": "1"}), Reply(200, MODEL)])
    with serving(lambda _: next(answers)) as server:
        async with ModelRegistryAPIClient.connect(server.url, retries=0, monitor=starts) as client:
            with pytest.raises(RateLimited) as raised:
                await client.get_registered_model_by_id("1")
            assert await client.get_registered_model_by_id("1") is not None
    assert raised.value.retry_after == 1
    assert starts.gaps() == pytest.approx([1])


async def test_a_429_that_asks_for_too_much_holds_back_no_other_request() -> None:
    answers = iter([Reply(429, "tomorrow", {"Retry-After": "86400"}), Reply(200, MODEL)])
    with serving(lambda _: next(answers)) as server:
        async with ModelRegistryAPIClient.connect(server.url, retries=0) as client:
            with pytest.raises(RateLimited):
                await client.get_registered_model_by_id("1")
            assert await client.get_registered_model_by_id("1") is not None


@pytest.mark.parametrize("limit", [{"requests_per_second": 0}, {"requests_per_second": -1}])
def test_limits_that_let_nothing_through_are_refused(limit: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be more than 0"):
        ModelRegistryAPIClient.connect("http://registry", **limit)  # type: ignore[arg-type]  # one name or the other


@pytest.mark.parametrize(
    ("name", "value"), [("in_flight", 0), ("in_flight", None), ("retries", -1), ("retries", None), ("retries", "2")]
)
def test_what_is_no_number_of_requests_is_refused_at_once(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be a whole number of at least [01], not {value!r}"):
        ModelRegistryAPIClient.connect("http://registry", **{name: value})
