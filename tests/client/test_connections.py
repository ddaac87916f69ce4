"""Pools, event loops, threads and processes. What must not cause a warning runs in a separate interpreter."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from model_registry import ModelRegistryAPIClient, RegisteredModel
from tests.support.loopback import MODEL, Received, Reply, serving

SOURCE_ROOT = Path(__file__).parents[2] / "operator"


def run_python(program: str, *args: str, **environment: str) -> str:
    """Run a program with every warning as an error, also those that Python can only print. Return its output."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *args],
        env={**os.environ, "PYTHONPATH": str(SOURCE_ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


THREE_RUNS = """
import asyncio, sys
from model_registry import ModelRegistryAPIClient, RegisteredModel
client = ModelRegistryAPIClient.connect(sys.argv[1])
created = asyncio.run(client.upsert_registered_model(RegisteredModel(sys.argv[2])))
for _ in range(2):
    assert asyncio.run(client.get_registered_model_by_id(created.id)) == created
print(client._transport._pools)
"""


def test_one_client_serves_several_event_loops_and_leaves_nothing_open(
    registry_url: str, unique: Callable[[str], str]
) -> None:
    assert run_python(THREE_RUNS, registry_url, unique("runs")) == "{}\n"


FOUR_THREADS = """
import asyncio, sys, threading
from concurrent.futures import ThreadPoolExecutor
from model_registry import ModelRegistryAPIClient
client = ModelRegistryAPIClient.connect(sys.argv[1])
together = threading.Barrier(4, timeout=60)
async def use():
    first = await client.get_registered_model_by_params(sys.argv[2])
    await asyncio.to_thread(together.wait)  # four loops at once
    pools = len(client._transport._pools)
    await asyncio.to_thread(together.wait)
    return first, pools
with ThreadPoolExecutor(4) as threads:
    print(list(threads.map(lambda _: asyncio.run(use()), range(4))))
print(client._transport._pools)
"""


def test_one_client_serves_several_threads(registry_url: str, unique: Callable[[str], str]) -> None:
    assert run_python(FOUR_THREADS, registry_url, unique("nobody")) == f"{[(None, 4)] * 4}\n{{}}\n"


FORK = """
import asyncio, os, sys
from model_registry import ModelRegistryAPIClient, RegisteredModel
client = ModelRegistryAPIClient.connect(sys.argv[1])

async def create(name):
    return await client.upsert_registered_model(RegisteredModel(name))

async def parent():
    mine = await create(sys.argv[2] + "-parent")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            asyncio.set_event_loop(None)
            asyncio.run(create(sys.argv[2] + "-child"))
            status = 0
        finally:
            os._exit(status)
    _, status = await asyncio.to_thread(os.waitpid, child, 0)
    assert status == 0
    # The connection that was open during the fork still belongs to the parent, and works.
    assert await client.get_registered_model_by_id(mine.id) == mine
    assert await client.get_registered_model_by_params(sys.argv[2] + "-child")

asyncio.run(parent())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_process_opens_its_own_connections(registry_url: str, unique: Callable[[str], str]) -> None:
    run_python(FORK, registry_url, unique("fork"))


CLOSED_LOOP = """
import asyncio, gc, sys, warnings
from model_registry import ModelRegistryAPIClient
client = ModelRegistryAPIClient.connect(sys.argv[1])
loop = asyncio.new_event_loop()
loop.run_until_complete(client.get_registered_model_by_id("2147483647"))
loop.close()
assert len(client._transport._pools) == 1
# Its connections were never closed, which Python reports when it collects them.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ResourceWarning)
    asyncio.run(client.get_registered_model_by_id("2147483647"))
    gc.collect()
assert client._transport._pools == {}
"""


def test_the_pool_of_a_closed_loop_is_dropped_at_the_next_call(registry_url: str) -> None:
    run_python(CLOSED_LOOP, registry_url)


async def test_connections_are_reused() -> None:
    with serving(lambda _: Reply(200, MODEL)) as server:
        ports: set[int] = set()
        accept = server.get_request

        def counting() -> tuple[object, object]:
            connection, address = accept()
            ports.add(address[1])
            return connection, address

        server.get_request = counting  # type: ignore[method-assign, assignment]  # to see each connection
        async with ModelRegistryAPIClient.connect(server.url) as client:
            for _ in range(10):
                await client.get_registered_model_by_id("1")
    assert len(server.received) == 10
    assert len(ports) == 1


async def test_connections_that_were_idle_for_too_long_are_closed_by_the_next_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("model_registry._connections._KEEPALIVE_SECONDS", 0.2)
    together = threading.Barrier(4, timeout=30)

    def answer(received: Received) -> Reply:
        if received.path.endswith("/2"):
            together.wait()
        return Reply(200, MODEL)

    with serving(answer) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            await asyncio.gather(*(client.get_registered_model_by_id("2") for _ in range(4)))
            (pool,) = client._transport._pools.values()
            former = list(pool.connections._idle)
            assert len(former) == 4
            await asyncio.sleep(0.3)
            await client.get_registered_model_by_id("1")
            assert list(pool.connections._idle) == former[-1:], "the one that was used last stays"
            assert [connection.http.is_closed for connection in former] == [True] * 3 + [False]


async def test_creating_a_client_opens_nothing() -> None:
    client = ModelRegistryAPIClient.connect("http://127.0.0.1:1")
    assert client._transport._pools == {}
    await client.aclose()


def test_a_client_can_be_created_without_an_event_loop() -> None:
    clients: list[ModelRegistryAPIClient] = []
    thread = threading.Thread(target=lambda: clients.append(ModelRegistryAPIClient.insecure_connection("r", 8080)))
    thread.start()
    thread.join()
    assert len(clients) == 1


async def test_a_closed_client_opens_again_when_it_is_used(registry_url: str, unique: Callable[[str], str]) -> None:
    client = ModelRegistryAPIClient.connect(registry_url)
    async with client:
        model = await client.upsert_registered_model(RegisteredModel(unique("m")))
    assert client._transport._pools == {}
    assert await client.get_registered_model_by_id(model.id) == model
    assert len(client._transport._pools) == 1
    await client.aclose()
    await client.aclose()
    assert client._transport._pools == {}


async def test_calls_that_wait_for_a_slot_while_the_client_is_closed_open_new_connections() -> None:
    released, all_slots_taken = threading.Event(), threading.Event()

    def stall(_: object) -> Reply:
        if len(server.received) == 2:
            all_slots_taken.set()
        released.wait(10)
        return Reply(200, MODEL)

    with serving(stall) as server:
        client = ModelRegistryAPIClient.connect(server.url, in_flight=2, retries=0)
        first = [asyncio.create_task(client.get_registered_model_by_id("1")) for _ in range(2)]
        await asyncio.to_thread(all_slots_taken.wait)
        waiting = [asyncio.create_task(client.get_registered_model_by_id("1")) for _ in range(4)]
        await asyncio.sleep(0)
        await client.aclose()
        released.set()
        found = await asyncio.gather(*waiting, return_exceptions=True)
        await asyncio.gather(*first, return_exceptions=True)
        await client.aclose()
    assert [type(each) for each in found] == [RegisteredModel] * 4


async def test_a_cancelled_call_gives_its_slot_back() -> None:
    released = threading.Event()
    all_slots_taken = threading.Event()

    def stall(_: object) -> Reply:
        if len(server.received) == 16:
            all_slots_taken.set()
        if len(server.received) <= 16:
            released.wait()
        return Reply(200, MODEL)

    with serving(stall) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            tasks = [asyncio.create_task(client.get_registered_model_by_id("1")) for _ in range(16)]
            await asyncio.to_thread(all_slots_taken.wait)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            released.set()
            assert await client.get_registered_model_by_id("1") is not None


async def test_proxies_of_the_environment_are_not_used_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving(lambda _: Reply(200, MODEL)) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            assert await client.get_registered_model_by_id("1") is not None


async def test_proxies_of_the_environment_are_used_for_other_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _: Reply(200, MODEL)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        async with ModelRegistryAPIClient.connect("http://registry.invalid:8080") as client:
            assert await client.get_registered_model_by_id("1") is not None
    assert proxy.received[0].path == "http://registry.invalid:8080/api/model_registry/v1alpha3/registered_models/1"
