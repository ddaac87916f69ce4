"""A list of the operator's own finds what the watch has missed: deletions, new resources and changes."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from registrar.api.bodies import Body, ResourceKey
from registrar.cluster import client
from registrar.cluster.api import KubernetesError
from registrar.cluster.cache import ResourceCache
from registrar.cluster.client import KubernetesAPI, list_path
from registrar.cluster.liveness import WatchLiveness
from registrar.cluster.login import log_in
from registrar.cluster.relist import relist
from registrar.fencing import Leadership, WriteFence
from registrar.reconcile.intake import Intake
from registrar.reconcile.memory import Memory
from registrar.reconcile.sync_gate import SyncGate
from registrar.telemetry.metrics import Metrics
from registrar.workqueue.queue import DONE, Result, WorkQueue
from tests.support.api_server_proxy import is_watch, proxy_to_api_server
from tests.support.fault_proxy import Fault, Treatment, on_matching
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Received, Reply
from tests.support.resources import Namespace, manifest


@dataclass(frozen=True)
class Operator:
    """The parts of an operator that know the cluster, without a watch and without workers."""

    namespace: str
    kube: KubernetesAPI
    memory: Memory
    intake: Intake
    queue: WorkQueue[ResourceKey]
    gets: list[str]

    async def see(self, key: ResourceKey) -> None:
        """Have the watch show a resource."""
        body = await self.kube.get(key)
        assert body is not None
        self.intake.on_change(body)

    async def relist(self) -> None:
        """List all resources, as each resync does."""
        await relist(self.memory.cache, self.intake, self.kube, (self.namespace,))


@pytest.fixture
async def idle(own_space: Namespace, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Operator]:
    """An operator of one namespace that knows only what the test shows it."""
    monkeypatch.setenv("KUBECONFIG", str(own_space.cluster.kubeconfig))
    leadership, metrics, gets = Leadership(), Metrics(), list[str]()
    kube = KubernetesAPI(log_in(), WriteFence(leadership, metrics.to_kubernetes))
    get = kube.get

    async def noted(key: ResourceKey) -> Body | None:
        gets.append(key.name)
        return await get(key)

    monkeypatch.setattr(kube, "get", noted)

    async def process(_: ResourceKey) -> Result:
        return DONE

    queue = WorkQueue(process, workers=1)
    gate = SyncGate(queue)
    gate.open()
    memory = Memory(ResourceCache(), gate, lambda _: None)
    intake = Intake(memory, gate, leadership, metrics.reconciles)
    yield Operator(own_space.name, kube, memory, intake, queue, gets)
    await kube.aclose()


@pytest.mark.parametrize("page_size", [2, 500])
async def test_a_relist_finds_deleted_new_and_changed_resources(
    own_space: Namespace, idle: Operator, unique: Unique, monkeypatch: pytest.MonkeyPatch, page_size: int
) -> None:
    monkeypatch.setattr(client, "PAGE_SIZE", page_size)
    keys = {name: ResourceKey("RegisteredModel", own_space.name, unique(name)) for name in "abcdefg"}
    own_space.apply(*(manifest("RegisteredModel", keys[name].name) for name in "abcdef"))
    for name in "abcdef":
        await idle.see(keys[name])
    idle.gets.clear()
    known = idle.memory.cache
    await idle.relist()
    assert set(known) == {keys[name] for name in "abcdef"}
    assert idle.gets == [], "in steady state a relist costs its pages only"
    waiting = len(idle.queue)

    own_space.delete("RegisteredModel", keys["b"].name)
    own_space.wait_gone("RegisteredModel", keys["b"].name)
    own_space.patch("RegisteredModel", keys["d"].name, {"spec": {"description": "edited"}})
    own_space.apply(manifest("RegisteredModel", keys["g"].name))
    await idle.relist()
    assert set(known) == {keys[name] for name in "acdefg"}
    edited = known.get(keys["d"])
    assert edited is not None
    assert edited["spec"]["description"] == "edited"
    assert sorted(idle.gets) == sorted([keys["d"].name, keys["g"].name])
    assert len(idle.queue) == waiting + 1, "the new resource waits for a worker"


async def test_a_resource_created_after_the_list_is_kept(
    own_space: Namespace, idle: Operator, unique: Unique, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ResourceKey("RegisteredModel", own_space.name, unique("late"))
    list_page = idle.kube.list_page

    async def slow(path: str, limit: int, token: str = "") -> object:
        page = await list_page(path, limit, token)
        if path == list_path("registeredmodels", own_space.name):
            own_space.apply(manifest("RegisteredModel", key.name))
            await idle.see(key)
        return page

    monkeypatch.setattr(idle.kube, "list_page", slow)
    await idle.relist()
    assert key in idle.memory.cache


async def test_a_resource_deleted_after_the_list_is_not_added(
    own_space: Namespace, idle: Operator, unique: Unique, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ResourceKey("RegisteredModel", own_space.name, unique("short-lived"))
    own_space.apply(manifest("RegisteredModel", key.name))
    list_page = idle.kube.list_page

    async def slow(path: str, limit: int, token: str = "") -> object:
        page = await list_page(path, limit, token)
        if page["items"]:
            own_space.delete("RegisteredModel", key.name)
            own_space.wait_gone("RegisteredModel", key.name)
        return page

    monkeypatch.setattr(idle.kube, "list_page", slow)
    await idle.relist()
    assert key not in idle.memory.cache
    assert idle.gets == [key.name]


async def test_a_resource_deleted_while_it_is_read_is_not_added(
    own_space: Namespace, idle: Operator, unique: Unique, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watch reports the deletion before the answer of the relist's own read arrives."""
    key = ResourceKey("RegisteredModel", own_space.name, unique("short-lived"))
    own_space.apply(manifest("RegisteredModel", key.name))
    get = idle.kube.get

    async def slow(asked: ResourceKey) -> Body | None:
        body = await get(asked)
        if body is not None:
            own_space.delete("RegisteredModel", key.name)
            own_space.wait_gone("RegisteredModel", key.name)
            idle.intake.on_delete(body)
        return body

    monkeypatch.setattr(idle.kube, "get", slow)
    await idle.relist()
    assert key not in idle.memory.cache
    assert idle.memory.unclaimed() == []
    assert idle.gets == [key.name, key.name]


async def test_a_failed_list_forgets_nothing(
    own_space: Namespace, idle: Operator, unique: Unique, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PAGE_SIZE", 1)
    keys = [ResourceKey("RegisteredModel", own_space.name, unique(name)) for name in "abc"]
    own_space.apply(*(manifest("RegisteredModel", key.name) for key in keys))
    for key in keys:
        await idle.see(key)
    list_page = idle.kube.list_page

    async def broken(path: str, limit: int, token: str = "") -> object:
        if token:
            raise KubernetesError(410, "Expired", "The provided continue parameter is too old")
        return await list_page(path, limit, token)

    monkeypatch.setattr(idle.kube, "list_page", broken)
    with pytest.raises(KubernetesError, match="too old"):
        await idle.relist()
    assert set(idle.memory.cache) == set(keys)


async def test_each_list_and_watch_by_kopf_is_noted(own_space: Namespace, idle: Operator) -> None:
    now = 0.0
    path = list_path("modelversions", own_space.name)
    liveness = WatchLiveness(lambda: now)
    liveness.expect([path])
    now = 100.0
    session = idle.kube.open_watch_session(liveness.requested, idle.intake.on_change)
    assert liveness.longest_silence() == (path, 100)
    url = f"{idle.kube.server}{path}?watch=true&timeoutSeconds=1"
    async with session, session.get(url) as answer:
        assert answer.status == 200
    assert liveness.longest_silence() == (path, 0)


GONE = Reply(200, {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}})


def test_the_next_resync_notices_a_deletion_that_the_watch_missed(
    own_space: Namespace, start_operator: StartOperator, registry_url: str, unique: Unique, tmp_path: Path
) -> None:
    with proxy_to_api_server(own_space.cluster, tmp_path) as api_server_proxy:
        flags = ("--resync-interval=1", "--probe-port=0", api_server_proxy.kubeconfig_flag)
        operator = start_operator(registry_url, own_space, *flags)
        gone, stays = unique("gone"), unique("stays")
        own_space.apply(*(manifest("RegisteredModel", name, deletionPolicy="Orphan") for name in (gone, stays)))
        for name in (gone, stays):
            own_space.ready("RegisteredModel", name)
        # The watches break and a resource is deleted. Then the API server no longer has the events in between.
        api_server_proxy.script = on_matching(Fault.STALL_BEFORE, is_watch)
        api_server_proxy.close_connections()
        api_server_proxy.wait_for_stalled(3)
        own_space.delete("RegisteredModel", gone)
        own_space.wait_gone("RegisteredModel", gone)
        refused: set[str] = set()

        def expire(received: Received) -> Treatment:
            route = received.route
            if not is_watch(received) or route in refused:
                return None
            refused.add(route)
            return GONE

        api_server_proxy.heal()
        api_server_proxy.script = expire
        operator.wait_for_log("missed 1 deletions")
        assert f"RegisteredModel {own_space.name}/{gone}" in operator.log
        assert stays not in re.findall(r"missed 1 del.*", operator.log)[0]
        name = unique("later")
        own_space.apply(manifest("RegisteredModel", name))
        own_space.ready("RegisteredModel", name)
        assert "Traceback" not in operator.log
