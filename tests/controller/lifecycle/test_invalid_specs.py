"""What the schema cannot see: refused with what to change, before any call to the registry."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.support.fixtures import Unique
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Namespace, condition, has_reason, manifest


class _CountingRegistry(BaseHTTPRequestHandler):
    """A registry without entries that counts what is asked beyond its lists."""

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
        """Say nothing."""


@pytest.fixture(scope="module")
def counting_registry() -> Iterator[tuple[str, list[str]]]:
    """Address of a registry, and the calls that it got."""
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
    """The module's operator talks to the counting registry."""
    return counting_registry[0]


PROPERTIES: dict[str, tuple[Any, str]] = {
    "a list": ([1, 2], "must be a string, an integer, a number or a boolean"),
    "an object": ({"a": {"b": 1}}, "typed form only"),
    "an integer beyond int32": (2**31, "write it as a string, or as {double: 2147483648}"),
    "a typed integer beyond int32": ({"int": -(2**31) - 1}, "does not fit the registry's 32-bit integers"),
    "a type that is not the value's": ({"int": "7"}, "typed form only"),
}


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize(("value", "told"), PROPERTIES.values(), ids=list(PROPERTIES))
def test_a_property_that_the_registry_cannot_keep(
    space: Namespace, counting_registry: tuple[str, list[str]], unique: Unique, value: Any, told: str
) -> None:
    name = unique("model")
    space.apply(manifest("RegisteredModel", name, customProperties={"good": 1, "bad": value}))
    resource = space.wait("RegisteredModel", name, has_reason("InvalidSpec"))
    assert condition(resource, "Stalled")["status"] == "True"
    assert condition(resource, "Stalled")["reason"] == "InvalidSpec"
    message = condition(resource, "Ready")["message"]
    assert "spec.customProperties.bad" in message
    assert told in message
    assert counting_registry[1] == []
    space.delete("RegisteredModel", name)
    space.wait_gone("RegisteredModel", name)


@pytest.mark.usefixtures("operator")
def test_a_property_under_the_operators_prefix(
    space: Namespace, counting_registry: tuple[str, list[str]], unique: Unique
) -> None:
    name = unique("model")
    space.apply(manifest("RegisteredModel", name, customProperties={"model-registrar.dev/owner": "me"}))
    resource = space.wait("RegisteredModel", name, has_reason("InvalidSpec"))
    assert "belong to the operator; choose another name" in condition(resource, "Ready")["message"]
    assert counting_registry[1] == []


@pytest.mark.usefixtures("operator")
def test_a_property_of_an_inline_artifact(
    space: Namespace, counting_registry: tuple[str, list[str]], unique: Unique
) -> None:
    name = unique("version")
    artifact = {"name": "weights", "uri": "s3://b/w", "customProperties": {"bad": [1]}}
    reference = {"external": {"id": "1"}}
    space.apply(manifest("ModelVersion", name, registeredModelRef=reference, artifacts=[artifact]))
    resource = space.wait("ModelVersion", name, has_reason("InvalidSpec"))
    assert "spec.artifacts.0.customProperties.bad" in condition(resource, "Ready")["message"]
    assert counting_registry[1] == []


def test_a_refused_spec_that_is_mended_becomes_an_entry(
    own_space: Namespace,
    own_operator: Callable[..., OperatorProcess],
    embedded_registry: Callable[..., Any],
    unique: Unique,
) -> None:
    own_operator(embedded_registry().url, own_space)
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name, customProperties={"bad": [1]}))
    own_space.wait("RegisteredModel", name, has_reason("InvalidSpec"))
    own_space.apply(manifest("RegisteredModel", name, customProperties={"bad": "[1]"}))
    resource = own_space.ready("RegisteredModel", name)
    assert not condition(resource, "Stalled")
    assert [(one["type"], one["reason"]) for one in own_space.events(name)] == [
        ("Warning", "InvalidSpec"),
        ("Normal", "Synced"),
    ]
