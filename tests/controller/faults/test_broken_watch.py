"""The watch breaks: 410 Gone, an API server that crashes or cannot be reached. Nothing is missed, nothing redone."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import kubernetes
import pytest

from devcluster import controlplane
from devcluster.controlplane import OwnControlPlane
from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from tests.env.control_plane import CRDS
from tests.support.fixtures import Unique
from tests.support.flaky import Fault, FlakyProxy, Way, always
from tests.support.front import Front, holding, is_watch
from tests.support.loopback import Received, Reply
from tests.support.operator_process import OperatorProcess
from tests.support.resources import PLURALS, Namespace, manifest

MakeOperator = Callable[..., OperatorProcess]
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


def _writes(counted: FlakyProxy) -> list[str]:
    """What was written to the registry: ``POST <name>`` and ``PATCH <id>``."""
    written = [one for one in counted.received if one.method != "GET"]
    return [f"{one.method} {one.json['name'] if one.method == 'POST' else Path(one.path).name}" for one in written]


def _cut_watches(front: Front) -> None:
    """From now on the operator hears of nothing."""
    front.proxy.script = holding(Fault.RESET_BEFORE, is_watch)
    front.proxy.hang_up()


def _answer_gone(front: Front) -> None:
    """Tell each watch once that what it asks for is too old, and let it go on from a new list."""
    left = {*PLURALS.values()}
    reply = Reply(200, json.dumps({"type": "ERROR", "object": GONE}) + "\n")

    def script(received: Received) -> Way:
        plural = received.path.partition("?")[0].rpartition("/")[2]
        if is_watch(received) and plural in left:
            left.discard(plural)
            return reply
        return None

    front.proxy.script = script


async def test_what_happened_before_a_410_is_made_up_for(
    own_space: Namespace, own_operator: MakeOperator, front: Front, counted: FlakyProxy, unique: Unique
) -> None:
    operator = own_operator(counted.url, own_space, front.argument, SOON)
    kept, changed, deleted, orphaned, made = map(unique, ("kept", "changed", "deleted", "orphaned", "made"))
    first = manifest(KIND, changed, description="first")
    going = manifest(KIND, orphaned, description="first", deletionPolicy="Orphan")
    own_space.apply(manifest(KIND, kept), first, manifest(KIND, deleted), going)
    before = {name: own_space.ready(KIND, name)["status"]["id"] for name in (kept, changed, deleted, orphaned)}
    written = len(_writes(counted))
    _cut_watches(front)
    own_space.apply(manifest(KIND, changed, description="second"), manifest(KIND, made))
    for name in (deleted, orphaned):
        own_space.delete(KIND, name)
    _answer_gone(front)
    own_space.wait_gone(KIND, deleted)
    own_space.ready(KIND, changed)
    own_space.ready(KIND, made)
    assert sorted(_writes(counted)[written:]) == sorted(
        [f"PATCH {before[changed]}", f"PATCH {before[deleted]}", f"POST {made}"]
    )
    # Nobody told that the orphaned one is gone: what others do with its entry is theirs now.
    async with ModelRegistryAPIClient.connect(counted.url) as registry:
        theirs = await registry.upsert_registered_model(
            RegisteredModel(orphaned, id=before[orphaned], description="theirs")
        )
        await registry.upsert_registered_model(RegisteredModel(kept, id=before[kept], state="ARCHIVED"))
        # What the feed tells after it has been dealt with.
        while (found := await registry.get_registered_model_by_id(before[kept])) is None or found.state != "LIVE":
            pass
        assert await registry.get_registered_model_by_id(before[orphaned]) == theirs
    assert "Traceback" not in operator.log


async def test_an_api_server_that_cannot_be_reached_for_a_while(
    own_space: Namespace, own_operator: MakeOperator, front: Front, counted: FlakyProxy, unique: Unique
) -> None:
    operator = own_operator(counted.url, own_space, front.argument, SOON)
    drifted, changed, made = map(unique, ("drifted", "changed", "made"))
    own_space.apply(manifest(KIND, drifted, description="d"), manifest(KIND, changed))
    ids = {name: own_space.ready(KIND, name)["status"]["id"] for name in (drifted, changed)}
    written = len(_writes(counted))
    front.proxy.script = always(Fault.RESET_BEFORE)
    front.proxy.hang_up()
    own_space.apply(manifest(KIND, changed, description="second"), manifest(KIND, made))
    async with ModelRegistryAPIClient.connect(counted.url) as registry:
        await registry.upsert_registered_model(RegisteredModel(drifted, id=ids[drifted], description="theirs"))
        operator.wait_for_log("The API server could not update", times=2)
        # Without the API server nobody knows whether the resource is still there.
        assert _writes(counted)[written:] == [f"PATCH {ids[drifted]}"]
        front.proxy.heal()
        own_space.ready(KIND, changed)
        own_space.ready(KIND, made)
        while (found := await registry.get_registered_model_by_id(ids[drifted])) is None or found.description != "d":
            pass
    assert sorted(_writes(counted)[written + 1 :]) == sorted(
        [f"PATCH {ids[drifted]}", f"PATCH {ids[changed]}", f"POST {made}"]
    )
    assert "Traceback" not in operator.log


@pytest.fixture
def own_cluster() -> Iterator[OwnControlPlane]:
    """A control plane of the test's own, with the CRDs."""
    with controlplane.start() as started:
        started.run_kubectl("apply", "--server-side", "-f", CRDS)
        started.run_kubectl("wait", "--for=condition=Established", "--timeout=60s", "-f", CRDS)
        yield started


async def test_an_api_server_that_crashes_and_comes_back(
    own_cluster: OwnControlPlane, own_operator: MakeOperator, counted: FlakyProxy, unique: Unique
) -> None:
    with kubernetes.config.new_client_from_config(str(own_cluster.kubeconfig)) as client:  # type: ignore[no-untyped-call]  # not annotated
        space = Namespace(own_cluster, "default", kubernetes.client.CustomObjectsApi(client))
        operator = own_operator(counted.url, space, f"--owner-id=tests/{unique('crash')}", SOON)
        settled = [f"{unique('settled')}-{number}" for number in range(5)]
        drifted, made = unique("drifted"), unique("made")
        space.apply(*(manifest(KIND, name, description="d") for name in (*settled, drifted)))
        ids = {name: space.ready(KIND, name)["status"]["id"] for name in (*settled, drifted)}
        before = [space.get(KIND, name) for name in settled]
        written = len(_writes(counted))
        own_cluster.crash_apiserver()
        async with ModelRegistryAPIClient.connect(counted.url) as registry:
            await registry.upsert_registered_model(RegisteredModel(drifted, id=ids[drifted], description="theirs"))
        operator.wait_for_log("The API server could not update", times=2)
        own_cluster.bring_apiserver_back()
        space.apply(manifest(KIND, made))
        space.ready(KIND, made)
        async with ModelRegistryAPIClient.connect(counted.url) as registry:
            while (found := await registry.get_registered_model_by_id(ids[drifted])) is None or (
                found.description != "d"
            ):
                pass
        assert sorted(_writes(counted)[written + 1 :]) == sorted([f"PATCH {ids[drifted]}", f"POST {made}"])
        assert [space.get(KIND, name) for name in settled] == before
    assert operator.stop() == 0
    assert "Traceback" not in operator.log
