"""A resource that no longer exists is forgotten everywhere, and the resources that depended on it run again."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import pytest

from model_registry import ModelRegistryAPIClient
from registrar.api.bodies import Body, ResourceKey
from registrar.api.meta import ObjectMeta
from registrar.app.connection import Process, Served
from registrar.app.connections import Connections
from registrar.cluster.client import KubernetesAPI
from registrar.cluster.login import log_in
from registrar.cluster.relist import relist
from registrar.fencing import Leadership, WriteFence
from registrar.kinds.base import Claim
from registrar.reconcile import pipeline
from registrar.reconcile.context import Context
from registrar.reconcile.external_id_waits import ExternalIdWait
from registrar.reconcile.memory import Memory
from registrar.registries.kubeflow.backend import KubeflowBackend
from registrar.registries.registry import Registry
from registrar.reporting.outcome import EventNote, Facts, OperationResult, Outcome
from registrar.settings import FROM_FLAGS, Settings
from registrar.telemetry.metrics import Metrics
from registrar.workqueue.queue import Result
from tests.support.fixtures import Unique
from tests.support.resources import Namespace, has_reason, manifest
from tests.support.waiting import wait_until

COLLABORATORS = {"_queue", "_leave", "_monotonic"}
"""Attributes of a memory that are no indexes of resources that exist."""


WAITED_FOR = ResourceKey("RegisteredModel", "elsewhere", "holder")


class Operator:
    """The operator with one registry, with workers and without a watch: the test shows it resources.

    Attributes:
        namespace: the namespace of its resources.
        reconciled: the resources that it has reconciled, in that order.
    """

    def __init__(
        self,
        namespace: str,
        kube: KubernetesAPI,
        parts: Connections,
        memory: Memory,
        reconciled: list[ResourceKey],
    ) -> None:
        self.namespace = namespace
        self.kube = kube
        self.reconciled = reconciled
        self.parts = parts
        self.memory = memory

    def key(self, kind: str, name: str) -> ResourceKey:
        """Return the key of a resource of the namespace."""
        return ResourceKey(kind, self.namespace, name)

    async def see(self, key: ResourceKey) -> Body:
        """Show a resource to the operator, as the watch does; returns it."""
        body = await self.kube.get(key)
        assert body is not None
        self.parts.on_change(body)
        return dict(body)

    async def relist(self) -> None:
        """List all resources, as each resync does."""
        await relist(self.parts, self.parts, self.kube, (self.namespace,))


@pytest.fixture
async def operator(own_space: Namespace, registry_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Operator]:
    monkeypatch.setenv("KUBECONFIG", str(own_space.cluster.kubeconfig))
    reconciled, run = list[ResourceKey](), pipeline.run

    async def recorded(key: ResourceKey, context: Context) -> Result:
        result = await run(key, context)
        reconciled.append(key)
        return result

    monkeypatch.setattr(pipeline, "run", recorded)
    leadership, metrics = Leadership.without_rivals(), Metrics()
    settings = Settings(
        registry_url=registry_url, owner_id=f"tests/{own_space.name}", namespaces=(own_space.name,), workers=1
    )
    kube = KubernetesAPI(log_in(), WriteFence(leadership, metrics.to_kubernetes))
    async with ModelRegistryAPIClient.connect(registry_url) as client:
        process = Process(settings, kube, leadership, metrics.reconciles)
        parts = Connections(lambda _: FROM_FLAGS, process, metrics.queue)
        registry = Registry(KubeflowBackend(client), registry_url, settings.owner_id)
        monitor = metrics.of_registry(FROM_FLAGS)
        parts.serve(Served(registry, monitor, WriteFence(leadership, monitor.requests))).begin.set()
        await registry.load()
        parts.queue.start()
        # The test shows it all resources.
        parts.synced.set()
        parts.on_synced()
        (connection,) = parts.all()
        yield Operator(own_space.name, kube, parts, connection.context.memory, reconciled)
        await parts.queue.drain(10)
    await kube.aclose()
    # A socket is closed one turn of the loop after its connection.
    await asyncio.sleep(0)


def _mentions(value: object, key: ResourceKey) -> bool:
    """Return whether a value is a key, or holds it at any depth."""
    if value == key:
        return True
    if isinstance(value, Mapping):
        return any(_mentions(part, key) for pair in value.items() for part in pair)
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(_mentions(part, key) for part in value)
    if dataclasses.is_dataclass(value):
        return any(_mentions(getattr(value, field.name), key) for field in dataclasses.fields(value))
    if type(value).__module__.startswith("registrar."):
        return any(_mentions(part, key) for part in vars(value).values())
    return False


def _indexes_with(memory: Memory, key: ResourceKey) -> set[str]:
    """Return the names of the memory's indexes that hold a key."""
    indexes = {name: index for name, index in vars(memory).items() if name not in COLLABORATORS}
    return {name for name, index in indexes.items() if _mentions(index, key)}


def _fill_transient_indexes(operator: Operator, key: ResourceKey, body: Body, claim: Claim) -> None:
    """Put a resource into the indexes that hold only what is under way: an outcome, a wait, a correction, a failure."""
    memory, now = operator.memory, time.monotonic()
    memory.unreported.join(key, body["metadata"]["uid"], Outcome(Facts(), operation=OperationResult.CREATED))
    memory.note_readiness({**body, "status": {}})
    memory.events.correlate(key, ObjectMeta.model_validate(body["metadata"]), EventNote("m", "m"), datetime.now(UTC))
    memory.waited(key)
    memory.leaving(key, None)
    memory.report_hold(key)
    memory._unclaimed.add(key)
    memory.external_ids.begin(ExternalIdWait(key, None, WAITED_FOR, None, "7", "x"))
    memory.sync_waits.begin(key)
    memory.corrections.record(claim, ["description"], now)
    memory.losses.notice(claim, now)
    operator.parts.queue._failures[key] = 3


@pytest.mark.parametrize("is_missed", [True, False], ids=["missed by the watch", "shown by the watch"])
async def test_a_deleted_resource_is_forgotten_everywhere(
    own_space: Namespace,
    operator: Operator,
    unique: Unique,
    is_missed: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    model, gone = operator.key("RegisteredModel", "model"), operator.key("ModelVersion", "gone")
    rival, child = operator.key("ModelVersion", "rival"), operator.key("ModelArtifact", "child")
    spec = {"registeredModelRef": {"name": "model"}, "name": "1.0", "deletionPolicy": "Orphan"}
    own_space.apply(
        manifest("RegisteredModel", "model", name=unique("model")),
        manifest("ModelVersion", "gone", **spec),
        manifest("ModelVersion", "rival", **spec),
        manifest("ModelArtifact", "child", uri="s3://b/c", modelVersionRef={"name": "gone"}),
    )
    for key in (model, gone, child):
        await operator.see(key)
        await asyncio.to_thread(own_space.ready, key.kind, key.name)
    await operator.see(rival)
    await asyncio.to_thread(own_space.wait, rival.kind, rival.name, has_reason("NameConflict"))
    body = await operator.see(gone)
    (claim,) = operator.memory.claims.claims_of(gone)
    _fill_transient_indexes(operator, gone, body, claim)
    indexes = {name for name in vars(operator.memory) if name not in COLLABORATORS}
    # Two know entries and not resources; the third has resources that vanished before they were finalized.
    others = {"corrections", "losses", "departures"}
    assert _indexes_with(operator.memory, gone) == indexes - others, "every index by resource is filled"
    assert claim in operator.memory.corrections
    assert claim in operator.memory.losses

    own_space.delete(gone.kind, gone.name)
    own_space.wait_gone(gone.kind, gone.name)
    operator.reconciled.clear()
    if is_missed:
        await operator.relist()
    else:
        operator.parts.on_delete(body)
    assert _indexes_with(operator.memory, gone) == {"dependencies"}
    assert operator.memory.dependencies.children(gone) == {child}, "only the child still refers to it"
    assert gone not in operator.memory.dependencies
    assert claim not in operator.memory.corrections
    assert claim not in operator.memory.losses
    assert operator.parts.queue.failures(gone) == 0
    both = {rival, child}
    await asyncio.to_thread(wait_until, lambda: both <= set(operator.reconciled), "rival and child did not run again")
    successor = await asyncio.to_thread(own_space.ready, rival.kind, rival.name)
    assert successor["status"]["id"] == body["status"]["id"]
