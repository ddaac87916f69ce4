"""Which entry or exception each answer of a server becomes. With a scripted server."""

import pickle
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
    RegistryError,
    ServerError,
    Unauthorized,
    Unprocessable,
)
from model_registry.types import ListOptions, ModelVersion, RegisteredModel
from tests.support.loopback import MODEL, NO_ENTRY, Received, Reply, serving

ALPHA = "/api/model_registry/v1alpha3"


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
        async with ModelRegistryAPIClient.connect(server.url, retries=0) as client:
            with pytest.raises(APIStatusError) as raised:
                await client.upsert_registered_model(RegisteredModel("m"))
    error = raised.value
    assert type(error) is kind
    assert isinstance(error, RegistryError)
    assert (error.status, error.method, error.message) == (status, "POST", "what the server says")
    assert error.url == f"{server.url}{ALPHA}/registered_models"
    assert str(error) == f"POST {error.url} answered {status}: what the server says"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("upstream connect error", "upstream connect error"),
        ("", "empty body"),
        ("<html>\n  <p>Bad\n Gateway</p>", "an HTML page: Bad Gateway"),
        ("<!DOCTYPE html><html><head><title> 404\nNot Found </title></head><p>x</p>", "an HTML page: 404 Not Found"),
        ({"message": 5}, '{"message": 5}'),
        ("x" * 5000, "x" * 256 + "…"),
    ],
)
async def test_an_error_without_a_message_quotes_the_body_in_part(body: Any, message: str) -> None:
    with serving(lambda _: Reply(502, body)) as server:
        async with ModelRegistryAPIClient.connect(server.url, retries=0) as client:
            with pytest.raises(ServerError) as raised:
                await client.get_registered_models()
    assert raised.value.message == message


@pytest.mark.parametrize(
    "error",
    [
        ConflictError("m", 409, "POST", "http://r"),
        OutcomeUnknown("m"),
        ConnectionFailed("m", is_temporary=False),
        AmbiguousEntryError("m", [RegisteredModel("n")]),
        IdentityMismatch("m", RegisteredModel("n"), RegisteredModel("o")),
    ],
)
def test_errors_survive_pickling(error: RegistryError) -> None:
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
async def test_a_server_that_is_not_a_registry_is_reported_as_such(reply: Reply) -> None:
    with serving(lambda _: reply) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            with pytest.raises(NotARegistryError):
                await client.get_registered_models()
            with pytest.raises(NotARegistryError):
                await client.get_registered_model_by_id("1")
            with pytest.raises(NotARegistryError):
                await client.get_registered_model_by_params("m")


async def test_a_redirect_is_reported_and_not_followed() -> None:
    def redirect(received: Received) -> Reply:
        location = "https://me:hunter2@elsewhere.example/?code=hunter2"
        return Reply(307, "", {"Location": location}) if received.path.startswith(ALPHA) else NO_ENTRY

    with serving(redirect) as server:
        async with ModelRegistryAPIClient.connect(server.url, token="secret") as client:
            with pytest.raises(
                NotARegistryError, match=r"a redirect to https://elsewhere\.example/, which the client does"
            ) as error:
                await client.get_registered_models()
    assert "hunter2" not in str(error.value)
    assert len(server.received) == 1


async def test_names_that_differ_only_in_case_are_distinguished() -> None:
    """A registry on a case-insensitive database matches more names than the requested one."""

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
        async with ModelRegistryAPIClient.connect(server.url, retries=0) as client:
            with pytest.raises(ConflictError, match=r"answered 409: x$"):
                await client.upsert_registered_model(RegisteredModel("m"))


async def test_an_entry_is_not_reported_as_its_own_conflict() -> None:
    """Two simultaneous updates can conflict over something other than the external ID."""

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


async def test_a_page_token_that_is_not_text_ends_the_list() -> None:
    options = ListOptions(limit=1)
    with serving(lambda _: Reply(200, {"items": [], "nextPageToken": {"a": 1}})) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            assert await client.get_registered_models(options) == []
    assert options.next_page_token == ""
