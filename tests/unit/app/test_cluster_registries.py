"""What follows the ClusterRegistries: one that causes trouble delays no other one."""

import asyncio
import contextlib
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import ConnectionFailed
from registrar.api.bodies import ResourceKey, key_of
from registrar.api.meta import FINALIZER
from registrar.api.tenants import tenant_of
from registrar.api.v1alpha1.cluster_registry import ClusterRegistrySpec, RegistryReason
from registrar.api.v1alpha1.registry_marks import IN_USE_FINALIZER
from registrar.app import cluster_registries, registry_reports
from registrar.app.cluster_registries import ClusterRegistries
from registrar.app.connection import Process, Served
from registrar.app.connections import Connections
from registrar.app.registry_reports import RegistryReports
from registrar.app.resolver import RegistryResolver
from registrar.app.unserved import NO_REGISTRY
from registrar.cluster.api import KubernetesError, StaleResourceError
from registrar.cluster.client import ClusterLogin, KubernetesAPI
from registrar.cluster.cluster_registries import Declared
from registrar.cluster.namespaces import PATH as NAMESPACES
from registrar.cluster.namespaces import Namespaces
from registrar.fencing import Leadership, WriteFence
from registrar.planning.resolution import name_of
from registrar.registries.credentials import Credentials
from registrar.registries.kubeflow.backend import KubeflowBackend
from registrar.registries.registry import Registry
from registrar.reporting.advice import RETRIES
from registrar.reporting.registry_status import ADVICE
from registrar.settings import Settings
from registrar.telemetry.metrics import Metrics
from registrar.workqueue.queue import WorkQueue
from tests.support.waiting import wait_for
from tests.unit.build import NOBODY, OWNER_ID, body, model_key


class FakeCluster(KubernetesAPI):
    """An API server with ClusterRegistries, which counts what it is asked."""

    def __init__(self, leadership: Leadership, metrics: Metrics) -> None:
        login = ClusterLogin(NOBODY, ssl.create_default_context(), {})
        super().__init__(login, WriteFence(leadership, metrics.to_kubernetes))
        self.items: dict[str, dict[str, Any]] = {}
        self.namespaces: dict[str, dict[str, Any]] = {}
        self.failures: dict[str, KubernetesError] = {}
        self.asked: Counter[str] = Counter()
        self.events: list[tuple[dict[str, Any], bool]] = []

    def declare(self, name: str, url: str | None = None, **more: Any) -> None:
        spec: dict[str, Any] = {"url": url or f"http://{name}.example", "tenants": [], **more}
        metadata = {"name": name, "uid": name, "generation": 1, "resourceVersion": "1"}
        self.items[name] = {"metadata": metadata, "spec": spec}

    async def list_page(self, path: str, *_: Any) -> dict[str, Any]:
        what = "namespaces" if path == NAMESPACES else "list"
        self._ask(what)
        items = self.items if what == "list" else self.namespaces
        return {"items": list(items.values()), "metadata": {"resourceVersion": "9"}}

    def namespace(self, name: str, version: int, **labels: str) -> dict[str, Any]:
        self.namespaces[name] = {"metadata": {"name": name, "resourceVersion": str(version), "labels": labels}}
        return self.namespaces[name]

    async def patch_unwatched(self, path: str, patch: Mapping[str, Any]) -> dict[str, Any]:
        name = path.removesuffix("/status").rpartition("/")[2]
        self._ask(name)
        found = self.items[name]
        found["status"] = {**found.get("status", {}), **patch.get("status", {})}
        found["metadata"] = {**found["metadata"], **patch.get("metadata", {})}
        return found

    async def write_event(self, name: str, event: Mapping[str, Any], patch: Mapping[str, Any] | None) -> None:
        self._ask("events")
        self.events.append(({"name": name, **event}, patch is None))

    def _ask(self, what: str) -> None:
        self.asked[what] += 1
        if what in self.failures:
            raise self.failures[what]


@dataclass
class World:
    """What follows ClusterRegistries, in a cluster that fails as it is said to."""

    kube: FakeCluster
    followed: ClusterRegistries

    @property
    def namespaces(self) -> Namespaces:
        assert self.followed.namespaces is not None
        return self.followed.namespaces

    @property
    def names(self) -> set[str]:
        return {connection.name for connection in self.followed.connections.all()}

    async def asked(self) -> Counter[str]:
        return self.kube.asked

    async def share(self) -> str:
        """The registry of the one resource that tests use."""
        return self.followed.connections.share_of(model_key())

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["asyncio.Task[None]"]:
        task = asyncio.create_task(self.followed.run())
        labels = asyncio.create_task(self.followed.follow_labels(self.namespaces))
        yield task
        task.cancel()
        labels.cancel()
        await asyncio.gather(task, labels, return_exceptions=True)


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(cluster_registries, "TICK_SECONDS", 0.001)
    metrics, leadership = Metrics(), Leadership.without_rivals()
    kube = FakeCluster(leadership, metrics)
    resolver = RegistryResolver()
    process = Process(Settings(registry_url=NOBODY), kube, leadership, metrics.reconciles)
    connections = Connections(resolver, process, metrics.queue)
    resolver.get, resolver.served_in = connections.get, connections.places.served_in

    def opened(name: str, spec: ClusterRegistrySpec, _: contextlib.AsyncExitStack) -> tuple[Served, Credentials]:
        registry = Registry(KubeflowBackend(client), spec.root_url, OWNER_ID, name_of(name), spec.tenants)
        monitor = metrics.of_registry(name_of(name))
        return Served(registry, monitor, WriteFence(leadership, monitor.requests)), Credentials((), lambda: False)

    async with ModelRegistryAPIClient.connect(NOBODY) as client:
        followed = ClusterRegistries(kube, leadership, connections, resolver, opened, None, selects_namespaces=True)
        yield World(kube, followed)
        await connections.endings.finish(5)
    await kube.aclose()


async def test_a_status_that_the_api_server_refuses_delays_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("bad", "good"):
        world.kube.declare(name)
    world.kube.failures["bad"] = KubernetesError(422, "Invalid", "no")
    await world.followed.load()
    async with world.running():
        await wait_for(world.asked, lambda asked: asked["good"] > 0)
        before = world.kube.asked["bad"], world.kube.asked["list"]
        # Other ClusterRegistries come meanwhile, and each gets its status.
        for number in range(20):
            world.kube.declare(f"late-{number}")
            world.followed.note_change()
            await _reported(world, f"late-{number}")
        assert world.kube.asked["bad"] < before[0] + 10, "it is tried each time"
        assert world.kube.asked["list"] >= before[1] + 20, "the list waits for it"
        # Once the API server takes it, all is well.
        monkeypatch.setattr(registry_reports, "FIRST_RETRY_SECONDS", 0)
        del world.kube.failures["bad"]
        await _reported(world, "bad")


async def _reported(world: World, name: str) -> None:
    async def status() -> Any:
        return world.kube.items[name].get("status")

    await wait_for(status, bool)


async def test_a_status_of_a_former_version_has_the_list_read_again(world: World) -> None:
    world.kube.declare("dev")
    world.kube.failures["dev"] = StaleResourceError(409, "Conflict", "changed")
    await world.followed.load()
    async with world.running():
        await wait_for(world.asked, lambda asked: asked["dev"] > 0 and asked["list"] > 1)
        world.kube.failures.clear()
        await _reported(world, "dev")


async def test_while_the_list_fails_the_rest_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.kube.declare("dev")
    await world.followed.load()
    world.kube.failures["list"] = KubernetesError(500, "InternalError", "no")
    written, write = Counter[str](), RegistryReports.write

    async def counted(reports: RegistryReports, declared: Declared) -> Declared:
        written["dev"] += 1
        return await write(reports, declared)

    async def looks() -> int:
        return written["dev"]

    monkeypatch.setattr(RegistryReports, "write", counted)
    async with world.running():
        world.followed.note_change()
        await wait_for(looks, lambda number: number > 200)
        assert 1 <= world.kube.asked["list"] - 1 < 100, "it is asked each time"
        world.kube.failures.clear()
        world.kube.declare("late")
        await _reported(world, "late")


async def test_a_registry_that_is_ended_holds_back_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ended, close_share = asyncio.Event(), WorkQueue.close_share

    async def held(queue: WorkQueue[Any], name: str, timeout_seconds: float) -> None:
        await ended.wait()
        await close_share(queue, name, timeout_seconds)

    monkeypatch.setattr(WorkQueue, "close_share", held)
    for name in ("edited", "deleted"):
        world.kube.declare(name)
    await world.followed.load()
    world.followed.connections.start()
    async with world.running():
        world.kube.declare("edited", "http://elsewhere.example")
        del world.kube.items["deleted"]
        world.kube.declare("new")
        world.followed.note_change()
        await _reported(world, "new")
        assert world.kube.items["edited"]["status"]["url"] == "http://elsewhere.example"
        assert world.names == {name_of("edited"), name_of("new")}
        assert len(list(world.followed.connections.endings)) == 2
        ended.set()
        await world.followed.connections.endings.finish(5)
    await world.followed.connections.queue.drain(0)


async def test_an_ending_that_fails_ends_what_follows_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any) -> None:
        raise ValueError("it cannot be closed")

    monkeypatch.setattr(WorkQueue, "close_share", fail)
    world.kube.declare("deleted")
    await world.followed.load()
    async with world.running() as task:
        world.kube.items.clear()
        world.followed.note_change()

        async def is_done() -> bool:
            return task.done()

        await wait_for(is_done, bool)
        assert str(task.exception()) == "it cannot be closed"


async def test_what_was_known_of_the_users_is_forgotten_with_a_cluster_registry(world: World) -> None:
    """A successor of the same name has its own users, and names that come and go do not fill the memory."""
    world.kube.declare("dev", ca={"bundle": "-----BEGIN CERTIFICATE-----"})
    await world.followed.load()
    reports = world.followed._reports
    async with world.running():
        await _reported(world, "dev")
        assert reports._pinned.keys() == {"dev"}
        world.kube.items.clear()
        world.followed.note_change()
        await wait_for(world.asked, lambda asked: asked["list"] > 1)
    assert reports._pinned == {}


@pytest.mark.parametrize("is_recorded", [True, False], ids=["an ID", "the finalizer"])
@pytest.mark.parametrize("is_deleted", [False, True], ids=["served", "being deleted"])
async def test_a_resource_that_belongs_nowhere_still_uses_the_registry_of_its_entry(
    is_deleted: bool,  # noqa: FBT001 - a parameter of the test
    is_recorded: bool,  # noqa: FBT001 - a parameter of the test
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its deletion archives the entry there, so that the ClusterRegistry has to stay until then."""
    monkeypatch.setattr(registry_reports, "SEARCH_SECONDS", 0.01)
    for name in ("dev", "other"):
        world.kube.declare(name, tenants=[{"namespaces": ["*"]}])
    metadata = world.kube.items["dev"]["metadata"]
    metadata["finalizers"] = [IN_USE_FINALIZER]
    if is_deleted:
        metadata["deletionTimestamp"] = "2026-11-23T12:00:00Z"
    await world.followed.load()
    connections = world.followed.connections
    found = body(
        registryRef={"kind": "ClusterRegistry", "name": "other"},
        status={
            "id": "7",
            "registryUrl": "http://dev.example",
            "registryRef": {"kind": "ClusterRegistry", "name": "dev"},
        },
    )
    if not is_recorded:
        # The parent has its entry in another one, so that this one belongs nowhere; it may have been created before.
        parent_status = {
            "id": "7",
            "registryUrl": "http://other.example",
            "registryRef": {"kind": "ClusterRegistry", "name": "other"},
        }
        connections.on_change(body("RegisteredModel", "parent", status=parent_status))
        dev = {"kind": "ClusterRegistry", "name": "dev"}
        found = body("ModelVersion", "fraud", registryRef=dev, registeredModelRef={"name": "parent"})
        found["metadata"]["finalizers"] = [FINALIZER]
    connections.on_change(found)
    assert connections.share_of(key_of(found)) == NO_REGISTRY, "its entry is elsewhere than its spec says"
    connections.synced.set()
    async with world.running():
        for late in ("late", "later"):
            world.kube.declare(late)
            world.followed.note_change()
            await _reported(world, late)
        assert world.kube.items["dev"]["metadata"]["finalizers"] == [IN_USE_FINALIZER]
        assert world.kube.items["dev"]["status"]["resources"] == 1
        # It ends with the resource, whatever was found shortly before.
        connections.on_delete(found)

        async def finalizers() -> Any:
            return world.kube.items["dev"]["metadata"]["finalizers"]

        await wait_for(finalizers, lambda left: left == [])


@pytest.mark.parametrize("change", ["another default", "deleted"])
async def test_a_resource_that_may_have_an_entry_leaves_no_registry_before_its_id_is_known(
    world: World, change: str
) -> None:
    """Its status was not written. Nobody else would retire the entry, and another default would get a second one."""
    everybody = [{"namespaces": ["*"]}]
    world.kube.declare("dev", isDefault=True, tenants=everybody)
    world.kube.declare("other", tenants=everybody)
    world.kube.items["dev"]["metadata"]["finalizers"] = [IN_USE_FINALIZER]
    await world.followed.load()
    connections, preview = world.followed.connections, model_key("new")
    created = body()
    created["metadata"]["finalizers"] = [FINALIZER]
    connections.on_change(created)
    connections.on_change(body("RegisteredModel", "new"))
    connections.synced.set()
    if change == "deleted":
        world.kube.items["dev"]["metadata"]["deletionTimestamp"] = "2026-11-23T12:00:00Z"
    else:
        world.kube.declare("dev", tenants=everybody)
        world.kube.declare("other", isDefault=True, tenants=everybody)

    async def share() -> str:
        return connections.share_of(preview)

    async with world.running():
        world.followed.note_change()
        await wait_for(share, lambda found: found == (NO_REGISTRY if change == "deleted" else name_of("other")))
        assert await world.share() == name_of("dev")
        for late in ("late", "later"):
            world.kube.declare(late)
            world.followed.note_change()
            await _reported(world, late)
    if change == "deleted":
        assert world.kube.items["dev"]["metadata"]["finalizers"] == [IN_USE_FINALIZER]


INVALID: dict[str, Any] = {"ca": {"bundle": "-----BEGIN CERTIFICATE-----"}}


async def test_each_change_of_ready_has_an_event_and_a_repeated_one_is_counted(world: World) -> None:
    async def posted() -> list[tuple[str, str, bool]]:
        return [(event["reason"], event["involvedObject"]["name"], is_new) for event, is_new in world.kube.events]

    async def declare(number: int, **more: Any) -> None:
        world.kube.declare("dev", **more)
        world.followed.note_change()
        await wait_for(posted, lambda events: len(events) == number)

    world.kube.declare("dev", **INVALID)
    await world.followed.load()
    async with world.running():
        await wait_for(posted, bool)
        # The registry does not answer, and nobody has tried: that has no Event.
        world.kube.declare("dev")
        world.followed.note_change()
        await wait_for(_reason(world), lambda reason: reason == "NotTried")
        world.kube.declare("other", **INVALID)
        world.followed.note_change()
        await wait_for(posted, lambda events: len(events) == 2)
        await declare(3, **INVALID)
    assert await posted() == [
        ("InvalidSpec", "dev", True),
        ("InvalidSpec", "other", True),
        ("InvalidSpec", "dev", False),
    ]


async def test_an_event_that_cannot_be_posted_holds_no_status_back(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.kube.declare("dev", **INVALID)
    world.kube.failures["events"] = KubernetesError(403, "Forbidden", "no")
    await world.followed.load()
    async with world.running():
        await wait_for(_reason(world), lambda reason: reason == "InvalidSpec")
        await wait_for(world.asked, lambda asked: asked["events"] > 0)
        world.kube.declare("late")
        world.followed.note_change()
        await _reported(world, "late")
    assert (world.kube.asked["events"], world.kube.asked["dev"]) == (1, 1)
    assert "The Event 'InvalidSpec' about ClusterRegistry dev was not posted" in caplog.text


def _reason(world: World) -> Callable[[], Awaitable[str | None]]:
    async def read() -> str | None:
        conditions = world.kube.items["dev"].get("status", {}).get("conditions", [{}])
        found: str | None = conditions[0].get("reason")
        return found

    return read


SELECTING = [{"namespaceSelector": {"matchLabels": {"ml": "true"}}}]


def _tenants_in(world: World) -> list[bool]:
    (connection,) = world.followed.connections.all()
    return [tenant_of(name, connection.context.registry.tenants or ()) is not None for name in ("team-a", "team-b")]


async def test_labels_are_acted_on_while_the_api_server_does_not_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A namespace that is admitted no longer may write nothing for that long."""
    world.kube.declare("dev", tenants=SELECTING)
    world.kube.namespace("team-a", 1, ml="true")
    world.kube.namespace("team-b", 1)
    await world.followed.load()
    assert _tenants_in(world) == [True, False]
    namespaces, hangs = world.namespaces, asyncio.Event()

    async def hang(*_: Any) -> dict[str, Any]:
        hangs.set()
        return await asyncio.Future()

    async def admitted() -> list[bool]:
        return _tenants_in(world)

    monkeypatch.setattr(FakeCluster, "patch_unwatched", hang)
    async with world.running():
        await hangs.wait()
        namespaces.on_change(world.kube.namespace("team-a", 2))
        namespaces.on_change(world.kube.namespace("team-b", 2, ml="true"))
        await wait_for(admitted, lambda found: found == [False, True])


async def test_another_client_has_the_tenants_that_are_selected_now(world: World) -> None:
    world.kube.namespace("team-a", 1, ml="true")
    world.kube.declare("dev", tenants=SELECTING)
    await world.followed.load()
    world.kube.declare("dev", "http://elsewhere.example", tenants=SELECTING)
    await world.followed.load()
    (connection,) = world.followed.connections.all()
    assert connection.context.registry.url == "http://elsewhere.example"
    # At once, before anything could run with others.
    assert _tenants_in(world) == [True, False]


async def test_labels_are_listed_again_for_what_the_watch_has_missed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_registries, "LABELS_SECONDS", 0.01)
    monkeypatch.setattr(cluster_registries, "MAX_RETRY_SECONDS", 0.01)
    world.kube.declare("dev", tenants=SELECTING)
    world.kube.namespace("team-a", 1, ml="true")
    await world.followed.load()
    world.kube.failures["namespaces"] = KubernetesError(500, "InternalError", "no")

    async def admitted() -> list[bool]:
        return _tenants_in(world)

    async with world.running():
        await wait_for(world.asked, lambda asked: asked["namespaces"] > 2)
        assert _tenants_in(world) == [True, False], "what is known stays"
        del world.kube.failures["namespaces"]
        del world.kube.namespaces["team-a"]
        await wait_for(admitted, lambda found: found == [False, False])


async def test_a_resource_whose_namespace_is_not_known_yet_waits_for_its_labels(world: World) -> None:
    world.kube.declare("dev", tenants=SELECTING, isDefault=True)
    world.kube.declare("named", isDefault=True, tenants=[{"namespaces": ["*"]}])
    await world.followed.load()
    connections, namespaces = world.followed.connections, world.namespaces
    connections.on_change(body())
    assert await world.share() == NO_REGISTRY, "it must not get another default"

    async with world.running():
        world.kube.declare("named")
        world.followed.note_change()
        await wait_for(world.asked, lambda asked: asked["list"] > 1)
        assert await world.share() == NO_REGISTRY
        namespaces.on_change(world.kube.namespace("team", 1, ml="true"))
        await wait_for(world.share, lambda found: found == name_of("dev"))


async def test_labels_decide_before_a_resource_of_their_namespace_arrives(world: World) -> None:
    """The operator may be busy with other namespaces: a wrong registry would assign an ID for good."""
    world.kube.declare("dev", tenants=SELECTING, isDefault=True)
    await world.followed.load()
    connections, namespaces = world.followed.connections, world.namespaces
    namespaces.on_change(world.kube.namespace("team", 1, ml="true"))
    connections.on_change(body())
    assert await world.share() == name_of("dev")
    namespaces.on_change(world.kube.namespace("team", 2))
    (dev,) = connections.all()
    assert tenant_of("team", dev.context.registry.tenants or ()) is None, "at once"


async def test_a_namespace_that_becomes_known_and_is_not_selected_gets_another_default(world: World) -> None:
    world.kube.declare("dev", tenants=SELECTING, isDefault=True)
    world.kube.declare("named", isDefault=True, tenants=[{"namespaces": ["*"]}])
    await world.followed.load()
    connections, namespaces = world.followed.connections, world.namespaces
    connections.on_change(body())

    async with world.running():
        # Whom a ClusterRegistry admits does not change by that.
        namespaces.on_change(world.kube.namespace("team", 1))
        await wait_for(world.share, lambda found: found == name_of("named"))


async def test_labels_of_one_namespace_wake_no_resource_of_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Namespaces come and go all the time where each pull request gets one."""
    world.kube.declare("dev", tenants=SELECTING, isDefault=True)
    for name in ("team", "preview"):
        world.kube.namespace(name, 1, ml="true")
    await world.followed.load()
    connections, woken, settled = world.followed.connections, list[ResourceKey](), list[Any]()
    (dev,) = connections.all()
    for namespace in ("team", "preview"):
        found = body()
        connections.on_change({**found, "metadata": {**found["metadata"], "namespace": namespace, "uid": namespace}})
    monkeypatch.setattr(dev.memory, "wake", woken.extend)
    settle = connections.settle

    def noting(namespaces: Any) -> None:
        settled.append(namespaces)
        settle(namespaces)

    monkeypatch.setattr(connections, "settle", noting)
    preview = model_key(namespace="preview")

    async def share() -> str:
        return connections.share_of(preview)

    async def count() -> int:
        return len(settled)

    async with world.running():
        world.namespaces.on_change(world.kube.namespace("preview", 2))
        await wait_for(share, lambda found: found == NO_REGISTRY)
        world.namespaces.on_change(world.kube.namespace("new", 3, ml="true"))
        await wait_for(count, lambda found: found > 1)
    assert settled == [{"preview"}, {"new"}]
    assert woken == []


async def test_a_restart_leaves_a_status_as_it_is_until_more_is_known(world: World) -> None:
    message = f"The registry did not answer: the connection failed. {ADVICE[RegistryReason.UNREACHABLE]} {RETRIES}"
    condition = {"reason": "Unreachable", "message": message, "observedGeneration": 1}
    condition["lastTransitionTime"] = "2026-11-23T12:00:00Z"
    status = {
        "observedGeneration": 1,
        "url": "http://settled.example",
        "resources": 7,
        "conditions": [
            {"type": "Ready", "status": "False", **condition},
            {"type": "Reconciling", "status": "True", **condition},
        ],
    }
    lacking = {"type": "Ready", "status": "False", **condition, "reason": "RegistryReplaced"}
    for name in ("settled", "tried", "replaced"):
        world.kube.declare(name, "http://settled.example")
        world.kube.items[name]["status"] = status
    world.kube.items["replaced"]["status"] = {**status, "conditions": [lacking]}
    await world.followed.load()
    registries = {each.name: each.context.registry for each in world.followed.connections.all()}
    registries[name_of("tried")].failure = ConnectionFailed("refused")
    registries[name_of("replaced")].loaded = True
    async with world.running():
        # Two more lists, and a write of each.
        world.kube.declare("other")
        world.followed.note_change()
        await wait_for(world.asked, lambda asked: asked["other"] > 0)
        world.kube.declare("later")
        world.followed.note_change()
        await wait_for(world.asked, lambda asked: asked["later"] > 0)
        assert [world.kube.asked[name] for name in ("settled", "tried", "replaced")] == [0, 0, 0]
        # Now all resources are known, and none of them uses it.
        world.followed.connections.synced.set()
        await wait_for(world.asked, lambda asked: asked["tried"] > 0 and asked["replaced"] > 0)
    assert world.kube.items["tried"]["status"] == {**status, "resources": 0}
    assert world.kube.items["replaced"]["status"]["conditions"][0]["reason"] == "Connected", "it lacks nothing"
    assert world.kube.asked["settled"] == 0
