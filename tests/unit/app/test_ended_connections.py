"""What still runs when its connection ends writes nothing: it was judged by settings that count no more."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from local_registry.store import Store
from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from registrar.api.conditions import Reason
from registrar.api.meta import FINALIZER
from registrar.app.connection import Process, Served
from registrar.app.connections import Connections
from registrar.cluster.client import ClusterLogin, KubernetesAPI
from registrar.fencing import Leadership, WriteFence
from registrar.planning.problems import Disposition, Problem
from registrar.planning.resolution import Resolution, Unresolved
from registrar.registries.kubeflow.backend import KubeflowBackend
from registrar.registries.registry import Registry
from registrar.settings import Settings
from registrar.telemetry.metrics import Metrics
from tests.env.registry import serve
from tests.support.loopback import Received, Reply, serving
from tests.support.waiting import wait_for
from tests.unit.build import OWNER_ID, body, model_key, stamp

KEY = model_key()
WAITING = Unresolved(Problem(Disposition.WAITING, Reason.WAITING_FOR_REGISTRY, "There is none."), is_let_go=False)


class Site:
    """An API server with one resource, whose connection ends before the first answer, unless it has ended before.

    Attributes:
        resource: the resource as it is now.
        registry: the address of the registry.
        is_replaced: whether another connection follows the first.
    """

    def __init__(self, resource: dict[str, Any], registry: str, *, is_replaced: bool) -> None:
        self.resource = resource
        self.registry = registry
        self.is_replaced = is_replaced
        self.target: Resolution = "a"
        self.has_ended = False
        self.closing: list[ModelRegistryAPIClient] = []
        self._loop = asyncio.get_running_loop()
        self._metrics, self._leadership = Metrics(), Leadership.without_rivals()

    async def run(self) -> None:
        with serving(self._answer) as server:
            login = ClusterLogin(server.url, ssl.create_default_context(), {})
            kube = KubernetesAPI(login, WriteFence(self._leadership, self._metrics.to_kubernetes))
            process = Process(
                Settings(registry_url=self.registry, handover_grace=0), kube, self._leadership, self._metrics.reconciles
            )
            self.connections = Connections(lambda _: self.target, process, self._metrics.queue)
            connection = self.connections.serve(self._served())
            connection.begin.set()
            await connection.context.registry.load()
            self.connections.on_synced()
            self.connections.on_change(self.resource)
            self.connections.queue.start()

            async def is_over() -> bool:
                return self.has_ended and not list(self.connections.endings)

            try:
                await wait_for(is_over, bool)
            finally:
                await self.connections.queue.drain(10)
                await kube.aclose()
                for client in self.closing:
                    await client.aclose()

    def _served(self) -> Served:
        monitor = self._metrics.of_registry("a")
        fence = WriteFence(self._leadership, monitor.requests)
        client = ModelRegistryAPIClient.connect(self.registry, monitor=fence)
        self.closing.append(client)
        return Served(Registry(KubeflowBackend(client), self.registry, OWNER_ID, "a"), monitor, fence)

    def _answer(self, received: Received) -> Reply:
        asyncio.run_coroutine_threadsafe(self.end(), self._loop).result()
        if received.method == "PATCH":
            patch, metadata = received.json, self.resource["metadata"]
            metadata = {**metadata, **patch.get("metadata", {}), "resourceVersion": "2"}
            status = {**self.resource["status"], **patch.get("status", {})}
            self.resource = {**self.resource, "metadata": metadata, "status": status}
            return Reply(body=self.resource, headers={"Content-Type": "application/json"})
        return Reply(404, {"reason": "NotFound", "message": "not found"})

    async def end(self) -> None:
        if self.has_ended:
            return
        self.has_ended = True

        async def close() -> None:
            pass

        if self.is_replaced:
            self.connections.replace(self._served(), close)
        else:
            self.target = WAITING
            self.connections.retire("a", close)


@pytest.fixture
async def registry(tmp_path: Path) -> AsyncIterator[str]:
    with serve(Store(str(tmp_path / "registry.db"))) as url:
        yield url


@pytest.mark.parametrize("is_replaced", [True, False], ids=["replaced", "retired"])
async def test_nothing_is_created_through_a_connection_that_ends(
    is_replaced: bool,  # noqa: FBT001 - a parameter of the test
    registry: str,
) -> None:
    """The finalizer's answer comes late, and the registry's tenants may have lost the namespace meanwhile."""
    site = Site(body(), registry, is_replaced=is_replaced)
    await site.run()
    assert site.resource["metadata"]["finalizers"] == [FINALIZER]
    async with ModelRegistryAPIClient.connect(registry) as client:
        assert await client.get_registered_model_by_params(name=KEY.name) is None


@pytest.mark.parametrize("is_replaced", [True, False], ids=["replaced", "retired"])
async def test_a_deletion_that_meets_the_end_waits_for_what_comes_after_it(
    is_replaced: bool,  # noqa: FBT001 - a parameter of the test
    registry: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It neither writes nor lets go of the entry, which would stay LIVE for good."""
    async with ModelRegistryAPIClient.connect(registry) as client:
        entry = await client.upsert_registered_model(RegisteredModel(KEY.name, custom_properties=stamp()))
        status = {
            "observedGeneration": 1,
            "id": entry.id,
            "createTimeSinceEpoch": entry.create_time_since_epoch,
            "registryUrl": registry,
        }
        found = body(status=status, uid="gone", deletionPolicy="Archive")
        found["metadata"] |= {"deletionTimestamp": "2026-11-23T12:00:00Z", "finalizers": [FINALIZER]}
        site, get = Site(found, registry, is_replaced=is_replaced), Registry.get

        async def ending(read: Registry, kind: Any, entry_id: str) -> Any:
            await site.end()
            return await get(read, kind, entry_id)

        monkeypatch.setattr(Registry, "get", ending)
        await site.run()
        after = await client.get_registered_model_by_id(str(entry.id))
        assert after == entry
    assert site.resource["metadata"]["finalizers"] == [FINALIZER]
