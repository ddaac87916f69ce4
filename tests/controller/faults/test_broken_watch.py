"""The watch breaks: 410 Gone, or an API server that crashed or is unreachable. Nothing is missed or repeated."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import kubernetes
import pytest

from devcluster import controlplane
from devcluster.controlplane import OwnControlPlane
from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from tests.env.control_plane import install_crds
from tests.support.api_server_proxy import ApiServerProxy, is_watch
from tests.support.fault_proxy import Fault, FaultProxy, Treatment, always, on_matching
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Received, Reply
from tests.support.resources import PLURALS, Namespace, manifest
from tests.support.waiting import wait_for

KIND = "RegisteredModel"
GONE = {
    "kind": "Status",
    "apiVersion": "v1",
    "status": "Failure",
    "message": "too old resource version: 1 (2)",
    "reason": "Expired",
    "code": 410,
}
SOON = "--feed-interval=0.3"


def _writes(registry_proxy: FaultProxy) -> list[str]:
    """Return the writes to the registry: ``POST <name>`` and ``PATCH <id>``."""
    return [
        f"POST {request.json['name']}" if request.method == "POST" else f"{request.method} {Path(request.path).name}"
        for request in registry_proxy.writes()
    ]


def _cut_watches(api_server_proxy: ApiServerProxy) -> None:
    """End all watches, and let none begin."""
    api_server_proxy.script = on_matching(Fault.RESET_BEFORE, is_watch)
    api_server_proxy.close_connections()


def _answer_gone(api_server_proxy: ApiServerProxy) -> None:
    """Answer each watch once that its resource version is too old, so that it continues from a new list."""
    left = {*PLURALS.values()}
    reply = Reply(200, json.dumps({"type": "ERROR", "object": GONE}) + "\n")

    def script(received: Received) -> Treatment:
        plural = received.route.rpartition("/")[2]
        if is_watch(received) and plural in left:
            left.discard(plural)
            return reply
        return None

    api_server_proxy.script = script


async def _wait_for_entry(
    registry: ModelRegistryAPIClient, entry_id: str, until: Callable[[RegisteredModel], bool]
) -> None:
    await wait_for(
        lambda: registry.get_registered_model_by_id(entry_id), lambda entry: entry is not None and until(entry)
    )


async def test_changes_before_a_410_are_caught_up(
    own_space: Namespace,
    start_operator: StartOperator,
    api_server_proxy: ApiServerProxy,
    registry_proxy: FaultProxy,
    unique: Unique,
) -> None:
    operator = start_operator(registry_proxy.url, own_space, api_server_proxy.kubeconfig_flag, SOON)
    kept, changed, deleted, orphaned, new = map(unique, ("kept", "changed", "deleted", "orphaned", "new"))
    first = manifest(KIND, changed, description="first")
    orphan = manifest(KIND, orphaned, description="first", deletionPolicy="Orphan")
    own_space.apply(manifest(KIND, kept), first, manifest(KIND, deleted), orphan)
    before = {name: own_space.ready(KIND, name)["status"]["id"] for name in (kept, changed, deleted, orphaned)}
    written = len(_writes(registry_proxy))
    _cut_watches(api_server_proxy)
    own_space.apply(manifest(KIND, changed, description="second"), manifest(KIND, new))
    for name in (deleted, orphaned):
        own_space.delete(KIND, name)
    _answer_gone(api_server_proxy)
    own_space.wait_gone(KIND, deleted)
    own_space.ready(KIND, changed)
    own_space.ready(KIND, new)
    assert sorted(_writes(registry_proxy)[written:]) == sorted(
        [f"PATCH {before[changed]}", f"PATCH {before[deleted]}", f"POST {new}"]
    )
    # No event reported the deletion of the orphaned resource. Its entry belongs to others now.
    async with ModelRegistryAPIClient.connect(registry_proxy.url) as registry:
        theirs = await registry.upsert_registered_model(
            RegisteredModel(orphaned, id=before[orphaned], description="theirs")
        )
        await registry.upsert_registered_model(RegisteredModel(kept, id=before[kept], state="ARCHIVED"))
        # The feed shows both changes; the operator corrects this one after it has seen the other.
        await _wait_for_entry(registry, before[kept], lambda entry: entry.state == "LIVE")
        assert await registry.get_registered_model_by_id(before[orphaned]) == theirs
    assert "Traceback" not in operator.log


async def test_changes_are_caught_up_after_the_api_server_was_unreachable(
    own_space: Namespace,
    start_operator: StartOperator,
    api_server_proxy: ApiServerProxy,
    registry_proxy: FaultProxy,
    unique: Unique,
) -> None:
    operator = start_operator(registry_proxy.url, own_space, api_server_proxy.kubeconfig_flag, SOON)
    drifted, changed, new = map(unique, ("drifted", "changed", "new"))
    own_space.apply(manifest(KIND, drifted, description="d"), manifest(KIND, changed))
    ids = {name: own_space.ready(KIND, name)["status"]["id"] for name in (drifted, changed)}
    written = len(_writes(registry_proxy))
    api_server_proxy.script = always(Fault.RESET_BEFORE)
    api_server_proxy.close_connections()
    own_space.apply(manifest(KIND, changed, description="second"), manifest(KIND, new))
    async with ModelRegistryAPIClient.connect(registry_proxy.url) as registry:
        await registry.upsert_registered_model(RegisteredModel(drifted, id=ids[drifted], description="theirs"))
        operator.wait_for_log("The API server could not update", times=2)
        # Without the API server the operator cannot know whether the resource still exists.
        assert _writes(registry_proxy)[written:] == [f"PATCH {ids[drifted]}"]
        api_server_proxy.heal()
        own_space.ready(KIND, changed)
        own_space.ready(KIND, new)
        await _wait_for_entry(registry, ids[drifted], lambda entry: entry.description == "d")
    assert sorted(_writes(registry_proxy)[written + 1 :]) == sorted(
        [f"PATCH {ids[drifted]}", f"PATCH {ids[changed]}", f"POST {new}"]
    )
    assert "Traceback" not in operator.log


@pytest.fixture
def own_cluster() -> Iterator[OwnControlPlane]:
    """A control plane of the test's own, with the CRDs."""
    with controlplane.start() as started:
        install_crds(started)
        yield started


async def test_changes_are_caught_up_after_the_api_server_crashed(
    own_cluster: OwnControlPlane, start_operator: StartOperator, registry_proxy: FaultProxy, unique: Unique
) -> None:
    with kubernetes.config.new_client_from_config(str(own_cluster.kubeconfig)) as client:  # type: ignore[no-untyped-call]  # not annotated
        space = Namespace(own_cluster, "default", kubernetes.client.CustomObjectsApi(client))
        operator = start_operator(registry_proxy.url, space, f"--owner-id=tests/{unique('crash')}", SOON)
        settled = [f"{unique('settled')}-{number}" for number in range(5)]
        drifted, new = unique("drifted"), unique("new")
        space.apply(*(manifest(KIND, name, description="d") for name in (*settled, drifted)))
        ids = {name: space.ready(KIND, name)["status"]["id"] for name in (*settled, drifted)}
        before = [space.get(KIND, name) for name in settled]
        written = len(_writes(registry_proxy))
        own_cluster.crash_apiserver()
        async with ModelRegistryAPIClient.connect(registry_proxy.url) as registry:
            await registry.upsert_registered_model(RegisteredModel(drifted, id=ids[drifted], description="theirs"))
        operator.wait_for_log("The API server could not update", times=2)
        own_cluster.bring_apiserver_back()
        space.apply(manifest(KIND, new))
        space.ready(KIND, new)
        async with ModelRegistryAPIClient.connect(registry_proxy.url) as registry:
            await _wait_for_entry(registry, ids[drifted], lambda entry: entry.description == "d")
        assert sorted(_writes(registry_proxy)[written + 1 :]) == sorted([f"PATCH {ids[drifted]}", f"POST {new}"])
        assert [space.get(KIND, name) for name in settled] == before
    assert operator.stop() == 0
    assert "Traceback" not in operator.log
