"""The circuit breaker's own rules."""

import asyncio
from dataclasses import replace

from registrar.api.bodies import ResourceKey
from registrar.api.conditions import Reason
from registrar.planning.problems import Disposition, Problem
from registrar.registries.breaker import CALM_SECONDS, MAX_RETRY_AFTER, CircuitBreaker
from registrar.registries.pauses import MAX_PAUSE

AWAY = Problem(Disposition.OUTAGE, Reason.REGISTRY_UNAVAILABLE, "first")
KEYS = [ResourceKey("RegisteredModel", "team", name) for name in "cab"]


def test_the_first_problem_stays_while_the_breaker_is_open() -> None:
    breaker = CircuitBreaker()
    breaker.open(AWAY, 0)
    breaker.open(Problem(Disposition.OUTAGE, Reason.UNAUTHORIZED, "second"), 1)
    assert breaker.problem is AWAY


def test_closing_returns_the_deferred_once_the_first_deferred_first() -> None:
    breaker = CircuitBreaker()
    breaker.open(AWAY, 0)
    for key in [*KEYS, *KEYS]:
        breaker.defer(key)
    assert list(breaker.close(1)) == KEYS
    assert not breaker.is_open
    assert breaker.close(2) == ()


def test_the_first_probe_is_at_once_and_pauses_double_up_to_a_limit() -> None:
    breaker = CircuitBreaker()
    breaker.open(AWAY, 0)
    pauses = [breaker.next_pause() for _ in range(8)]
    assert pauses == [0, 1, 2, 4, 8, 16, MAX_PAUSE, MAX_PAUSE]


def test_an_outage_that_returns_at_once_is_not_a_new_one() -> None:
    breaker = CircuitBreaker()
    breaker.open(AWAY, 0)
    breaker.next_pause()
    breaker.close(1)
    breaker.open(AWAY, 2)
    assert breaker.next_pause() == 1
    breaker.close(3)
    breaker.open(AWAY, 4 + CALM_SECONDS)
    assert breaker.next_pause() == 0


def test_the_pause_is_at_least_what_the_registry_asked_for_last() -> None:
    breaker = CircuitBreaker()
    breaker.open(AWAY, 0)
    breaker.next_pause()
    breaker.open(replace(AWAY, retry_after=20), 1)
    assert breaker.next_pause() == 20
    breaker.open(replace(AWAY, retry_after=86400), 2)
    assert breaker.next_pause() == MAX_RETRY_AFTER
    breaker.open(AWAY, 3)
    assert breaker.next_pause() == 4, "the back-off continues where the registry asks for nothing"


async def test_opening_wakes_the_prober() -> None:
    breaker = CircuitBreaker()
    waiting = asyncio.create_task(breaker.wait_for_request(3600))
    await asyncio.sleep(0)
    breaker.open(AWAY, 0)
    await asyncio.wait_for(waiting, 5)
    assert breaker.is_open


async def test_a_probe_may_be_requested_while_the_breaker_is_closed() -> None:
    breaker = CircuitBreaker()
    breaker.request_probe()
    await asyncio.wait_for(breaker.wait_for_request(3600), 5)
    assert not breaker.is_open
    # It was requested once.
    waiting = asyncio.create_task(breaker.wait_for_request(3600))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    waiting.cancel()


async def test_what_was_fixed_while_a_probe_was_in_flight_ends_the_next_pause() -> None:
    breaker = CircuitBreaker()
    breaker.open(AWAY, 0)
    breaker.end_pause()
    await asyncio.wait_for(breaker.pause(3600), 5)
    # It ends one pause.
    pausing = asyncio.create_task(breaker.pause(3600))
    await asyncio.sleep(0.01)
    assert not pausing.done()
    breaker.end_pause()
    await asyncio.wait_for(pausing, 5)


async def test_what_was_fixed_before_an_answer_ends_no_pause_of_the_next_outage() -> None:
    breaker = CircuitBreaker()
    breaker.open(AWAY, 0)
    breaker.end_pause()
    breaker.close(1)
    pausing = asyncio.create_task(breaker.pause(3600))
    await asyncio.sleep(0.01)
    assert not pausing.done()
    pausing.cancel()


async def test_resources_do_not_shorten_the_time_for_which_the_registry_asks_for_fewer_requests() -> None:
    breaker = CircuitBreaker()
    for end in (breaker.end_pause, lambda: breaker.open(AWAY, 0)):
        breaker.limit(300)
        waiting = asyncio.create_task(breaker.wait_for_request(0.01))
        for _ in range(3):
            breaker.request_probe()
            await asyncio.sleep(0.01)
        assert not waiting.done()
        end()
        await asyncio.wait_for(waiting, 5)
    breaker.limit(86400)
    assert breaker.next_pause() == MAX_RETRY_AFTER, "an open breaker pauses for as long"


async def test_an_outage_ends_the_time_for_which_the_registry_asked_for_fewer_requests() -> None:
    breaker = CircuitBreaker()
    breaker.limit(300)
    breaker.open(AWAY, 0)
    breaker.close(1)
    breaker.take_request()
    await asyncio.wait_for(breaker.wait_for_request(0.01), 5)


async def test_a_limit_that_the_registry_gives_no_time_for_ends_soon() -> None:
    breaker = CircuitBreaker()
    breaker.limit(None)
    await asyncio.wait_for(breaker.wait_for_request(3600), 30)


async def test_what_was_fixed_while_no_outage_is_known_has_the_registry_read_now() -> None:
    breaker = CircuitBreaker()
    breaker.end_pause()
    await asyncio.wait_for(breaker.wait_for_request(3600), 5)
