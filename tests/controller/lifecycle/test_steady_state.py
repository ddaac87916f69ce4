"""A resource in sync costs no write to either server: not at a restart, nor when someone edits its metadata."""

import json
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import RegistryEntry
from tests.env.registry import EmbeddedServers
from tests.support.api_server_proxy import proxy_to_api_server
from tests.support.fault_proxy import FaultProxy, proxy_to
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Received
from tests.support.probes import Probes, probes_of
from tests.support.resources import PLURALS, WAIT_LIMIT, Manifest, Namespace, manifest

CHAINS = 70
READS = {"GET", "HEAD"}


def _chain(name: str) -> list[Manifest]:
    """Return a model with an alias, a version with a document, and an artifact, with the usual fields."""
    properties = {"team": "fraud", "accuracy": 0.97, "rounds": 3, "reviewed": True}
    document = {"name": "card", "uri": "https://docs.example/card"}
    return [
        manifest(
            "RegisteredModel",
            name,
            description="d",
            owner="o",
            customProperties=properties,
            aliases={"champion": name},
        ),
        manifest("ModelVersion", name, registeredModelRef={"name": name}, author="a", docArtifacts=[document]),
        manifest("ModelArtifact", name, modelVersionRef={"name": name}, uri="s3://b/m", modelFormatName="onnx"),
    ]


def _resources(space: Namespace) -> dict[tuple[str, str], Manifest]:
    """Return all resources of the namespace, by kind and name."""
    found = space.cluster.run_kubectl("get", ",".join(PLURALS.values()), "--namespace", space.name, "-o", "json")
    return {
        (resource["kind"], resource["metadata"]["name"]): resource for resource in json.loads(found.stdout)["items"]
    }


def _wait_for_reconciles(seen: Probes, before: Mapping[str, float], number: int) -> None:
    """Wait until so many more reconciles have ended, and none is left."""
    deadline = time.monotonic() + 3 * WAIT_LIMIT
    while True:
        now = seen.metrics()
        ended = sum(
            value - before.get(name, 0) for name, value in now.items() if name.startswith("registrar_reconcile_total")
        )
        if ended >= number and now["registrar_workqueue_depth{registry=flags}"] == now["registrar_active_workers"] == 0:
            return
        assert time.monotonic() < deadline, f"{ended} of {number} reconciles"
        time.sleep(0.1)


def _writes(*proxies: FaultProxy) -> list[str]:
    """Return the writes through these proxies, to the registry and to the API server."""
    return [
        f"{request.method} {request.path}"
        for proxy in proxies
        for request in proxy.received
        if request.method not in READS
    ]


async def _entries(registry_url: str) -> list[RegistryEntry]:
    """Return all entries of the registry; every write moves an entry's update time, even one that changes nothing."""
    async with ModelRegistryAPIClient.connect(registry_url) as registry:
        models = await registry.get_registered_models()
        return [*models, *await registry.get_model_versions(), *await registry.get_artifacts()]


@pytest.mark.timeout(300)
async def test_two_hundred_resources_in_sync_cost_no_write(
    own_space: Namespace,
    start_operator: StartOperator,
    embedded_registry: EmbeddedServers,
    unique: Unique,
    tmp_path: Path,
) -> None:
    names = [f"{unique('chain')}-{number:03}" for number in range(CHAINS)]
    url = embedded_registry().url
    with proxy_to_api_server(own_space.cluster, tmp_path) as api_server_proxy, proxy_to(url) as registry:
        flags = ("--probe-port=0", "--feed-interval=0.5", api_server_proxy.kubeconfig_flag)
        operator = start_operator(registry.url, own_space, *flags)
        own_space.apply(*(resource for name in names for resource in _chain(name)))
        for name in names:
            for kind in PLURALS:
                own_space.ready(kind, name)
        _wait_for_reconciles(probes_of(operator), {}, 3 * CHAINS)
        resources, entries = _resources(own_space), await _entries(url)
        assert (len(resources), len(entries)) == (3 * CHAINS, 4 * CHAINS)

        operator.stop()
        for proxy in (api_server_proxy, registry):
            proxy.received.clear()
        operator.start()
        operator.wait_for_log("Probes and metrics are served at", times=2)
        seen = probes_of(operator)
        _wait_for_reconciles(seen, {}, 3 * CHAINS)
        assert _writes(api_server_proxy, registry) == [], "a restart"
        # The lists: a page and the latest change of each family of entries, and the polls of the feed.
        assert not [request for request in registry.received if _names_an_entry(request)], "a restart costs list pages"
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
            assert _writes(api_server_proxy, registry) == [], what
        after = _resources(own_space)
        assert {key: resource["status"] for key, resource in after.items()} == {
            key: resource["status"] for key, resource in resources.items()
        }
        assert await _entries(url) == entries


def _names_an_entry(received: Received) -> bool:
    """Return whether the request is for one entry, by its ID or name."""
    return received.route.endswith("/registered_model") or received.route.rsplit("/", 1)[-1].isdecimal()
