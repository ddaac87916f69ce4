"""No answer, or none in time, and how many requests may wait for one. With a scripted server."""

import asyncio
import threading

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import ConnectionFailed, OutcomeUnknown, RequestTimeout
from model_registry.types import RegisteredModel
from tests.support.loopback import HANG_UP, MODEL, NO_ENTRY, Received, Reply, serving


async def test_an_unreachable_server_is_a_failed_connection() -> None:
    with serving(lambda _: NO_ENTRY) as server:
        url = server.url
    async with ModelRegistryAPIClient.connect(url, retries=0) as client:
        with pytest.raises(ConnectionFailed, match="cannot be reached") as on_get:
            await client.get_registered_models()
        with pytest.raises(ConnectionFailed) as on_post:
            await client.upsert_registered_model(RegisteredModel("m"))
    assert type(on_get.value) is type(on_post.value) is ConnectionFailed, "nothing was sent: the outcome is known"


async def test_a_lost_answer_leaves_only_a_create_in_doubt() -> None:
    with serving(lambda _: HANG_UP) as server:
        async with ModelRegistryAPIClient.connect(server.url, retries=0) as client:
            with pytest.raises(OutcomeUnknown, match=r"the connection broke: .*look it up before trying again"):
                await client.upsert_registered_model(RegisteredModel("m"))
            with pytest.raises(ConnectionFailed, match="the connection broke") as on_patch:
                await client.upsert_registered_model(RegisteredModel("m", id="1"))
            with pytest.raises(ConnectionFailed, match="the connection broke") as on_get:
                await client.get_registered_models()
    assert type(on_patch.value) is type(on_get.value) is ConnectionFailed
    assert len(server.received) == 3, "nothing is repeated"


async def test_an_answer_that_does_not_come_in_time() -> None:
    released = threading.Event()

    def stall(_: Received) -> Reply:
        released.wait()
        return NO_ENTRY

    with serving(stall) as server:
        async with ModelRegistryAPIClient.connect(server.url, timeout=0.2, retries=0) as client:
            with pytest.raises(RequestTimeout, match=r"GET .* no answer within 0\.2 s"):
                await client.get_registered_models()
            with pytest.raises(OutcomeUnknown, match=r"POST .* no answer within 0\.2 s; the entry may have been writt"):
                await client.upsert_registered_model(RegisteredModel("m"))
            released.set()
            assert await client.get_registered_model_by_id("1") is None, "the client still works"


async def test_at_most_sixteen_requests_are_in_flight() -> None:
    together = threading.Barrier(16)
    counting = threading.Lock()
    active = 0
    most = 0

    def count(_: Received) -> Reply:
        nonlocal active, most
        with counting:
            active += 1
            most = max(most, active)
        together.wait(timeout=60)  # until sixteen requests have arrived
        with counting:
            active -= 1
        return Reply(200, MODEL)

    with serving(count) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            await asyncio.gather(*(client.get_registered_model_by_id("1") for _ in range(48)))
    assert most == 16


async def test_waiting_for_a_slot_does_not_count_against_the_time_limit() -> None:
    released = threading.Event()

    def stall_the_first_sixteen(_: Received) -> Reply:
        if len(server.received) <= 16:
            released.wait()
        return Reply(200, MODEL)

    with serving(stall_the_first_sixteen) as server:
        async with ModelRegistryAPIClient.connect(server.url, timeout=1) as client:
            calls = (client.get_registered_model_by_id("1") for _ in range(17))
            results = await asyncio.gather(*calls, return_exceptions=True)
        released.set()
    # The last request waits for a slot for the whole second that the others take.
    assert [type(result) for result in results] == [*[RequestTimeout] * 16, RegisteredModel]
