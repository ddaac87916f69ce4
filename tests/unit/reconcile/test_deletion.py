"""What a deletion does on a real registry when this process saw only a part of it, and how long it waits."""

import dataclasses
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelVersion, RegisteredModel
from registrar.api.bodies import key_of
from registrar.api.meta import FINALIZER
from registrar.api.tenants import Tenant
from registrar.api.v1alpha1.registry_ref import RegistryKind, RegistryRef
from registrar.cluster.cache import ResourceCache
from registrar.cluster.client import KubernetesAPI
from registrar.planning.ownership import Origin
from registrar.reconcile import deletion
from registrar.reconcile.context import Context
from registrar.reconcile.memory import Memory
from registrar.reconcile.pipeline import reconcile
from registrar.registries.replacement import MassDeletionGuard
from registrar.workqueue.queue import DONE, RETRY, Result
from tests.support.fault_proxy import on_matching, proxy_to
from tests.support.loopback import LoopbackServer, Received, Reply, serving
from tests.unit.build import OWNER_ID, body, context_of, open_gate, stamp

GRACE = 5.0


@pytest.fixture
def name() -> str:
    return f"model-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def api_server() -> Iterator[LoopbackServer]:
    """An API server whose resources are as patched, and otherwise as `body` builds them."""

    def answer(received: Received) -> Reply:
        if received.method != "PATCH":
            return Reply(404, {"reason": "NotFound", "message": "not found"})
        patch = received.json
        found = body("RegisteredModel", received.route.removesuffix("/status").rpartition("/")[2], version=2)
        patched = {
            **found,
            "metadata": {**found["metadata"], **patch.get("metadata", {}), "resourceVersion": "2"},
            "status": {**found["status"], **patch.get("status", {})},
        }
        return Reply(body=patched, headers={"Content-Type": "application/json"})

    with serving(answer) as server:
        yield server


@asynccontextmanager
async def operator(
    registry_url: str, api_server: LoopbackServer, grace: float, clock: Callable[[], float] = lambda: 0.0
) -> AsyncIterator[Context]:
    """The parts of an operator with that grace and that clock; it has read the registry."""
    async with context_of(registry_url=registry_url, kubernetes_url=api_server.url) as context:
        await context.registry.load()
        yield dataclasses.replace(
            context,
            settings=context.settings.model_copy(update={"handover_grace": grace}),
            memory=Memory(ResourceCache(), open_gate(), lambda _: None, clock),
        )


def finalized(name: str, **metadata: Any) -> dict[str, Any]:
    """A resource that has our finalizer, with more metadata."""
    resource = body("RegisteredModel", name)
    return {**resource, "metadata": {**resource["metadata"], "finalizers": [FINALIZER], **metadata}}


async def stored(registry: ModelRegistryAPIClient, name: str, origin: Origin = Origin.CREATED) -> RegisteredModel:
    """An entry in the registry whose stamp names the resource of its name."""
    entry = RegisteredModel(name, custom_properties=stamp(origin, f"team/{name}"))
    return await registry.upsert_registered_model(entry)


@pytest.mark.parametrize(
    ("origin", "state"),
    [(Origin.KEPT, "LIVE"), (Origin.RELEASED, "LIVE"), (Origin.CREATED, "ARCHIVED")],
    ids=["kept", "released and restored since", "neither"],
)
async def test_a_former_standby_leaves_what_another_replica_settled(
    registry_url: str,
    registry: ModelRegistryAPIClient,
    api_server: LoopbackServer,
    name: str,
    origin: Origin,
    state: str,
) -> None:
    """On standby, it saw a resource with our finalizer disappear, and cannot know how the leader finalized it."""
    entry = await stored(registry, name, origin)
    async with operator(registry_url, api_server, grace=0) as context:
        gone = finalized(name)
        context.memory.depart(gone)
        assert await reconcile(key_of(gone), context) == DONE
        assert context.memory.departures.get(key_of(gone)) is None
    found = await registry.get_registered_model_by_id(str(entry.id))
    assert found is not None
    assert found.state == state
    if state == "LIVE":
        assert found == entry


@pytest.mark.parametrize("deleted_at", ["2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"], ids=["behind", "ahead"])
async def test_the_grace_counts_from_when_this_process_saw_the_deletion(
    registry_url: str, registry: ModelRegistryAPIClient, api_server: LoopbackServer, name: str, deleted_at: str
) -> None:
    """The API server's clock, which writes the deletionTimestamp, may differ from this machine's."""
    entry, now = await stored(registry, name), 100.0
    deleted = finalized(name, deletionTimestamp=deleted_at)
    async with operator(registry_url, api_server, GRACE, lambda: now) as context:
        context.memory.keep(deleted)
        assert await reconcile(key_of(deleted), context) == Result(requeue_after=GRACE)
        now = 103.0
        assert await reconcile(key_of(deleted), context) == Result(requeue_after=GRACE - 3)
        found = await registry.get_registered_model_by_id(str(entry.id))
        assert found == entry
        now = 105.0
        assert await reconcile(key_of(deleted), context) == DONE
    found = await registry.get_registered_model_by_id(str(entry.id))
    assert found is not None
    assert found.state == "ARCHIVED"


async def test_a_predecessor_that_the_registry_refuses_does_not_hold_its_successor_up(
    registry_url: str, registry: ModelRegistryAPIClient, api_server: LoopbackServer, name: str
) -> None:
    entry, wanted = await stored(registry, name), f"{name}-new"
    refused = on_matching(Reply(400, {"message": "no"}), lambda received: received.method == "PATCH")
    with proxy_to(registry_url, refused) as proxy:
        async with operator(proxy.url, api_server, grace=0) as context:
            successor = body("RegisteredModel", name, version=2, uid="uid-2", name=wanted)
            context.memory.depart(finalized(name))
            context.memory.keep(successor)
            assert await reconcile(key_of(successor), context) == RETRY
            assert context.memory.departures.get(key_of(successor)) is not None, "its entry is still to be released"
    created = await registry.get_registered_model_by_params(wanted)
    assert created is not None
    statuses = [received for received in api_server.received if received.route.endswith("/status")]
    assert statuses[-1].json["status"]["id"] == created.id
    assert await registry.get_registered_model_by_id(str(entry.id)) == entry


async def test_a_deletion_is_judged_again_directly_before_it_archives(
    registry_url: str,
    registry: ModelRegistryAPIClient,
    api_server: LoopbackServer,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry, looked_up = await stored(registry, name), list[str]()

    async def named(*_: Any) -> bool:
        # The registry takes long to answer, and its administrator closes it for the namespace.
        looked_up.append(name)
        context.registry.tenants = []
        return False

    monkeypatch.setattr(deletion, "is_named", named)
    deleted = finalized(name, deletionTimestamp="2026-11-23T12:00:00Z")
    async with operator(registry_url, api_server, grace=0) as context:
        context.registry.tenants = [Tenant.model_validate({"namespaces": ["team"]})]
        context.memory.keep(deleted)
        assert await reconcile(key_of(deleted), context) == RETRY
    assert looked_up == [name]
    # The next run judges again, so that the resource is still there.
    assert not any("finalizers" in received.json["metadata"] for received in api_server.received)
    assert await registry.get_registered_model_by_id(str(entry.id)) == entry


@pytest.mark.parametrize("is_replaced", [True, False])
@pytest.mark.parametrize("is_recorded", [True, False], ids=["by its status", "by its stamp alone"])
async def test_a_deletion_waits_for_the_registry_that_has_the_entry(
    registry_url: str,
    registry: ModelRegistryAPIClient,
    api_server: LoopbackServer,
    name: str,
    *,
    is_recorded: bool,
    is_replaced: bool,
) -> None:
    """A ClusterRegistry has a wrong address by mistake, where the resource may have had an entry once."""
    entry = await stored(registry, name)
    async with operator(registry_url, api_server, grace=0) as unguarded:
        cache, served = unguarded.memory.cache, unguarded.registry
        served.ref = RegistryRef(kind=RegistryKind.CLUSTER_REGISTRY, name="prod")
        context = dataclasses.replace(unguarded, guard=MassDeletionGuard(partial(cache.recorded_ids, OWNER_ID), served))
        lost = {"id": "2147483646", "createTimeSinceEpoch": "1", "registryUrl": "http://former"}
        if is_replaced:
            cache.put(body("RegisteredModel", "lost", status=lost))
        cache.synced.set()
        deleted = finalized(name, deletionTimestamp="2026-11-23T12:00:00Z")
        if is_recorded:
            own = {"id": entry.id, "createTimeSinceEpoch": entry.create_time_since_epoch, "registryUrl": registry_url}
            deleted["status"] = {"observedGeneration": 1, **(lost if is_replaced else own)}
        cache.put(deleted)
        result = await reconcile(key_of(deleted), context)
        assert (result.requeue_after is None, result.failed) == (not is_replaced, False)
    found = await registry.get_registered_model_by_id(str(entry.id))
    assert found is not None
    assert found.state == ("LIVE" if is_replaced else "ARCHIVED")
    finalizers = [json["metadata"]["finalizers"] for json in _patches(api_server) if "finalizers" in json["metadata"]]
    assert finalizers == ([] if is_replaced else [[]])


def _patches(api_server: LoopbackServer) -> list[dict[str, Any]]:
    return [received.json for received in api_server.received if received.method == "PATCH"]


@pytest.mark.parametrize("parent", [{}, {"parentId": "999"}], ids=["no parent", "a parent that does not exist"])
async def test_a_status_that_someone_wrote_does_not_retire_the_version_of_another_tenant(
    parent: dict[str, str], registry_url: str, registry: ModelRegistryAPIClient, api_server: LoopbackServer, name: str
) -> None:
    """Its spec is invalid, so that only the status leads to an entry, and that one has no stamp."""
    theirs = await registry.upsert_registered_model(RegisteredModel(f"others.{name}"))
    version = await registry.upsert_model_version(ModelVersion(name), str(theirs.id))
    written = {
        "id": version.id,
        "createTimeSinceEpoch": version.create_time_since_epoch,
        "origin": "Created",
        "registryUrl": registry_url,
        **parent,
    }
    deleted = body("ModelVersion", name, status=written, customProperties={"bad": [1]})
    deleted["metadata"].update(finalizers=[FINALIZER], deletionTimestamp="2026-11-23T12:00:00Z")
    async with operator(registry_url, api_server, grace=0) as context:
        context.registry.tenants = [Tenant.model_validate({"namespaces": ["team"], "modelNames": ["{namespace}.*"]})]
        context.memory.keep(deleted)
        assert await reconcile(key_of(deleted), context) == DONE
    assert api_server.received[-1].json["metadata"]["finalizers"] == []
    assert await registry.get_model_version_by_id(str(version.id)) == version


@pytest.mark.parametrize("is_same_server", [True, False], ids=["the same server", "another server"])
async def test_a_departure_leaves_the_entry_that_its_successor_has_by_another_cluster_registry(
    registry_url: str,
    registry: ModelRegistryAPIClient,
    api_server: LoopbackServer,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_same_server: bool,
) -> None:
    """It belongs to another connection, whose memory this one does not share."""
    entry = await stored(registry, name)
    url, ref = registry_url if is_same_server else "http://another", {"kind": "ClusterRegistry", "name": "other"}
    status = {"id": entry.id, "registryUrl": url, "registryRef": ref}
    successor = body("RegisteredModel", name, version=3, uid="uid-2", status=status)

    async def get(*_: Any) -> Any:
        return successor

    monkeypatch.setattr(KubernetesAPI, "get", get)
    async with operator(registry_url, api_server, grace=0) as context:
        gone = finalized(name)
        context.memory.depart(gone)
        assert await reconcile(key_of(gone), context) == DONE
    found = await registry.get_registered_model_by_id(str(entry.id))
    assert found is not None
    assert found.state == ("LIVE" if is_same_server else "ARCHIVED")
