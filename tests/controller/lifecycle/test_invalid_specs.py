"""Specs that the schema cannot refuse: the operator does, with what to change, before any call to the registry."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.env.registry import EmbeddedServers
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Namespace, condition, has_reason, manifest


class _CountingRegistry(BaseHTTPRequestHandler):
    """A registry without entries that keeps the calls that are not lists."""

    calls: list[str]

    def do_GET(self) -> None:
        if "orderBy=" not in self.path:
            self.calls.append(f"GET {self.path}")
        self._answer(b'{"items": [], "nextPageToken": "", "pageSize": 0, "size": 0}')

    def do_POST(self) -> None:
        self.calls.append(f"POST {self.path}")
        self._answer(b"{}")

    def do_PATCH(self) -> None:
        self.calls.append(f"PATCH {self.path}")
        self._answer(b"{}")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def counting_registry() -> Iterator[tuple[str, list[str]]]:
    """The address of a registry, and the calls to it."""
    calls: list[str] = []
    handler = type("Handler", (_CountingRegistry,), {"calls": calls})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", calls
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def registry_url(counting_registry: tuple[str, list[str]]) -> str:
    """The module's operator uses the counting registry."""
    return counting_registry[0]


PROPERTIES: dict[str, tuple[Any, str]] = {
    "a list": ([1, 2], "must be a string, an integer, a number or a boolean"),
    "an object": ({"a": {"b": 1}}, "typed form only"),
    "an integer beyond int32": (2**31, "write it as a string, or as {double: 2147483648}"),
    "a typed integer beyond int32": ({"int": -(2**31) - 1}, "does not fit the registry's 32-bit integers"),
    "a type that is not the value's": ({"int": "7"}, "typed form only"),
}


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize(("value", "advice"), PROPERTIES.values(), ids=list(PROPERTIES))
def test_a_property_that_the_registry_cannot_store_is_refused(
    space: Namespace, counting_registry: tuple[str, list[str]], unique: Unique, value: Any, advice: str
) -> None:
    name = unique("model")
    space.apply(manifest("RegisteredModel", name, customProperties={"good": 1, "bad": value}))
    resource = space.wait("RegisteredModel", name, has_reason("InvalidSpec"))
    assert condition(resource, "Stalled")["status"] == "True"
    assert condition(resource, "Stalled")["reason"] == "InvalidSpec"
    message = condition(resource, "Ready")["message"]
    assert "spec.customProperties.bad" in message
    assert advice in message
    assert counting_registry[1] == []
    space.delete("RegisteredModel", name)
    space.wait_gone("RegisteredModel", name)


@pytest.mark.usefixtures("operator")
def test_a_property_under_the_operators_prefix_is_refused(
    space: Namespace, counting_registry: tuple[str, list[str]], unique: Unique
) -> None:
    name = unique("model")
    space.apply(manifest("RegisteredModel", name, customProperties={"model-registrar.dev/owner": "me"}))
    resource = space.wait("RegisteredModel", name, has_reason("InvalidSpec"))
    assert "belong to the operator; choose another name" in condition(resource, "Ready")["message"]
    assert counting_registry[1] == []


@pytest.mark.usefixtures("operator")
def test_an_invalid_property_of_an_inline_artifact_is_refused(
    space: Namespace, counting_registry: tuple[str, list[str]], unique: Unique
) -> None:
    name = unique("version")
    artifact = {"name": "weights", "uri": "s3://b/w", "customProperties": {"bad": [1]}}
    reference = {"external": {"id": "1"}}
    space.apply(manifest("ModelVersion", name, registeredModelRef=reference, artifacts=[artifact]))
    resource = space.wait("ModelVersion", name, has_reason("InvalidSpec"))
    assert "spec.artifacts[0].customProperties.bad" in condition(resource, "Ready")["message"]
    assert counting_registry[1] == []


def test_a_corrected_spec_becomes_an_entry(
    own_space: Namespace,
    start_operator: StartOperator,
    embedded_registry: EmbeddedServers,
    unique: Unique,
) -> None:
    start_operator(embedded_registry().url, own_space)
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name, customProperties={"bad": [1]}))
    own_space.wait("RegisteredModel", name, has_reason("InvalidSpec"))
    own_space.apply(manifest("RegisteredModel", name, customProperties={"bad": "[1]"}))
    resource = own_space.ready("RegisteredModel", name)
    assert not condition(resource, "Stalled")
    assert [(event["type"], event["reason"]) for event in own_space.events_until(name, "Created")] == [
        ("Warning", "InvalidSpec"),
        ("Normal", "Created"),
    ]
