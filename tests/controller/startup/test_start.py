"""The start: which sentence ends an operator that cannot start, and what it does without the registry."""

import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from devcluster import controlplane
from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from tests.env.registry import EmbeddedServers
from tests.support.entries import model_named
from tests.support.fixtures import StartOperator, Unique
from tests.support.probes import probes_of
from tests.support.resources import Manifest, Namespace, condition, has_reason, manifest
from tests.support.waiting import wait_until


class _Website(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(404)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<h1>Not here</h1>")

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def website() -> Iterator[str]:
    """A server that answers, but not as a registry."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Website) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_wrong_registry_address_ends_the_operator_with_a_sentence(
    own_space: Namespace, start_operator: StartOperator, website: str
) -> None:
    operator = start_operator(website, own_space)
    assert operator.wait() == 1
    assert f"No model registry answers at {website}" in operator.log
    assert "Check --registry-url" in operator.log
    assert "Traceback" not in operator.log


def test_an_unusable_proxy_ends_the_operator_with_a_sentence(
    own_space: Namespace, start_operator: StartOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    operator = start_operator("http://registry.example:8080", own_space)
    assert operator.wait() == 1
    assert "The registry http://registry.example:8080 cannot be reached as it is configured: The proxy" in operator.log
    assert "run `pip install socksio`; or add registry.example to NO_PROXY" in operator.log
    assert "Traceback" not in operator.log


def test_missing_crds_end_the_operator_with_a_sentence(
    own_space: Namespace, start_operator: StartOperator, registry_url: str
) -> None:
    with controlplane.start() as bare:
        operator = start_operator(registry_url, Namespace(bare, "default", own_space.api))
        assert operator.wait() == 1
    assert "does not serve registeredmodels, modelversions, modelartifacts" in operator.log
    assert "kubectl apply --server-side -f crds/" in operator.log
    assert "Traceback" not in operator.log


def test_an_api_server_that_does_not_answer_ends_the_operator_with_a_sentence(
    start_operator: StartOperator, own_space: Namespace, registry_url: str, tmp_path: Path
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"https://127.0.0.1:{unused.getsockname()[1]}"
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(own_space.cluster.kubeconfig.read_text().replace(own_space.cluster.url, nobody))
        operator = start_operator(registry_url, own_space, f"--kubeconfig={kubeconfig}")
        assert operator.wait() == 1
    assert f"{nobody} did not answer" in operator.log
    assert "Traceback" not in operator.log


def test_settings_are_logged_without_secrets(
    own_space: Namespace, start_operator: StartOperator, registry_url: str
) -> None:
    operator = start_operator(registry_url, own_space, "--registry-token=sesame-open")
    operator.wait_for_log("entries of this installation")
    assert f"registry_url={registry_url}" in operator.log
    assert "registry_token=**********" in operator.log
    assert operator.stop() == 0
    assert "sesame-open" not in operator.log


async def test_a_registry_that_is_not_up_yet_is_awaited(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers, unique: Unique
) -> None:
    server = embedded_registry()
    server.stop()
    operator = start_operator(server.url, own_space)
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name))
    resource = own_space.wait("RegisteredModel", name, has_reason("RegistryUnavailable"))
    assert condition(resource, "Reconciling")["status"] == "True"
    assert not condition(resource, "Stalled")
    server.start()
    entry_id = own_space.ready("RegisteredModel", name)["status"]["id"]
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        assert await registry.get_registered_model_by_id(entry_id) is not None
    assert "Traceback" not in operator.log


async def test_orphan_ends_a_deletion_that_waits_for_the_registry(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers, unique: Unique
) -> None:
    server = embedded_registry()
    start_operator(server.url, own_space)
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name))
    own_space.ready("RegisteredModel", name)
    server.stop()
    own_space.delete("RegisteredModel", name)
    resource = own_space.wait("RegisteredModel", name, has_reason("RegistryUnavailable"))
    assert "set spec.deletionPolicy to Orphan" in condition(resource, "Ready")["message"]
    own_space.patch("RegisteredModel", name, {"spec": {"deletionPolicy": "Orphan"}})
    own_space.wait_gone("RegisteredModel", name)
    server.start()
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        entry = await model_named(registry, name)
    assert entry.state == "LIVE"


async def test_a_restart_writes_nothing(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers, unique: Unique
) -> None:
    server = embedded_registry()
    operator = start_operator(server.url, own_space)
    names = [f"{unique('model')}-{number}" for number in range(5)]
    own_space.apply(*(manifest("RegisteredModel", name, description="d") for name in names))
    before = [own_space.ready("RegisteredModel", name) for name in names]
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        entries = await registry.get_registered_models()
        operator.stop()
        operator.start()
        marker = unique("marker")
        own_space.apply(manifest("RegisteredModel", marker))
        own_space.ready("RegisteredModel", marker)
        after = [model for model in await registry.get_registered_models() if model.name != marker]
    assert after == entries
    assert [own_space.get("RegisteredModel", name) for name in names] == before


def test_a_restart_compares_each_resource_once(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers, unique: Unique
) -> None:
    server = embedded_registry()
    operator = start_operator(server.url, own_space)
    names = [unique(f"chain-{number}") for number in range(10)]
    own_space.apply(
        *(manifest("ModelArtifact", name, uri="s3://b/1", modelVersionRef={"name": name}) for name in names),
        *(manifest("ModelVersion", name, registeredModelRef={"name": name}) for name in names),
        *(manifest("RegisteredModel", name) for name in names),
    )
    for name in names:
        own_space.wait("ModelVersion", name, lambda version: "uri" in version.get("status", {}))
    operator.stop()
    seen = probes_of(start_operator(server.url, own_space, "--probe-port=0"))

    def reconciles() -> float:
        metrics = seen.metrics()
        is_idle = metrics["registrar_workqueue_depth{registry=flags}"] == metrics["registrar_active_workers"] == 0
        ended = (value for name, value in metrics.items() if name.startswith("registrar_reconcile_total"))
        return sum(ended) if is_idle else 0

    wait_until(lambda: reconciles() >= 3 * len(names), "not every resource is compared")
    assert reconciles() == 3 * len(names)


def _was_assigned_by(registry_url: str) -> Callable[[Manifest], bool]:
    return lambda resource: bool(resource["status"].get("registryUrl") == registry_url)


async def test_ids_of_another_registry_are_void(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers, unique: Unique
) -> None:
    first, second = embedded_registry(), embedded_registry()
    name = unique("model")
    async with ModelRegistryAPIClient.connect(second.url) as registry:
        # So that the ID belongs to another entry in the second registry.
        other = await registry.upsert_registered_model(RegisteredModel(unique("other"), description="by hand"))
    operator = start_operator(first.url, own_space)
    own_space.apply(manifest("RegisteredModel", name, owner="o"))
    assert own_space.ready("RegisteredModel", name)["status"]["id"] == other.id
    operator.stop()
    start_operator(second.url, own_space)
    resource = own_space.wait("RegisteredModel", name, _was_assigned_by(second.url))
    async with ModelRegistryAPIClient.connect(second.url) as registry:
        entry = await registry.get_registered_model_by_params(name=name)
        assert await registry.get_registered_model_by_params(name=unique("other")) == other
    assert entry is not None
    assert (resource["status"]["id"], entry.owner) == (entry.id, "o")
    messages = [
        event["message"]
        for event in own_space.events_until(name, "IdentityChanged")
        if event["reason"] == "IdentityChanged"
    ]
    assert messages == [f"ID {other.id} (of {first.url}) is no longer valid; the entry's ID is now {entry.id}."]
