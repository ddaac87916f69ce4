"""A program that monitors the client: it sees every request, and can hold requests back."""

import time

import pytest

from model_registry import ModelRegistryAPIClient, RegisteredModel
from model_registry.exceptions import ConnectionFailed
from tests.support.loopback import HANG_UP, MODEL, NO_ENTRY, Received, Reply, serving


class Watcher:
    def __init__(self, *refused: str) -> None:
        self._refused = refused
        self.ended: list[tuple[str, int | None]] = []

    def request_starts(self, method: str) -> None:
        if method in self._refused:
            raise PermissionError(f"no {method} now")

    def request_ended(self, method: str, status: int | None, seconds: float) -> None:
        assert seconds >= 0
        self.ended.append((method, status))


async def test_each_request_is_reported_with_its_outcome() -> None:
    answers = iter([Reply(200, MODEL), NO_ENTRY, Reply(201, MODEL), HANG_UP])
    watcher = Watcher()
    with serving(lambda _: next(answers)) as server:
        async with ModelRegistryAPIClient.connect(server.url, retries=0, monitor=watcher) as client:
            await client.get_registered_model_by_id("1")
            await client.get_registered_model_by_id("2")
            await client.upsert_registered_model(RegisteredModel("m"))
            with pytest.raises(ConnectionFailed):
                await client.get_registered_model_by_id("3")
    assert watcher.ended == [("GET", 200), ("GET", 404), ("POST", 201), ("GET", None)]


async def test_a_request_that_is_held_back_is_never_sent() -> None:
    watcher = Watcher("POST")
    with serving(lambda _: Reply(200, MODEL)) as server:
        async with ModelRegistryAPIClient.connect(server.url, monitor=watcher) as client:
            with pytest.raises(PermissionError, match="no POST now"):
                await client.upsert_registered_model(RegisteredModel("m"))
            await client.get_registered_model_by_id("1")
        assert [received.method for received in server.received] == ["GET"]
    assert watcher.ended == [("GET", 200)]


async def test_writes_can_have_a_shorter_time_limit_than_reads() -> None:
    def slow(_: Received) -> Reply:
        time.sleep(0.3)
        return Reply(200, MODEL)

    with serving(slow) as server:
        async with ModelRegistryAPIClient.connect(server.url, retries=0, write_timeout=0.05) as client:
            assert await client.get_registered_model_by_id("1") is not None
            with pytest.raises(ConnectionFailed, match=r"no answer within 0\.05 s"):
                await client.upsert_registered_model(RegisteredModel("m"))
            with pytest.raises(ConnectionFailed, match=r"no answer within 0\.05 s"):
                await client.upsert_registered_model(RegisteredModel("m", id="1"))
