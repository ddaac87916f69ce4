"""The circuit breaker's own rules."""

import asyncio
from dataclasses import replace

from registrar.api.bodies import ResourceKey
from registrar.api.conditions import Reason
from registrar.planning.problems import Disposition, Problem
from registrar.registries.breaker import CALM_SECONDS, MAX_PAUSE, MAX_RETRY_AFTER, CircuitBreaker

AWAY = Problem(Disposition.OUTAGE, Reason.REGISTRY_UNAVAILABLE, "first")
KEYS = [ResourceKey("RegisteredModel", "team", name) for name in "cab"]


def test_the_first_cause_is_kept_and_told_to_all() -> None:
    outage = CircuitBreaker()
    outage.begin(AWAY, 0)
    outage.begin(Problem(Disposition.OUTAGE, Reason.UNAUTHORIZED, "second"), 1)
    assert outage.problem is AWAY


def test_the_parked_are_woken_once_in_the_order_of_their_coming() -> None:
    outage = CircuitBreaker()
    outage.begin(AWAY, 0)
    for key in [*KEYS, *KEYS]:
        outage.park(key)
    assert list(outage.end(1)) == KEYS
    assert not outage.is_open
    assert outage.end(2) == ()


def test_the_first_look_is_at_once_and_pauses_double_up_to_a_limit() -> None:
    outage = CircuitBreaker()
    outage.begin(AWAY, 0)
    pauses = [outage.next_pause() for _ in range(8)]
    assert pauses == [0, 1, 2, 4, 8, 16, MAX_PAUSE, MAX_PAUSE]


def test_an_outage_that_comes_back_at_once_is_no_new_one() -> None:
    outage = CircuitBreaker()
    outage.begin(AWAY, 0)
    outage.next_pause()
    outage.end(1)
    outage.begin(AWAY, 2)
    assert outage.next_pause() == 1
    outage.end(3)
    outage.begin(AWAY, 4 + CALM_SECONDS)
    assert outage.next_pause() == 0


def test_the_registry_is_left_alone_for_as_long_as_it_asked_last() -> None:
    outage = CircuitBreaker()
    outage.begin(AWAY, 0)
    outage.next_pause()
    outage.begin(replace(AWAY, retry_after=20), 1)
    assert outage.next_pause() == 20
    outage.begin(replace(AWAY, retry_after=86400), 2)
    assert outage.next_pause() == MAX_RETRY_AFTER
    outage.begin(AWAY, 3)
    assert outage.next_pause() == 4, "the back-off goes on where nothing is asked"


async def test_the_prober_is_woken_by_the_beginning() -> None:
    outage = CircuitBreaker()
    waiting = asyncio.create_task(outage.wait_until_wanted(3600))
    await asyncio.sleep(0)
    outage.begin(AWAY, 0)
    await asyncio.wait_for(waiting, 5)
    assert outage.is_open


async def test_a_look_may_be_wanted_while_the_registry_answers() -> None:
    outage = CircuitBreaker()
    outage.want_look()
    await asyncio.wait_for(outage.wait_until_wanted(3600), 5)
    assert not outage.is_open
    # It was wanted once.
    waiting = asyncio.create_task(outage.wait_until_wanted(3600))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    waiting.cancel()
