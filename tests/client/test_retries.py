"""Which requests are repeated, and how often. With a scripted server. The rules are in test_retry_rules."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import (
    APIStatusError,
    BadRequest,
    ConflictError,
    ConnectionFailed,
    OutcomeUnknown,
    RequestTimeout,
    ServerError,
)
from model_registry.types import DocArtifact, ModelVersion, RegisteredModel
from tests.client.certificates import CertificateAuthority
from tests.support.loopback import MODEL, NO_ENTRY, Received, Reply, serving

TOO_LONG = "error saving registered model: ERROR: value too long for type character varying(255) (SQLSTATE 22001)"
DEADLOCK = "ERROR: deadlock detected (SQLSTATE 40P01)"

Call = Callable[[ModelRegistryAPIClient], Any]
CALLS: dict[str, Call] = {
    "GET": lambda client: client.get_registered_model_by_id("1"),
    "PATCH": lambda client: client.upsert_registered_model(RegisteredModel("m", id="1")),
}


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize(
    ("reply", "requests"),
    [
        (Reply(429, "x"), 3),
        (Reply(500, {"code": "x", "message": DEADLOCK}), 3),
        (Reply(503, "x"), 3),
        (Reply(500, {"code": "x", "message": TOO_LONG}), 1),
        (Reply(400, {"code": "x", "message": "x"}), 1),
        (Reply(503, "x", {"Retry-After": "31"}), 1),
    ],
    ids=["429", "500", "503", "refused-by-database", "400", "asks-for-too-much"],
)
async def test_how_often_a_request_is_sent(method: str, reply: Reply, requests: int) -> None:
    with serving(lambda _: reply) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            with pytest.raises(APIStatusError) as raised:
                await CALLS[method](client)
    assert raised.value.status == reply.status
    assert [received.method for received in server.received] == [method] * requests


@pytest.mark.parametrize("retries", [0, 1, 3])
async def test_the_number_of_retries_is_configurable(retries: int) -> None:
    with serving(lambda _: Reply(503, "x")) as server:
        async with ModelRegistryAPIClient.connect(server.url, retries=retries) as client:
            with pytest.raises(ServerError):
                await client.get_registered_models()
    assert len(server.received) == 1 + retries


@pytest.mark.parametrize(
    "client",
    [
        lambda port: ModelRegistryAPIClient.insecure_connection("127.0.0.1", port),
        lambda port: ModelRegistryAPIClient.connect(f"http://127.0.0.1:{port}"),
    ],
    ids=["insecure_connection", "connect"],
)
async def test_two_retries_by_default(client: Callable[[int], ModelRegistryAPIClient]) -> None:
    with serving(lambda _: Reply(503, "x")) as server, pytest.raises(ServerError):
        await client(server.server_port).get_registered_models()
    assert len(server.received) == 3


async def test_a_create_that_was_refused_with_429_is_repeated_without_a_look_up() -> None:
    replies = iter([Reply(429, "later"), Reply(429, "later"), Reply(201, MODEL)])
    with serving(lambda _: next(replies)) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            assert (await client.upsert_registered_model(RegisteredModel("m"))).id == "1"
    assert [received.method for received in server.received] == ["POST"] * 3


async def test_a_server_that_starts_late_is_reached() -> None:
    with serving(lambda _: NO_ENTRY) as gone:
        port = gone.server_port
    async with ModelRegistryAPIClient.connect(f"http://127.0.0.1:{port}", retries=50) as client:
        creating = asyncio.create_task(client.upsert_registered_model(RegisteredModel("m")))
        await asyncio.sleep(0)  # it has started
        with serving(lambda _: Reply(201, MODEL), port=port) as server:
            assert (await creating).id == "1"
    assert [received.method for received in server.received] == ["POST"], "refused connections were never sent"


async def test_an_untrusted_certificate_is_not_retried(tmp_path: Any) -> None:
    context = CertificateAuthority("theirs").server_context(tmp_path)
    handshakes: list[object] = []
    context.sni_callback = lambda connection, _name, _context: handshakes.append(connection)
    with serving(lambda _: Reply(200, MODEL), context) as server:
        async with ModelRegistryAPIClient.connect(server.url, ca=CertificateAuthority("ours").pem) as client:
            with pytest.raises(ConnectionFailed, match="certificate verify failed") as refused:
                await client.get_registered_model_by_id("1")
    assert not refused.value.is_temporary
    assert len(handshakes) == 1


async def test_a_value_that_the_database_refuses_is_not_a_lost_create() -> None:
    with serving(lambda _: Reply(500, {"code": "x", "message": TOO_LONG})) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            with pytest.raises(ServerError, match="SQLSTATE 22001"):
                await client.upsert_registered_model(RegisteredModel("m" * 300))
    assert len(server.received) == 1


async def test_the_time_limit_covers_all_attempts() -> None:
    with serving(lambda _: Reply(503, "x", {"Retry-After": "1"})) as server:
        async with ModelRegistryAPIClient.connect(server.url, timeout=2, retries=5) as client:
            with pytest.raises(ServerError) as raised:
                await client.get_registered_models()
    assert raised.value.retry_after == 1
    assert len(server.received) == 2, "after one second of waiting there is no time for another"


async def test_an_attempt_that_uses_up_the_time_is_the_last() -> None:
    released = threading.Event()

    def stall(_: Received) -> Reply:
        released.wait()
        return NO_ENTRY

    with serving(stall) as server:
        async with ModelRegistryAPIClient.connect(server.url, timeout=0.5) as client:
            with pytest.raises(RequestTimeout, match=r"no answer within 0\.5 s"):
                await client.get_registered_models()
        released.set()
    assert len(server.received) == 1


async def test_a_create_whose_look_up_stalls_too_ends_within_its_time_limit() -> None:
    released = threading.Event()

    def stall(_: Received) -> Reply:
        released.wait()
        return NO_ENTRY

    with serving(stall) as server:
        async with ModelRegistryAPIClient.connect(server.url, timeout=2) as client:
            with pytest.raises(OutcomeUnknown, match=r"no answer within 1\.5 s; .*looked up: .*no time was left"):
                await client.upsert_registered_model(RegisteredModel("m"))
        released.set()
    assert [received.method for received in server.received] == ["POST", "GET"]


async def test_waiting_for_a_retry_occupies_no_slot() -> None:
    all_waiting = asyncio.Event()
    loop = asyncio.get_running_loop()

    def put_off(received: Received) -> Reply:
        if received.path.endswith("/1"):
            return Reply(200, MODEL)
        if len(server.received) == 16:
            loop.call_soon_threadsafe(all_waiting.set)
        return Reply(503, "x", {"Retry-After": "30"})

    with serving(put_off) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            waiting = [asyncio.create_task(client.get_registered_model_by_id("2")) for _ in range(16)]
            await all_waiting.wait()
            assert await client.get_registered_model_by_id("1") is not None
            assert not any(task.done() for task in waiting)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)


CONFLICT = Reply(409, {"code": "Conflict", "message": "registered model with name m already exists: conflict"})


async def test_an_update_that_conflicts_with_another_update_is_repeated_once() -> None:
    answers = iter([CONFLICT, Reply(200, MODEL)])
    with serving(lambda _: next(answers)) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            updated = await client.upsert_registered_model(
                RegisteredModel("m", id="1", custom_properties={"new": "property"})
            )
    assert updated.id == "1"
    assert server.received[0].json == server.received[1].json
    stored = Reply(200, {**MODEL, "artifactType": "doc-artifact"})
    with serving(lambda received: stored if received.method == "GET" else CONFLICT) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            with pytest.raises(ConflictError):
                await client.upsert_registered_model(RegisteredModel("m", id="1"))
            with pytest.raises(ConflictError):
                await client.upsert_model_version_artifact(DocArtifact("m", id="1", uri="u"), "2")
    assert [received.method for received in server.received] == ["PATCH"] * 2 + ["GET"] + ["POST"] * 2


async def test_an_update_to_a_taken_external_id_is_not_repeated() -> None:
    def held(received: Received) -> Reply:
        return CONFLICT if received.method == "PATCH" else Reply(200, {**MODEL, "id": "2", "externalId": "e"})

    with serving(held) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            with pytest.raises(ConflictError) as raised:
                await client.upsert_registered_model(RegisteredModel("m", id="1", external_id="e"))
    assert raised.value.holder.id == "2"
    assert [received.method for received in server.received] == ["PATCH", "GET"]


async def test_a_conflict_of_the_first_create_is_never_resolved_as_its_own() -> None:
    """Even if the entries are equal: without a lost answer, the existing entry is another client's."""
    with serving(lambda received: CONFLICT if received.method == "POST" else Reply(200, MODEL)) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            with pytest.raises(ConflictError) as raised:
                await client.upsert_registered_model(RegisteredModel("m"))
    assert raised.value.holder == RegisteredModel("m", id="1", state="LIVE", custom_properties={})


async def test_an_artifact_without_a_name_gets_one_before_it_is_sent() -> None:
    replies = iter([Reply(502, "x"), NO_ENTRY, Reply(502, "x"), NO_ENTRY, Reply(201, {**MODEL, "artifactType": "x"})])
    artifact = DocArtifact(uri="u")
    with serving(lambda _: next(replies)) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            await client.upsert_model_version_artifact(artifact, "1")
    names = [received.json["name"] for received in server.received if received.method == "POST"]
    assert len(names) == 3
    assert len(set(names)) == 1
    assert all(f"name={names[0]}" in received.path for received in server.received if received.method == "GET")
    assert artifact.name is None, "the argument is not changed"


@pytest.mark.parametrize("retries", [1, 3])
async def test_a_create_that_never_arrives_fails(retries: int) -> None:
    with serving(lambda received: Reply(503, "x") if received.method == "POST" else NO_ENTRY) as server:
        async with ModelRegistryAPIClient.connect(server.url, retries=retries) as client:
            with pytest.raises(ServerError):
                await client.upsert_registered_model(RegisteredModel("m"))
    assert [received.method for received in server.received] == ["POST", "GET"] * (1 + retries)


async def test_invalid_input_is_reported_and_not_repeated() -> None:
    with serving(lambda _: Reply(400, {"code": "Bad Request", "message": "x"})) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            with pytest.raises(BadRequest):
                await client.upsert_model_version(ModelVersion("v"), "1")
    assert len(server.received) == 1
