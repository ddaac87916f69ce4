"""What the watch shows of a resource: every change but those that the operator has made itself."""

import asyncio
import json
from typing import Any

import pytest

from registrar.api.bodies import Body, ResourceKey
from registrar.cluster.client import KubernetesAPI, list_path
from registrar.cluster.login import log_in
from registrar.fencing import Leadership, WriteFence
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.reconcile.resource import ManagedResource, read_resource
from registrar.telemetry.metrics import Metrics
from tests.support.fixtures import Unique
from tests.support.resources import WAIT_LIMIT, Namespace, manifest


async def test_the_watch_shows_what_others_change(
    own_space: Namespace, monkeypatch: pytest.MonkeyPatch, unique: Unique
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(own_space.cluster.kubeconfig))
    kube = KubernetesAPI(log_in(), WriteFence(Leadership.without_rivals(), Metrics().to_kubernetes))
    path = list_path(REGISTERED_MODEL.resource.PLURAL, own_space.name)
    since = (await kube.list_page(path, 1))["metadata"]["resourceVersion"]
    name = unique("model")
    key = ResourceKey("RegisteredModel", own_space.name, name)

    async def latest() -> ManagedResource:
        found = await kube.get(key)
        assert found is not None
        return read_resource(found)

    own_space.create(manifest("RegisteredModel", name))
    await kube.patch_finalizers(key, (await latest()).metadata, ["example.com/held"])
    await kube.patch_status(key, (await latest()).metadata, {"observedGeneration": 1})
    own_space.patch("RegisteredModel", name, {"spec": {"description": "theirs"}})
    await kube.patch_status(key, (await latest()).metadata, {"observedGeneration": 2})
    own_space.delete("RegisteredModel", name)
    await kube.patch_finalizers(key, (await latest()).metadata, [])

    shown: list[Any] = []
    listed: list[Body] = []
    async with asyncio.timeout(WAIT_LIMIT), kube.open_watch_session(lambda _: None, listed.append) as session:
        parameters = {"watch": "true", "resourceVersion": since}
        async with session.get(kube.server + path, params=parameters) as response:
            async for chunk in response.content.iter_chunked(1_000_000):
                shown += [json.loads(line) for line in chunk.splitlines()]
                if shown[-1]["type"] == "DELETED":
                    break
    await kube.aclose()
    assert [event["type"] for event in shown] == ["ADDED", "MODIFIED", "MODIFIED", "DELETED"]
    edited, deleted = (event["object"] for event in shown[1:3])
    assert (edited["spec"]["description"], edited["metadata"]["generation"]) == ("theirs", 2)
    assert "deletionTimestamp" in deleted["metadata"]
