"""A resource without a registry: its deletion waits for another installation that manages it, but not for ever."""

import logging
import ssl
from collections.abc import Iterator
from dataclasses import replace

import pytest

from registrar.api.bodies import key_of
from registrar.api.conditions import Reason
from registrar.api.meta import FINALIZER
from registrar.api.v1alpha1.common import Holder
from registrar.app.connection import Process
from registrar.app.unserved import Unserved
from registrar.cluster.cache import ResourceCache
from registrar.cluster.client import ClusterLogin, KubernetesAPI
from registrar.fencing import Leadership, WriteFence
from registrar.planning.problems import Disposition, Problem
from registrar.planning.resolution import Unresolved
from registrar.reconcile.holding import OTHER_SECONDS
from registrar.reconcile.memory import Memory
from registrar.settings import Settings
from registrar.telemetry.metrics import Metrics
from registrar.workqueue.queue import DONE, Result
from tests.support.loopback import LoopbackServer, Received, Reply, serving
from tests.unit.build import NOBODY, body, open_gate

WHY = Unresolved(Problem(Disposition.WAITING, Reason.WAITING_FOR_REGISTRY, "There is no registry."))
HOLDER = Holder(owner_id="another", registry_url="http://registry").model_dump(by_alias=True)


@pytest.fixture
def api_server() -> Iterator[LoopbackServer]:
    def answer(received: Received) -> Reply:
        return Reply(body=received.json, headers={"Content-Type": "application/json"})

    with serving(answer) as server:
        yield server


async def test_a_deletion_waits_for_another_installation_and_not_for_ever(
    api_server: LoopbackServer, caplog: pytest.LogCaptureFixture
) -> None:
    metrics, leadership, now = Metrics(), Leadership.without_rivals(), 100.0
    login = ClusterLogin(api_server.url, ssl.create_default_context(), {})
    kube = KubernetesAPI(login, WriteFence(leadership, metrics.to_kubernetes))
    process = Process(Settings(registry_url=NOBODY), kube, leadership, metrics.reconciles)
    unserved = Unserved(ResourceCache(), open_gate(), process)
    unserved.memory = Memory(ResourceCache(), open_gate(), lambda _: None, lambda: now)
    held = body(status={"id": "7", "registryUrl": "http://registry", "managedBy": HOLDER})
    key = key_of(held)
    unserved.note(key, WHY)
    unserved.memory.keep(held)
    try:
        assert await unserved.run(key) == DONE
        deleted = {"finalizers": [FINALIZER], "deletionTimestamp": "2026-11-23T12:00:00Z", "resourceVersion": "2"}
        unserved.memory.keep({**held, "metadata": {**held["metadata"], **deleted}})
        assert await unserved.run(key) == Result(requeue_after=OTHER_SECONDS)
        now += OTHER_SECONDS - 1
        assert await unserved.run(key) == Result(requeue_after=1.0)
        assert api_server.received == [], "it is left to the other installation"
        now += 1
        with caplog.at_level(logging.INFO, "registrar"):
            assert await unserved.run(key) == DONE
    finally:
        await kube.aclose()
    event, patch = (received.json for received in api_server.received)
    assert (event["reason"], patch["metadata"]["finalizers"]) == ("EntryLeft", [])
    assert event["message"].endswith("is left as it is, because the operator does not serve that registry.")
    assert [record.levelname for record in caplog.records if event["message"] in record.message] == ["INFO"]


@pytest.mark.parametrize("is_let_go", [True, False])
async def test_a_deletion_waits_for_a_registry_that_may_have_an_entry_without_a_recorded_id(
    is_let_go: bool,  # noqa: FBT001 - a parameter of the test
    api_server: LoopbackServer,
) -> None:
    metrics, leadership = Metrics(), Leadership.without_rivals()
    login = ClusterLogin(api_server.url, ssl.create_default_context(), {})
    kube = KubernetesAPI(login, WriteFence(leadership, metrics.to_kubernetes))
    unserved = Unserved(
        ResourceCache(), open_gate(), Process(Settings(registry_url=NOBODY), kube, leadership, metrics.reconciles)
    )
    deleted = body()
    deleted["metadata"] |= {"finalizers": [FINALIZER], "deletionTimestamp": "2026-11-23T12:00:00Z"}
    key = key_of(deleted)
    unserved.note(key, replace(WHY, is_let_go=is_let_go))
    unserved.memory.keep(deleted)
    try:
        await unserved.run(key)
    finally:
        await kube.aclose()
    finalizers = [received.json["metadata"].get("finalizers") for received in api_server.received]
    assert (finalizers == [[]]) == is_let_go
