"""Whatever a server replies, a call returns a value or raises one of the client's own exceptions."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import RegistryError
from model_registry.types import DocArtifact, ListOptions, ModelArtifact, ModelVersion, RegisteredModel, RegistryEntry

CALLS: list[Callable[[ModelRegistryAPIClient], Any]] = [
    lambda client: client.upsert_registered_model(RegisteredModel("m", external_id="e")),
    lambda client: client.upsert_registered_model(RegisteredModel("m", id="1", external_id="e")),
    lambda client: client.get_or_create_registered_model(RegisteredModel("m")),
    lambda client: client.get_registered_model_by_id("1"),
    lambda client: client.get_registered_model_by_params("m"),
    lambda client: client.get_registered_models(ListOptions(limit=1)),
    lambda client: client.upsert_model_version(ModelVersion("v"), "1"),
    lambda client: client.get_model_version_by_params("1", "v"),
    lambda client: client.get_model_versions("1"),
    lambda client: client.upsert_model_artifact(ModelArtifact("a"), "1"),
    lambda client: client.upsert_model_artifact(ModelArtifact("a")),
    lambda client: client.upsert_model_version_artifact(DocArtifact("d", id="1"), "1"),
    lambda client: client.get_artifact_by_params("a", "1"),
    lambda client: client.get_model_artifacts(),
]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
TAGGED = st.fixed_dictionaries(
    {},
    optional={
        "metadataType": st.sampled_from(["MetadataIntValue", "MetadataDoubleValue", "MetadataStructValue"]) | JSON,
        **dict.fromkeys(["int_value", "double_value", "string_value", "bool_value", "struct_value"], JSON),
    },
)
ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "id": st.just("1") | JSON,
        "name": st.sampled_from(["m", "v", "a", "d"]) | JSON,
        "externalId": st.just("e") | JSON,
        "artifactType": st.sampled_from(["model-artifact", "doc-artifact", "metric", "parameter"]) | JSON,
        "state": JSON,
        "language": JSON,
        "registeredModelId": JSON,
        "customProperties": st.dictionaries(st.text(max_size=5), TAGGED | JSON, max_size=3) | JSON,
        "code": st.just("Not Found") | JSON,
        "message": st.sampled_from(["multiple", "SQLSTATE 22001"]) | JSON,
    },
)
PAGE = st.fixed_dictionaries({"items": st.lists(ENTRY | JSON, max_size=3) | JSON}, optional={"nextPageToken": JSON})
BODY = (ENTRY | PAGE | JSON).map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60)

VALUE = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=30).map(
    lambda text: text.encode("latin-1")
)
HEADER = st.tuples(
    st.sampled_from([b"Date", b"Location", b"Content-Encoding", b"Content-Type", b"Transfer-Encoding", b"Set-Cookie"]),
    VALUE
    | st.sampled_from(
        [b"gzip", b"chunked", b"http://[", b"//", b"Mon, 01 Jan 99999999999 00:00:00 GMT", b"text/html; charset=nope"]
    ),
) | st.tuples(st.just(b"Retry-After"), st.sampled_from([b"-1", b"0", b"x", b"9" * 400, b"Mon, 99 Jan 2020 00:00:00"]))


def http(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> bytes:
    length = (b"Content-Length", str(len(body)).encode())
    lines = [b"HTTP/1.1 %d Some Reason" % status, *(b": ".join(header) for header in [length, *headers])]
    return b"\r\n".join([*lines, b"", body])


REPLY = st.builds(http, st.integers(200, 599), st.lists(HEADER, max_size=3), BODY) | st.builds(
    http, st.sampled_from([200, 201, 404, 409, 500]), st.just([]), BODY
)
HUGE = {"metadataType": "MetadataDoubleValue", "double_value": 10**400}
DEEP = http(200, [], b"[" * 200_000)


class RawServer:
    """Answers every request with the same bytes, and closes the connection."""

    def __init__(self) -> None:
        self.reply = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            # One at a time: the client sends one request after the other.
            with connection, suppress(OSError):
                connection.settimeout(10)
                self._read_request(connection)
                connection.sendall(self.reply)

    def _read_request(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            length = 0
            for line in stream:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                if not line.strip():
                    break
            stream.read(length)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    running = RawServer()
    yield running
    running.close()


@pytest.fixture(scope="module")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal() as started:
        yield started


@pytest.fixture(scope="module", params=[0, 1], ids=lambda retries: f"retries-{retries}")
def client(
    server: RawServer, portal: BlockingPortal, request: pytest.FixtureRequest
) -> Iterator[ModelRegistryAPIClient]:
    connected = ModelRegistryAPIClient.connect(server.url, retries=request.param, timeout=5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("model_registry._retry._FIRST_DELAY_SECONDS", 0.0)  # so many examples must not wait
        yield connected
    portal.call(connected.aclose)


@settings(max_examples=300, deadline=None)
@given(reply=REPLY | st.binary(max_size=100), call=st.sampled_from(CALLS))
@example(reply=b"", call=CALLS[0])
@example(reply=DEEP, call=CALLS[3])
@example(reply=DEEP, call=CALLS[0])
@example(reply=b"HTTP/1.1 101 Switching Protocols\r\n\r\n", call=CALLS[3])
@example(reply=b"HTTP/1.1 100 Continue\r\n\r\n", call=CALLS[0])
@example(reply=http(200, [(b"Date", b"Mon, 01 Jan 99999999999 00:00:00 GMT")], b'{"items": []}'), call=CALLS[5])
@example(
    reply=http(200, [], json.dumps({"id": "1", "name": "m", "customProperties": {"h": HUGE}}).encode()), call=CALLS[3]
)
@example(reply=http(200, [], b'{"items": [], "nextPageToken": {"a": 1}}'), call=CALLS[5])
@example(reply=http(200, [], b'{"id": "1", "name": "a", "artifactType": ["x"]}'), call=CALLS[9])
@example(reply=http(200, [(b"Set-Cookie", "é=é".encode())], b"{}"), call=CALLS[3])
@example(reply=http(302, [(b"Location", b"http://[")], b""), call=CALLS[0])
@example(reply=http(503, [(b"Retry-After", b"9" * 400)], b""), call=CALLS[0])
def test_a_call_returns_a_value_or_raises_a_client_exception(
    server: RawServer, portal: BlockingPortal, client: ModelRegistryAPIClient, reply: bytes, call: Callable[..., Any]
) -> None:
    server.reply = reply

    async def outcome() -> Any:
        try:
            return await call(client)
        except RegistryError as error:
            return error

    result = portal.call(outcome)
    if isinstance(result, RegistryError):
        assert str(result)
        return
    entries = result if isinstance(result, list) else [] if result is None else [result]
    assert all(isinstance(entry, RegistryEntry) and entry.id for entry in entries)
