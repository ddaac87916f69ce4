"""What an entry that the registry does not take back stops: nothing but its own release."""

import copy
import dataclasses
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelArtifact, ModelVersion, RegisteredModel
from registrar.api.bodies import key_of
from registrar.api.meta import FINALIZER
from registrar.reconcile.context import Context
from registrar.reconcile.pipeline import reconcile
from registrar.workqueue.queue import DONE
from tests.support.fault_proxy import FaultProxy, proxy_to
from tests.support.fixtures import Unique
from tests.support.loopback import LoopbackServer, Received, Reply, serving
from tests.unit.build import body, context_of, stamp

PROTO = {"metadataType": "MetadataProtoValue", "type": "t", "proto_value": "eA=="}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def applied() -> dict[str, Any]:
    """The version as the API server has it."""
    return {}


@pytest.fixture
def api_server(applied: dict[str, Any]) -> Iterator[LoopbackServer]:
    """An API server with one version."""

    def answer(received: Received) -> Reply:
        if received.method == "POST":
            return Reply(201, received.json, JSON)
        if received.method != "PATCH":
            return Reply(404, {"reason": "NotFound", "message": "not found"})
        for part in ("metadata", "status"):
            applied[part].update(received.json.get(part, {}))
        applied["metadata"]["resourceVersion"] = str(int(applied["metadata"]["resourceVersion"]) + 1)
        return Reply(body=applied, headers=JSON)

    with serving(answer) as server:
        yield server


@pytest.fixture
def registry_proxy(registry_url: str) -> Iterator[FaultProxy]:
    """The registry, which shows a property of a type that it does not take back on the artifact ``old``."""

    def answer(received: Received) -> Reply | None:
        if received.method != "GET":
            return None
        with httpx.Client(base_url=registry_url, trust_env=False, timeout=30) as http:
            data = http.get(received.path).json()
        for entry in data.get("items", [data]):
            if entry.get("name") == "old":
                entry.setdefault("customProperties", {})["wire"] = PROTO
        return Reply(body=data, headers=JSON)

    with proxy_to(registry_url, answer) as proxy:
        yield proxy


@pytest.fixture
async def context(registry_proxy: FaultProxy, api_server: LoopbackServer) -> AsyncIterator[Context]:
    async with context_of(registry_url=registry_proxy.url, kubernetes_url=api_server.url) as context:
        settings = context.settings.model_copy(update={"handover_grace": 0.0})
        context.memory.cache.synced.set()
        yield dataclasses.replace(context, settings=settings)


@pytest.fixture
async def version(
    registry: ModelRegistryAPIClient, registry_proxy: FaultProxy, applied: dict[str, Any], unique: Unique
) -> dict[str, Any]:
    """A version that the operator created with the artifact ``old``, and whose spec has ``new`` instead by now."""
    name = unique("v")
    model = await registry.upsert_registered_model(RegisteredModel(unique("m")))
    owned = ModelVersion(name, custom_properties=stamp(reference=f"team/{name}"))
    entry = await registry.upsert_model_version(owned, str(model.id))
    old = ModelArtifact("old", uri="s3://b/old", custom_properties=stamp(reference=f"team/{name}#old"))
    artifact = await registry.upsert_model_version_artifact(old, str(entry.id))
    status = {
        "observedGeneration": 1,
        "syncedGeneration": 1,
        "id": entry.id,
        "createTimeSinceEpoch": entry.create_time_since_epoch,
        "origin": "Created",
        "parentId": model.id,
        "registryUrl": registry_proxy.url,
        "artifacts": [{"name": "old", "type": "model-artifact", "id": artifact.id, "origin": "Created"}],
    }
    reference = {"external": {"id": model.id}}
    artifacts = [{"name": "new", "uri": "s3://b/new"}]
    applied |= body(
        "ModelVersion", name, generation=2, status=status, registeredModelRef=reference, artifacts=artifacts
    )
    applied["metadata"]["finalizers"] = [FINALIZER]
    return applied


def left_by(api_server: LoopbackServer) -> list[tuple[str, str]]:
    """The Events about entries that were left, each with its type and message."""
    events = [received.json for received in api_server.received if "/events" in received.route]
    return [(event["type"], event["message"]) for event in events if event.get("reason") == "EntryLeft"]


async def test_an_artifact_that_leaves_the_spec_does_not_stop_its_version(
    registry: ModelRegistryAPIClient,
    context: Context,
    api_server: LoopbackServer,
    version: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    await context.registry.load()
    with caplog.at_level(logging.INFO, "registrar"):
        for _ in range(3):
            context.memory.keep(copy.deepcopy(version))
            assert await reconcile(key_of(version), context) == DONE
    names = {artifact.name for artifact in await registry.get_model_version_artifacts(version["status"]["id"])}
    assert names == {"old", "new"}
    assert [condition["reason"] for condition in version["status"]["conditions"]] == ["Synced"]
    assert [artifact["name"] for artifact in version["status"]["artifacts"]] == ["new"]
    # Once: neither the next reconcile nor a raised count reports it again.
    ((kind, message),) = left_by(api_server)
    assert (kind, "'wire'" in message) == ("Warning", True)
    assert [record.levelname for record in caplog.records if message in record.message] == ["INFO"]


async def test_a_deletion_leaves_the_artifact_and_archives_the_version(
    registry: ModelRegistryAPIClient,
    context: Context,
    api_server: LoopbackServer,
    version: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    await context.registry.load()
    version["metadata"]["deletionTimestamp"] = "2026-11-23T12:00:00Z"
    context.memory.keep(copy.deepcopy(version))
    with caplog.at_level(logging.INFO, "registrar"):
        assert await reconcile(key_of(version), context) == DONE
    assert version["metadata"]["finalizers"] == []
    entry = await registry.get_model_version_by_id(version["status"]["id"])
    assert entry is not None
    assert entry.state == "ARCHIVED"
    ((_, message),) = left_by(api_server)
    assert [record.levelname for record in caplog.records if message in record.message] == ["INFO"]
