"""A resource that is deleted while it is reconciled: answers that come after the deletion bring nothing of it back."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from local_registry.store import Store
from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from registrar.api.bodies import ResourceKey
from registrar.app.connection import Process, Served
from registrar.app.connections import Connections
from registrar.cluster.client import ClusterLogin, KubernetesAPI
from registrar.fencing import Leadership, WriteFence
from registrar.registries.kubeflow.backend import KubeflowBackend
from registrar.registries.registry import Registry
from registrar.settings import FROM_FLAGS, Settings
from registrar.telemetry.metrics import Metrics
from tests.env.registry import serve
from tests.support.loopback import Received, Reply, serving
from tests.support.waiting import wait_for
from tests.unit.build import body, model_key

KEY = model_key()


class Cluster:
    """An API server with one resource, whose watch shows the deletion before a patch of it is answered.

    Attributes:
        resource: the resource as it is now.
        deletes_at: which patch the deletion overtakes: one whose path ends so.
    """

    def __init__(self, resource: dict[str, Any], deletes_at: str) -> None:
        self.resource = resource
        self.deletes_at = deletes_at
        self.loop = asyncio.get_running_loop()
        self.operator: Any = None

    def answer(self, received: Received) -> Reply:
        if received.method != "PATCH":
            return Reply(404, {"reason": "NotFound", "message": "not found"})
        patch, metadata = received.json, self.resource["metadata"]
        metadata = {**metadata, **patch["metadata"], "resourceVersion": str(int(metadata["resourceVersion"]) + 1)}
        status = {**self.resource["status"], **patch.get("status", {})}
        self.resource = {**self.resource, "metadata": metadata, "status": status}
        if received.route.endswith(self.deletes_at):
            asyncio.run_coroutine_threadsafe(self._delete(), self.loop).result()
        return Reply(body=self.resource, headers={"Content-Type": "application/json"})

    async def _delete(self) -> None:
        # Others removed the finalizer before.
        metadata = {**self.resource["metadata"], "finalizers": []}
        self.operator.on_delete({**self.resource, "metadata": metadata})
        assert self.operator.get(KEY) is None


@pytest.fixture
async def registry(tmp_path: Path) -> AsyncIterator[ModelRegistryAPIClient]:
    """An embedded registry that has the entry already, so that it is adopted."""
    with serve(Store(str(tmp_path / "registry.db"))) as url:
        async with ModelRegistryAPIClient.connect(url) as client:
            await client.upsert_registered_model(RegisteredModel(KEY.name, owner="theirs"))
            yield client


async def _reconcile(resource: dict[str, Any], deletes_at: str, client: ModelRegistryAPIClient) -> Any:
    """Return the operator's parts after it has reconciled a resource that is deleted meanwhile."""
    metrics, leadership, cluster = Metrics(), Leadership.without_rivals(), Cluster(resource, deletes_at)
    with serving(cluster.answer) as server:
        login = ClusterLogin(server.url, ssl.create_default_context(), {})
        kube = KubernetesAPI(login, WriteFence(leadership, metrics.to_kubernetes))
        process = Process(Settings(registry_url="http://registry"), kube, leadership, metrics.reconciles)
        operator = cluster.operator = Connections(lambda _: FROM_FLAGS, process, metrics.queue)
        registry = Registry(KubeflowBackend(client), "http://registry", process.settings.owner_id)
        monitor = metrics.of_registry(FROM_FLAGS)
        operator.serve(Served(registry, monitor, WriteFence(leadership, monitor.requests))).begin.set()
        await registry.load()
        operator.on_change(resource)
        operator.queue.start()

        async def is_idle() -> bool:
            return len(operator.queue) == 0 and operator.queue.active == 0

        await wait_for(is_idle, bool)
        await operator.queue.drain(10)
        await kube.aclose()
    return operator


@pytest.mark.parametrize("policy", ["Archive", "Orphan"], ids=["finalizer", "status"])
async def test_a_deleted_resource_stays_forgotten(registry: ModelRegistryAPIClient, policy: str) -> None:
    resource = body(owner="ours", deletionPolicy=policy)
    operator = await _reconcile(resource, KEY.name if policy == "Archive" else "/status", registry)
    (connection,) = operator.all()
    memory = connection.context.memory
    assert list(operator) == list[ResourceKey]()
    for index in (
        memory.claims,
        memory.dependencies,
        memory.unreported,
        memory.readiness,
        connection.context.registry.view,
    ):
        assert KEY not in index
    assert memory.unclaimed() == []
    assert not any(operator.places.count_ready().values())
