"""Each alert fires in its fault: the fault happens to a running operator, and Prometheus evaluates the chart's rules.

No test waits for the time that an alert has to last: here it is pending, and test_rules.py shows that it then fires.
"""

import asyncio
import datetime as dt
import json
from collections.abc import Iterator

import pytest

from devcluster.prometheus import Prometheus
from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from tests.chart.installed import NAME, RELEASE
from tests.chart.pod import Pod
from tests.monitoring.monitored import Installation, target
from tests.support.fault_proxy import always
from tests.support.loopback import Received, Reply
from tests.support.resources import has_reason, manifest
from tests.support.waiting import wait_until

BROKEN = Reply(500, {"code": "Internal", "message": "out of connections"})
ENTRIES = 25
"""More than an alert about drift allows in an hour."""


@pytest.fixture
def prometheus(installation: Installation) -> Iterator[Prometheus]:
    with installation.prometheus() as started:
        yield started


@pytest.fixture
def pod(installation: Installation, prometheus: Prometheus) -> Iterator[Pod]:
    """A pod that is scraped as soon as it runs."""
    with installation.pod() as found:
        prometheus.scrape(target(found))
        yield found
        installation.proxy.heal()


def _wait_for(prometheus: Prometheus, alert: str) -> dict[str, str]:
    """Wait until an alert is active; returns its labels."""
    wait_until(lambda: alert in prometheus.alerts(), f"{alert} is not active")
    labels: dict[str, str] = prometheus.alerts()[alert]["labels"]
    return labels


def _wait_for_silence(prometheus: Prometheus, alert: str) -> None:
    """Wait until the operator has been scraped twice, and the alert is not active."""
    wait_until(lambda: _value(prometheus, "count_over_time(registrar_build_info[5m])") >= 2, "it is not scraped")
    wait_until(lambda: alert not in prometheus.alerts(), f"{alert} is active without a fault")


def _value(prometheus: Prometheus, query: str) -> float:
    result = prometheus.get("query", query=query)["result"]
    return float(result[0]["value"][1]) if result else 0


def test_it_is_down(prometheus: Prometheus, pod: Pod) -> None:
    pod.start()
    _wait_for_silence(prometheus, "ModelRegistrarDown")
    pod.process.stop()
    assert _wait_for(prometheus, "ModelRegistrarDown")["service"] == f"{NAME}-metrics"


def test_no_replica_leads(installation: Installation, prometheus: Prometheus, pod: Pod) -> None:
    pod.start()
    _wait_for_silence(prometheus, "ModelRegistrarNoLeader")
    pod.process.stop()
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    held = {"spec": {"holderIdentity": "gone", "leaseDurationSeconds": 3600, "renewTime": now}}
    place = ("lease", NAME, "--namespace", RELEASE)
    installation.site.plane.run_kubectl("patch", *place, "--type=merge", "-p", json.dumps(held))
    pod.process.start()
    _wait_for(prometheus, "ModelRegistrarNoLeader")
    pod.process.stop()
    installation.site.plane.run_kubectl("delete", *place)


def test_two_replicas_lead(installation: Installation, prometheus: Prometheus, pod: Pod) -> None:
    """Two installations that share a name: the second one writes although the first one leads."""
    pod.start()
    _wait_for_silence(prometheus, "ModelRegistrarNoLeader")
    with installation.pod() as second:
        second.arguments.remove("--leader-election")
        second.process.start()
        prometheus.scrape(target(pod), target(second))
        _wait_for(prometheus, "ModelRegistrarNoLeader")


def test_the_registry_cannot_be_read(installation: Installation, prometheus: Prometheus, pod: Pod) -> None:
    installation.proxy.script = always(BROKEN)
    pod.process.start()
    assert _wait_for(prometheus, "ModelRegistrarRegistryUnreadable")["pod"] == pod.address
    installation.proxy.heal()
    _wait_for_silence(prometheus, "ModelRegistrarRegistryUnreadable")


def test_many_reconciles_fail(installation: Installation, prometheus: Prometheus, pod: Pod) -> None:
    space = installation.site.space("failing")
    pod.start()
    _wait_for_silence(prometheus, "ModelRegistrarReconcileErrors")
    installation.proxy.script = lambda received: BROKEN if _creates(received) else None
    space.apply(manifest("RegisteredModel", "unlucky"))
    assert _wait_for(prometheus, "ModelRegistrarReconcileErrors")["kind"] == "RegisteredModel"
    installation.proxy.heal()
    space.ready("RegisteredModel", "unlucky")


def test_a_resource_needs_manual_action(installation: Installation, prometheus: Prometheus, pod: Pod) -> None:
    space = installation.site.space("waiting")
    pod.start()
    _wait_for_silence(prometheus, "ModelRegistrarResourcesNotReady")
    space.apply(manifest("RegisteredModel", "bad", customProperties={"model-registrar.dev/x": 1}))
    space.wait("RegisteredModel", "bad", has_reason("InvalidSpec"))
    labels = _wait_for(prometheus, "ModelRegistrarResourcesNotReady")
    assert (labels["kind"], labels["reason"]) == ("RegisteredModel", "InvalidSpec")
    space.delete("RegisteredModel", "bad")
    _wait_for_silence(prometheus, "ModelRegistrarResourcesNotReady")


def test_drift_keeps_returning(installation: Installation, prometheus: Prometheus, pod: Pod) -> None:
    space = installation.site.space("drifting")
    pod.start()
    names = [f"model-{number}" for number in range(ENTRIES)]
    space.create(*(manifest("RegisteredModel", name, description="by git") for name in names))
    ids = [space.ready("RegisteredModel", name)["status"]["id"] for name in names]
    _wait_for_silence(prometheus, "ModelRegistrarDriftKeepsReturning")
    asyncio.run(_edit(installation.site.registry_url, dict(zip(names, ids, strict=True))))
    assert _wait_for(prometheus, "ModelRegistrarDriftKeepsReturning")["kind"] == "RegisteredModel"


def _creates(received: Received) -> bool:
    return received.method == "POST" and received.route.endswith("/registered_models")


async def _edit(registry_url: str, ids: dict[str, str]) -> None:
    """Change every entry by hand."""
    async with ModelRegistryAPIClient.connect(registry_url) as client:
        for name, entry_id in ids.items():
            await client.upsert_registered_model(RegisteredModel(name, id=entry_id, description="by hand"))
