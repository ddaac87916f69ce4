"""While the registry is away: one prober, no calls per entry, and only those are told who wait for it."""

import http.client
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from devcluster.embedded_registry import EmbeddedRegistry
from model_registry import ModelRegistryAPIClient
from tests.support.fixtures import Unique
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Namespace, condition, has_reason, manifest


class Front(ThreadingHTTPServer):
    """A proxy before a registry that can say 503 to everything, and counts what is asked meanwhile."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, registry_url: str) -> None:
        self.target = urlsplit(registry_url).netloc
        self.status: int | None = None
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Front

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.status is not None:
            self.server.asked.append(f"{self.command} {self.path}")
            self._answer(self.server.status, b'{"code": "Away", "message": "come back later"}')
            return
        connection = http.client.HTTPConnection(self.server.target, timeout=30)
        connection.request(self.command, self.path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        self._answer(answer.status, answer.read())
        connection.close()

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = _pass_on  # noqa: N815 - the names that http.server looks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def front(embedded_registry: Callable[..., EmbeddedRegistry]) -> Iterator[Front]:
    """A registry that the test can take away."""
    with Front(embedded_registry().url) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "reason"), [(503, "RegistryUnavailable"), (401, "Unauthorized")])
async def test_an_outage_is_one_probers_business(
    own_space: Namespace,
    own_operator: Callable[..., OperatorProcess],
    front: Front,
    unique: Unique,
    status: int,
    reason: str,
) -> None:
    operator = own_operator(front.url, own_space, "--feed-interval=0.5")
    settled = unique("settled")
    own_space.apply(manifest("RegisteredModel", settled))
    before = own_space.ready("RegisteredModel", settled)
    front.status = status
    names = [f"{unique('waiting')}-{number}" for number in range(40)]
    own_space.apply(*(manifest("RegisteredModel", name) for name in names))
    for name in names:
        resource = own_space.wait("RegisteredModel", name, has_reason(reason))
        assert condition(resource, "Reconciling")["status"] == "True"
        assert not condition(resource, "Stalled")
    # At most one call of each of the 16 workers before the breaker opened, however many wait.
    assert len([one for one in front.asked if one.startswith("POST")]) <= 16
    # What is in sync is not told, and neither is what it would not have to do with the registry.
    own_space.patch("RegisteredModel", settled, {"metadata": {"labels": {"a": "b"}}})
    assert own_space.get("RegisteredModel", settled)["status"] == before["status"]
    front.status = None
    for name in names:
        own_space.ready("RegisteredModel", name)
    async with ModelRegistryAPIClient.connect(front.url) as registry:
        assert sorted(one.name for one in await registry.get_registered_models()) == sorted([*names, settled])
    assert own_space.get("RegisteredModel", settled)["status"] == before["status"]
    assert "Traceback" not in operator.log


async def test_a_blip_is_told_to_nobody(
    own_space: Namespace, own_operator: Callable[..., OperatorProcess], front: Front, unique: Unique
) -> None:
    own_operator(front.url, own_space)
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name))
    own_space.ready("RegisteredModel", name)
    front.status = 503
    own_space.apply(manifest("RegisteredModel", name, description="second"))
    while not front.asked:
        pass
    front.status = None
    own_space.ready("RegisteredModel", name)
    assert [one["reason"] for one in own_space.events(name)] == ["Synced"]


async def test_what_is_said_of_one_resource_is_not_told_to_others(
    own_space: Namespace, own_operator: Callable[..., OperatorProcess], front: Front, unique: Unique
) -> None:
    own_operator(front.url, own_space)
    going, waiting = unique("going"), unique("waiting")
    own_space.apply(manifest("RegisteredModel", going))
    own_space.ready("RegisteredModel", going)
    front.status = 503
    # The deletion is the first to meet the outage.
    own_space.delete("RegisteredModel", going)
    resource = own_space.wait("RegisteredModel", going, has_reason("RegistryUnavailable"))
    assert condition(resource, "Ready")["message"].count("The deletion waits") == 1
    own_space.apply(manifest("RegisteredModel", waiting))
    resource = own_space.wait("RegisteredModel", waiting, has_reason("RegistryUnavailable"))
    assert "answered 503" in condition(resource, "Ready")["message"]
    assert "deletion" not in condition(resource, "Ready")["message"]
