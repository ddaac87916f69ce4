"""What each answer of a server becomes: an entry, or the one exception that fits. On a server that answers as told."""

import asyncio
import pickle
import threading
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import (
    AmbiguousEntryError,
    APIStatusError,
    BadRequest,
    ConflictError,
    ConnectionFailed,
    Forbidden,
    IdentityMismatch,
    NotARegistryError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    RequestTimeout,
    ServerError,
    StoreError,
    Unauthorized,
    Unprocessable,
)
from model_registry.types import ModelArtifact, ModelVersion, RegisteredModel
from tests.client.loopback import HANG_UP, MODEL, NO_ENTRY, Received, Reply, serving

ALPHA = "/api/model_registry/v1alpha3"
V1 = "/api/model_registry/v1"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (405, APIStatusError),
        (409, ConflictError),
        (418, APIStatusError),
        (422, Unprocessable),
        (429, RateLimited),
        (500, ServerError),
        (502, ServerError),
        (503, ServerError),
        (504, ServerError),
    ],
)
async def test_each_status_has_its_exception(status: int, kind: type[APIStatusError]) -> None:
    reply = Reply(status, {"code": "Some Code", "message": "what the server says"})
    with serving(lambda _: reply) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            with pytest.raises(APIStatusError) as raised:
                await client.upsert_registered_model(RegisteredModel("m"))
    error = raised.value
    assert type(error) is kind
    assert isinstance(error, StoreError)
    assert (error.status, error.method, error.message) == (status, "POST", "what the server says")
    assert error.url == f"{server.url}{ALPHA}/registered_models"
    assert str(error) == f"POST {error.url} answered {status}: what the server says"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("upstream connect error", "upstream connect error"),
        ("", "empty body"),
        ("<html>\n  <p>Bad\n Gateway</p>", "<html> <p>Bad Gateway</p>"),
        ({"message": 5}, '{"message": 5}'),
        ("x" * 5000, "x" * 256 + "…"),
    ],
)
async def test_an_error_without_a_message_is_quoted_in_short(body: Any, message: str) -> None:
    with serving(lambda _: Reply(502, body)) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            with pytest.raises(ServerError) as raised:
                await client.get_registered_models()
    assert raised.value.message == message


@pytest.mark.parametrize(
    "error",
    [
        ConflictError("m", 409, "POST", "http://r"),
        OutcomeUnknown("m"),
        AmbiguousEntryError("m", [RegisteredModel("n")]),
        IdentityMismatch("m", RegisteredModel("n"), RegisteredModel("o")),
    ],
)
def test_errors_survive_pickling(error: StoreError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(copy) is type(error)
    assert (str(copy), copy.args) == (str(error), error.args)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, "<html>Sign in</html>"),
        Reply(200, ""),
        Reply(200, ["a list"]),
        Reply(200, {"paths": ["/api"]}),
        Reply(200, {"items": [{"kind": "Pod"}]}),
        Reply(404, "404 page not found\n"),
        Reply(404, {"detail": "Not Found"}),
        Reply(404, {"kind": "Status", "code": 404, "message": "the server could not find the requested resource"}),
        Reply(410, {"code": "Gone", "message": "sunset"}),
        Reply(302, "", {"Location": "https://login.example/"}),
    ],
    ids=lambda reply: f"{reply.status} {reply.body!s:.20}",
)
async def test_a_server_that_is_no_registry_is_called_so(reply: Reply) -> None:
    with serving(lambda _: reply) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            with pytest.raises(NotARegistryError):
                await client.get_registered_models()
            with pytest.raises(NotARegistryError):
                await client.get_registered_model_by_id("1")
            with pytest.raises(NotARegistryError):
                await client.get_registered_model_by_params("m")


async def test_a_redirect_is_not_followed_but_told() -> None:
    def redirect(received: Received) -> Reply:
        return (
            Reply(307, "", {"Location": "https://elsewhere.example/"}) if received.path.startswith(ALPHA) else NO_ENTRY
        )

    with serving(redirect) as server:
        async with ModelRegistryAPIClient.connect(server.url, token="secret") as client:
            with pytest.raises(
                NotARegistryError, match=r"a redirect to https://elsewhere\.example/, which is not foll"
            ):
                await client.get_registered_models()
    assert len(server.received) == 1


class VersionedServer:
    """Serves one version of the API; the other is not there."""

    def __init__(self, version: str, absent: Reply) -> None:
        self.version = version
        self.absent = absent

    def __call__(self, received: Received) -> Reply:
        if not received.path.startswith(f"/api/model_registry/{self.version}/"):
            return self.absent
        return Reply(201, MODEL) if received.method == "POST" else Reply(200, {"items": [], "nextPageToken": ""})


@pytest.mark.parametrize("absent", [Reply(404, "404 page not found\n"), Reply(410, {"code": "Gone", "message": "x"})])
async def test_the_version_is_found_out_once(absent: Reply) -> None:
    with serving(VersionedServer("v1", absent)) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            assert (await client.upsert_registered_model(RegisteredModel("m"))).id == "1"
            await client.get_registered_models()
            await client.get_registered_models()
    paths = [received.path.split("?")[0] for received in server.received]
    assert paths == [f"{ALPHA}/registered_models", *[f"{V1}/registered_models"] * 3]
    assert server.received[0].json == server.received[1].json == {"name": "m"}


async def test_a_server_upgraded_while_the_client_lives_is_followed() -> None:
    script = VersionedServer("v1alpha3", Reply(404, "404 page not found\n"))
    with serving(script) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            await client.get_registered_models()
            script.version, script.absent = "v1", Reply(410, {"code": "Gone", "message": "x"})
            await client.get_registered_models()
            await client.get_registered_models()
    assert [received.path.split("/")[3] for received in server.received] == ["v1alpha3", "v1alpha3", "v1", "v1"]


@pytest.mark.parametrize("fixed_by", ["argument", "address"])
async def test_a_version_that_is_fixed_is_the_only_one_tried(fixed_by: str) -> None:
    with serving(VersionedServer("v1", Reply(404, "404 page not found\n"))) as server:
        client = (
            ModelRegistryAPIClient.connect(server.url, api_version="v1alpha3")
            if fixed_by == "argument"
            else ModelRegistryAPIClient.connect(f"{server.url}{ALPHA}")
        )
        async with client:
            with pytest.raises(NotARegistryError, match="no registry API here: check the address and the API version"):
                await client.get_registered_models()
    assert len(server.received) == 1


async def test_an_entry_that_does_not_exist_is_not_a_wrong_version() -> None:
    with serving(lambda _: NO_ENTRY) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            assert await client.get_registered_model_by_id("1") is None
    assert len(server.received) == 1


async def test_a_path_in_front_of_the_api_is_kept() -> None:
    with serving(lambda _: Reply(200, MODEL)) as server:
        async with ModelRegistryAPIClient.connect(f"{server.url}/gateway/team-a/") as client:
            assert await client.get_registered_model_by_id("1") is not None
    assert server.received[0].path == f"/gateway/team-a{ALPHA}/registered_models/1"


async def test_ids_are_quoted_into_the_path() -> None:
    with serving(lambda _: NO_ENTRY) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            assert await client.get_registered_model_by_id("../x?y") is None
    assert server.received[0].path == f"{ALPHA}/registered_models/..%2Fx%3Fy"


async def test_several_entries_where_names_ignore_case_are_told_apart_by_looking() -> None:
    """A registry on a case-insensitive database matches more than was asked for."""

    def ignoring_case(received: Received) -> Reply:
        if received.path.startswith(f"{ALPHA}/registered_model?"):
            return Reply(
                404, {"code": "Not Found", "message": "multiple registered models found for name=m: not found"}
            )
        return Reply(200, {"items": [{**MODEL, "name": "M"}, MODEL], "nextPageToken": ""})

    with serving(ignoring_case) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            found = await client.get_registered_model_by_params("m")
            assert found is not None
            assert found.name == "m"
            assert await client.get_registered_model_by_params("x") is None


async def test_a_conflict_is_explained_with_at_most_three_requests() -> None:
    def nothing_but_conflicts(received: Received) -> Reply:
        return Reply(409, {"code": "Conflict", "message": "x"}) if received.method == "POST" else NO_ENTRY

    with serving(nothing_but_conflicts) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            with pytest.raises(ConflictError) as raised:
                await client.upsert_model_version(ModelVersion("v", external_id="e"), "1")
    assert raised.value.holder is None
    assert [received.path.removeprefix(ALPHA) for received in server.received[1:]] == [
        "/model_version?name=v&parentResourceId=1",
        "/model_version?externalId=e",
        "/registered_model?externalId=e",
    ]


async def test_a_conflict_that_cannot_be_explained_is_still_a_conflict() -> None:
    def failing_after(received: Received) -> Reply:
        return Reply(409, {"code": "Conflict", "message": "x"}) if received.method == "POST" else Reply(500, "broken")

    with serving(failing_after) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            with pytest.raises(ConflictError, match=r"answered 409: x$"):
                await client.upsert_registered_model(RegisteredModel("m"))


async def test_an_entry_is_not_named_as_the_holder_of_what_it_holds_itself() -> None:
    """Two updates at once can conflict over something else than the external ID."""

    def conflicting_with_itself(received: Received) -> Reply:
        if received.method == "PATCH":
            return Reply(409, {"code": "Conflict", "message": "x"})
        return Reply(200, {**MODEL, "externalId": "e"}) if "/registered_model?" in received.path else NO_ENTRY

    with serving(conflicting_with_itself) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            with pytest.raises(ConflictError) as raised:
                await client.upsert_registered_model(RegisteredModel("m", id="1", external_id="e"))
    assert raised.value.holder is None


async def test_an_external_id_is_matched_exactly() -> None:
    with serving(lambda _: Reply(200, {**MODEL, "externalId": "E"})) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            assert await client.get_registered_model_by_params(external_id="e") is None
            assert await client.get_registered_model_by_params(external_id="E") is not None


async def test_artifacts_are_updated_where_the_registry_keeps_their_state() -> None:
    with serving(lambda _: Reply(200, {**MODEL, "artifactType": "model-artifact"})) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            await client.upsert_model_artifact(ModelArtifact("m", id="1", uri="u"))
    (received,) = server.received
    assert (received.method, received.path) == ("PATCH", f"{ALPHA}/artifacts/1")
    assert received.json == {"artifactType": "model-artifact", "uri": "u", "state": None}


async def test_nobody_there_is_a_failed_connection() -> None:
    with serving(lambda _: NO_ENTRY) as server:
        url = server.url
    async with ModelRegistryAPIClient.connect(url) as client:
        with pytest.raises(ConnectionFailed, match="cannot be reached") as on_get:
            await client.get_registered_models()
        with pytest.raises(ConnectionFailed) as on_post:
            await client.upsert_registered_model(RegisteredModel("m"))
    assert type(on_get.value) is type(on_post.value) is ConnectionFailed, "nothing was sent: the outcome is known"


async def test_a_lost_answer_leaves_a_create_in_doubt_and_nothing_else() -> None:
    with serving(lambda _: HANG_UP) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
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
        async with ModelRegistryAPIClient.connect(server.url, timeout=0.2) as client:
            with pytest.raises(RequestTimeout, match=r"GET .* no answer within 0\.2 s"):
                await client.get_registered_models()
            with pytest.raises(OutcomeUnknown, match=r"POST .* no answer within 0\.2 s; the entry may have been writt"):
                await client.upsert_registered_model(RegisteredModel("m"))
            released.set()
            assert await client.get_registered_model_by_id("1") is None, "the client goes on working"


async def test_at_most_sixteen_requests_are_under_way() -> None:
    together = threading.Barrier(16)
    counting = threading.Lock()
    active = 0
    most = 0

    def count(_: Received) -> Reply:
        nonlocal active, most
        with counting:
            active += 1
            most = max(most, active)
        together.wait(timeout=60)  # until sixteen are here
        with counting:
            active -= 1
        return Reply(200, MODEL)

    with serving(count) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            await asyncio.gather(*(client.get_registered_model_by_id("1") for _ in range(48)))
    assert most == 16


async def test_waiting_for_its_turn_does_not_use_up_a_requests_time() -> None:
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
    # The last one waits for a slot until the others' whole second is over.
    assert [type(result) for result in results] == [*[RequestTimeout] * 16, RegisteredModel]
