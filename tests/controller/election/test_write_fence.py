"""The fence that every write passes, on real servers: without the lease no call writes anything."""

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
from registrar.cluster.api import KubernetesError
from registrar.cluster.client import ClusterLogin, KubernetesAPI
from registrar.cluster.login import log_in
from registrar.fencing import Leadership, NotLeadingError, WriteFence
from registrar.settings import FROM_FLAGS
from registrar.telemetry.metrics import Metrics
from tests.support.api_server_proxy import proxy_to_api_server
from tests.support.fixtures import Unique
from tests.support.loopback import Received
from tests.support.resources import Namespace, manifest


@pytest.fixture
def leadership() -> Leadership:
    return Leadership()


@pytest.fixture
def fence(leadership: Leadership) -> WriteFence:
    return WriteFence(leadership, Metrics().of_registry(FROM_FLAGS).requests)


@pytest.fixture
async def fenced_registry(registry_url: str, fence: WriteFence) -> AsyncIterator[ModelRegistryAPIClient]:
    async with ModelRegistryAPIClient.connect(registry_url, monitor=fence) as client:
        yield client


@pytest.fixture
async def kube(space: Namespace, fence: WriteFence, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[KubernetesAPI]:
    monkeypatch.setenv("KUBECONFIG", str(space.cluster.kubeconfig))
    api = KubernetesAPI(log_in(), fence)
    yield api
    await api.aclose()


async def test_the_registry_is_written_only_while_leading(
    fenced_registry: ModelRegistryAPIClient, leadership: Leadership, unique: Unique
) -> None:
    model = RegisteredModel(unique("model"))
    with pytest.raises(NotLeadingError):
        await fenced_registry.upsert_registered_model(model)
    assert await fenced_registry.get_registered_model_by_params(name=model.name) is None
    leadership.extend(math.inf)
    created = await fenced_registry.upsert_registered_model(model)
    leadership.end()
    with pytest.raises(NotLeadingError):
        await fenced_registry.upsert_registered_model(RegisteredModel(created.name, id=created.id, description="late"))
    assert await fenced_registry.get_registered_model_by_params(name=model.name) == created


async def test_the_api_server_is_written_only_while_leading_except_for_the_lease(
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
        kube.write_event("name", {"metadata": {"namespace": space.name}}, None),
    ):
        with pytest.raises(NotLeadingError):
            await write
    assert await kube.get(key) == body
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name}}
    created = await kube.request_lease("POST", space.name, json=lease)
    assert await kube.request_lease("GET", space.name, name) == created
    leadership.extend(math.inf)
    assert (await kube.patch_finalizers(key, metadata, [FINALIZER]))["metadata"]["finalizers"] == [FINALIZER]


async def test_a_write_to_the_api_server_has_a_time_limit(
    space: Namespace, fence: WriteFence, leadership: Leadership, unique: Unique, tmp_path: Path
) -> None:
    def slow(_: Received) -> None:
        time.sleep(0.6)

    name = unique("model")
    space.apply(manifest("RegisteredModel", name, deletionPolicy="Orphan"))
    leadership.extend(math.inf)
    with proxy_to_api_server(space.cluster, tmp_path) as api_server_proxy:
        login = ClusterLogin(api_server_proxy.url, ssl.create_default_context(), {})
        api = KubernetesAPI(login, fence, write_timeout=0.3)
        api_server_proxy.script = slow
        key = ResourceKey("RegisteredModel", space.name, name)
        body = await api.get(key)
        assert body is not None, "reads may take longer"
        with pytest.raises(KubernetesError, match="did not answer"):
            await api.patch_status(key, ObjectMeta.model_validate(body["metadata"]), {"id": "1"})
        await api.aclose()
