"""The gate that every write passes, on real servers: nothing is written without the lease, however it is tried."""

import math
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from registrar.api.bodies import ResourceKey
from registrar.api.meta import FINALIZER, ObjectMeta
from registrar.cluster.client import ClusterLogin, KubernetesAPI, KubernetesError
from registrar.cluster.login import log_in
from registrar.fencing import Leadership, NotLeadingError, WriteFence
from registrar.telemetry.metrics import Metrics
from tests.support.fixtures import Unique
from tests.support.front import before_apiserver
from tests.support.loopback import Received
from tests.support.resources import Namespace, manifest


@pytest.fixture
def leadership() -> Leadership:
    return Leadership()


@pytest.fixture
def gate(leadership: Leadership) -> WriteFence:
    return WriteFence(leadership, Metrics().to_registry)


@pytest.fixture
async def gated_registry(registry_url: str, gate: WriteFence) -> AsyncIterator[ModelRegistryAPIClient]:
    async with ModelRegistryAPIClient.connect(registry_url, monitor=gate) as client:
        yield client


@pytest.fixture
async def kube(space: Namespace, gate: WriteFence, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[KubernetesAPI]:
    monkeypatch.setenv("KUBECONFIG", str(space.cluster.kubeconfig))
    api = KubernetesAPI(log_in(), gate)
    yield api
    await api.aclose()


async def test_the_registry_is_written_only_while_leading(
    gated_registry: ModelRegistryAPIClient, leadership: Leadership, unique: Unique
) -> None:
    model = RegisteredModel(unique("model"))
    with pytest.raises(NotLeadingError):
        await gated_registry.upsert_registered_model(model)
    assert await gated_registry.get_registered_model_by_params(name=model.name) is None
    leadership.extend(math.inf)
    made = await gated_registry.upsert_registered_model(model)
    leadership.end()
    with pytest.raises(NotLeadingError):
        await gated_registry.upsert_registered_model(RegisteredModel(made.name, id=made.id, description="late"))
    assert await gated_registry.get_registered_model_by_params(name=model.name) == made


async def test_the_api_server_is_written_only_while_leading_but_for_the_lease(
    kube: KubernetesAPI, leadership: Leadership, space: Namespace, unique: Unique
) -> None:
    name = unique("model")
    space.apply(manifest("RegisteredModel", name))
    key = ResourceKey("RegisteredModel", space.name, name)
    body = await kube.get(key)
    assert body is not None
    metadata = ObjectMeta.model_validate(body["metadata"])
    for write in (
        kube.patch_finalizers(key, metadata, [FINALIZER]),
        kube.patch_status(key, metadata, {"id": "1"}),
        kube.create_event({}, space.name),
    ):
        with pytest.raises(NotLeadingError):
            await write
    assert await kube.get(key) == body
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name}}
    made = await kube.request_lease("POST", space.name, json=lease)
    assert await kube.request_lease("GET", space.name, name) == made
    leadership.extend(math.inf)
    assert (await kube.patch_finalizers(key, metadata, [FINALIZER]))["metadata"]["finalizers"] == [FINALIZER]


async def test_a_write_to_the_api_server_may_take_only_so_long(
    space: Namespace, gate: WriteFence, leadership: Leadership, unique: Unique, tmp_path: Path
) -> None:
    def slow(_: Received) -> None:
        time.sleep(0.6)

    name = unique("model")
    space.apply(manifest("RegisteredModel", name, deletionPolicy="Orphan"))
    leadership.extend(math.inf)
    with before_apiserver(space.cluster, tmp_path) as front:
        login = ClusterLogin(front.proxy.url, ssl.create_default_context(), {})
        api = KubernetesAPI(login, gate, write_timeout=0.3)
        front.proxy.script = slow
        key = ResourceKey("RegisteredModel", space.name, name)
        body = await api.get(key)
        assert body is not None, "reads may take longer"
        with pytest.raises(KubernetesError, match="did not answer"):
            await api.patch_status(key, ObjectMeta.model_validate(body["metadata"]), {"id": "1"})
        await api.aclose()
