"""What is in sync costs no write, to either side: not at a restart, nor when somebody touches it."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from devcluster.embedded_registry import EmbeddedRegistry
from model_registry import ModelRegistryAPIClient
from model_registry.types import RegistryEntry
from tests.support.fixtures import Unique
from tests.support.flaky import FlakyProxy, between
from tests.support.front import before_apiserver
from tests.support.loopback import Received
from tests.support.operator_process import OperatorProcess
from tests.support.probed import Probed, probed
from tests.support.resources import PLURALS, WAIT_LIMIT, Manifest, Namespace, manifest

CHAINS = 70
READS = {"GET", "HEAD"}


def _chain(name: str) -> list[Manifest]:
    """A model, a version with a document, and an artifact, with what a user writes."""
    properties = {"team": "fraud", "accuracy": 0.97, "rounds": 3, "reviewed": True}
    document = {"name": "card", "uri": "https://docs.example/card"}
    return [
        manifest("RegisteredModel", name, description="d", owner="o", customProperties=properties),
        manifest("ModelVersion", name, registeredModelRef={"name": name}, author="a", docArtifacts=[document]),
        manifest("ModelArtifact", name, modelVersionRef={"name": name}, uri="s3://b/m", modelFormatName="onnx"),
    ]


def _resources(space: Namespace) -> dict[tuple[str, str], Manifest]:
    """All resources of the namespace as they are."""
    found = space.cluster.run_kubectl("get", ",".join(PLURALS.values()), "--namespace", space.name, "-o", "json")
    return {(one["kind"], one["metadata"]["name"]): one for one in json.loads(found.stdout)["items"]}


def _wait_for_reconciles(seen: Probed, before: Mapping[str, float], number: int) -> None:
    """Wait until so many reconciles more have ended, and none is left."""
    deadline = time.monotonic() + 3 * WAIT_LIMIT
    while True:
        now = seen.metrics()
        ended = sum(
            value - before.get(name, 0) for name, value in now.items() if name.startswith("registrar_reconcile_total")
        )
        if ended >= number and now["registrar_workqueue_depth"] == now["registrar_active_workers"] == 0:
            return
        assert time.monotonic() < deadline, f"{ended} of {number} reconciles"
        time.sleep(0.1)


def _writes(*proxies: FlakyProxy) -> list[str]:
    """What was written through these proxies, to the registry and to the API server."""
    return [f"{one.method} {one.path}" for proxy in proxies for one in proxy.received if one.method not in READS]


async def _entries(registry_url: str) -> list[RegistryEntry]:
    """All entries of the registry; an entry's update time tells of every write, even one that changes nothing."""
    async with ModelRegistryAPIClient.connect(registry_url) as registry:
        models = await registry.get_registered_models()
        return [*models, *await registry.get_model_versions(), *await registry.get_artifacts()]


@pytest.mark.timeout(300)
async def test_two_hundred_resources_in_sync_cost_no_write(
    own_space: Namespace,
    own_operator: Callable[..., OperatorProcess],
    embedded_registry: Callable[..., EmbeddedRegistry],
    unique: Unique,
    tmp_path: Path,
) -> None:
    names = [f"{unique('chain')}-{number:03}" for number in range(CHAINS)]
    url = embedded_registry().url
    with before_apiserver(own_space.cluster, tmp_path) as front, between(url) as registry:
        flags = ("--probe-port=0", "--feed-interval=0.5", front.argument)
        operator = own_operator(registry.url, own_space, *flags)
        own_space.apply(*(one for name in names for one in _chain(name)))
        for name in names:
            for kind in PLURALS:
                own_space.ready(kind, name)
        _wait_for_reconciles(probed(operator), {}, 3 * CHAINS)
        resources, entries = _resources(own_space), await _entries(url)
        assert (len(resources), len(entries)) == (3 * CHAINS, 4 * CHAINS)

        operator.stop()
        for proxy in (front.proxy, registry):
            proxy.received.clear()
        operator.start()
        operator.wait_for_log("Probes and metrics are served at", times=2)
        seen = probed(operator)
        _wait_for_reconciles(seen, {}, 3 * CHAINS)
        assert _writes(front.proxy, registry) == [], "a restart"
        # A page for each family of entries, one for where its changes begin, and what the feed asks meanwhile.
        assert not [one for one in registry.received if _names_an_entry(one)], "a restart costs list pages"
        assert _resources(own_space) == resources

        for what, arguments in {
            "a label": ("label", "--overwrite", "touched=yes"),
            "Argo CD's refresh": ("annotate", "--overwrite", "argocd.argoproj.io/refresh=normal"),
        }.items():
            before = seen.metrics()
            verb, *values = arguments
            own_space.cluster.run_kubectl(
                verb, ",".join(PLURALS.values()), "--all", "--namespace", own_space.name, *values
            )
            _wait_for_reconciles(seen, before, 3 * CHAINS)
            assert _writes(front.proxy, registry) == [], what
        after = _resources(own_space)
        assert {place: one["status"] for place, one in after.items()} == {
            place: one["status"] for place, one in resources.items()
        }
        assert await _entries(url) == entries


def _names_an_entry(received: Received) -> bool:
    """Whether one entry was asked for, by its ID or name."""
    place = received.path.partition("?")[0]
    return place.endswith("/registered_model") or place.rsplit("/", 1)[-1].isdecimal()
