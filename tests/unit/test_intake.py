"""What the API server tells of a resource, and in which lane it makes the queue look."""

import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from registrar.api.bodies import ResourceKey
from registrar.cluster.client import ClusterLogin, KubernetesAPI
from registrar.fencing import Leadership, WriteFence
from registrar.kinds.base import Claim
from registrar.reconcile.context import Context
from registrar.reconcile.intake import forget, remember
from registrar.registries.registry import Registry
from registrar.settings import Settings
from registrar.telemetry.metrics import Metrics
from registrar.workqueue.queue import DONE, Result, WorkQueue
from tests.unit.build import body, claimant, model_key

NOBODY = "http://127.0.0.1:9"
SYNCED = {"id": "7", "observedGeneration": 1}


class Seen(WorkQueue[ResourceKey]):
    """A queue without workers that tells what was added, and how."""

    def __init__(self) -> None:
        async def process(_: ResourceKey) -> Result:
            return DONE

        super().__init__(process, workers=1)
        self.added: list[tuple[str, bool]] = []
        self.first: set[str] = set()
        self.forgotten: list[str] = []

    def add(self, key: ResourceKey, *, urgent: bool = False, front: bool = False) -> None:
        self.added.append((key.name, urgent))
        if first:
            self.first.add(key.name)

    def forget(self, key: ResourceKey) -> None:
        self.forgotten.append(key.name)


@pytest.fixture
def queue() -> Seen:
    return Seen()


@pytest.fixture
async def context(queue: Seen) -> AsyncIterator[Context]:
    leadership, metrics = Leadership(), Metrics()
    login = ClusterLogin(NOBODY, ssl.create_default_context(), {})
    kube = KubernetesAPI(login, WriteFence(leadership, metrics.to_kubernetes))
    registry = Registry(ModelRegistryAPIClient.connect(NOBODY), NOBODY, "tests")
    yield Context(Settings(registry_url=NOBODY), kube, registry, queue.add, leadership, metrics)
    await kube.aclose()


@pytest.mark.parametrize(
    ("after", "urgent"),
    [
        ({"status": {"observedGeneration": -1}}, True),
        ({"status": {**SYNCED, "conditions": []}}, False),
        ({"status": SYNCED, "generation": 2}, True),
        ({"status": SYNCED, "annotations": {"model-registrar.dev/take-over": "true"}}, True),
        ({"status": SYNCED, "uid": "uid-2"}, True),
    ],
    ids=["never looked at", "another status", "edited", "annotated", "made anew"],
)
async def test_an_edit_is_urgent_and_ends_an_old_back_off(
    context: Context, queue: Seen, after: dict[str, Any], *, urgent: bool
) -> None:
    remember(body(status=SYNCED), context, queue)
    queue.added.clear()
    queue.forgotten.clear()
    remember(body(version=2, **after), context, queue)
    assert queue.added == [("fraud", urgent)]
    if after["status"]["observedGeneration"] == 1:
        assert queue.forgotten == (["fraud"] if urgent else [])


async def test_what_a_list_brings_is_urgent_only_where_nothing_was_said_about_it(context: Context, queue: Seen) -> None:
    asked = {"model-registrar.dev/reconcile-requested-at": "now"}
    remember(body(name="new"), context, queue)
    remember(body(name="in-sync", status=SYNCED), context, queue)
    remember(body(name="refused", status={"observedGeneration": 1}), context, queue)
    remember(body(name="asked", status=SYNCED, annotations=asked), context, queue)
    answered = {**SYNCED, "lastHandledReconcileAt": "now"}
    remember(body(name="answered", status=answered, annotations=asked), context, queue)
    going = body(name="going", status=SYNCED)
    going["metadata"]["deletionTimestamp"] = "2026-11-23T12:00:00Z"
    remember(going, context, queue)
    assert queue.added == [
        ("new", True),
        ("in-sync", False),
        ("refused", False),
        ("asked", True),
        ("answered", False),
        ("going", True),
    ]


async def test_what_is_known_already_makes_nobody_look(context: Context, queue: Seen) -> None:
    remember(body(version=2, status=SYNCED), context, queue)
    remember(body(version=2, status=SYNCED), context, queue)
    remember(body(version=1, status=SYNCED), context, queue)
    assert queue.added == [("fraud", False)]


async def test_a_deletion_hurries_those_who_wait_for_it_and_not_those_who_have_their_entry(
    context: Context, queue: Seen
) -> None:
    child = ResourceKey("ModelVersion", "team", "child")
    rival = body(name="rival", status={"observedGeneration": 1})
    for one in (body(), rival, body("ModelVersion", "child", status=SYNCED)):
        remember(one, context, queue)
    claim = Claim("RegisteredModel", "", "fraud")
    context.claims.register(claim, claimant("fraud"))
    context.claims.register(claim, claimant("rival"))
    context.resources.depend(child, model_key())
    queue.added.clear()
    forget(body(), context, queue)
    assert sorted(queue.added) == [("child", False), ("rival", True)]
    assert model_key() not in context.resources
    queue.added.clear()
    forget(body(name="rival", uid="an-earlier-one"), context, queue)
    assert queue.added == []
    assert model_key("rival") in context.resources


async def test_what_waits_is_looked_at_first_when_what_it_waits_for_has_come(context: Context, queue: Seen) -> None:
    for name, status in (("waits", {"observedGeneration": 1}), ("has-its-entry", SYNCED)):
        remember(body(name=name, status=status), context, queue)
    queue.added.clear()
    context.wake([model_key("waits"), model_key("has-its-entry"), model_key("gone")])
    assert queue.added == [("waits", True), ("has-its-entry", False), ("gone", False)]
    assert "waits" in queue.first
