"""Each query of the dashboard has data in a real Prometheus, once what it shows has happened."""

import asyncio
import json
import math
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from devcluster.prometheus import Prometheus
from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from registrar.api.meta import OWNER_PROPERTY
from tests.chart.helm import CHART, the
from tests.chart.installed import NAME, RELEASE
from tests.monitoring.monitored import OWNER, Installation, target
from tests.support.fault_proxy import Fault
from tests.support.fixtures import operator_arguments
from tests.support.loopback import Reply
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Namespace, has_reason, manifest
from tests.support.waiting import wait_until

DASHBOARD = json.loads((CHART / "files" / "dashboard.json").read_text())
TARGETS = [
    pytest.param(target["expr"], id=f"{panel['title']}-{target['refId']}")
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
]
VARIABLES = {one["name"]: one["query"] for one in DASHBOARD["templating"]["list"] if one["type"] == "query"}
RATE_INTERVAL = "1m"
"""What Grafana makes of ``$__rate_interval`` for a scrape every 15 seconds."""
KIND = "RegisteredModel"


@pytest.fixture(scope="module")
def prometheus(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Prometheus, while everything that the dashboard shows happens to one pod."""
    asyncio.run(_leave_behind(installation.site.registry_url))
    space, shared = (installation.site.space(name) for name in ("shown", "shared"))
    other = OperatorProcess(
        operator_arguments(installation.site.registry_url, shared), tmp_path_factory.mktemp("other") / "operator.log"
    )
    with installation.prometheus() as started, installation.pod() as pod:
        other.start()
        shared.apply(manifest(KIND, "theirs"))
        shared.ready(KIND, "theirs")
        pod.start()
        started.scrape(target(pod))
        try:
            _happen(installation, started, space)
            yield started
        finally:
            installation.proxy.heal()
            other.stop()


def _happen(installation: Installation, prometheus: Prometheus, space: Namespace) -> None:
    """Let resources be created, fail, wait, drift and be corrected."""
    _wait_above_zero(prometheus, "count_over_time(registrar_build_info[1m])")
    space.apply(manifest(KIND, "invalid", customProperties={"model-registrar.dev/x": 1}))
    space.wait(KIND, "invalid", has_reason("InvalidSpec"))
    space.apply(manifest(KIND, "drifts", description="by git"))
    entry_id = space.ready(KIND, "drifts")["status"]["id"]
    installation.proxy.script = lambda received: Reply(500, "no") if received.method == "POST" else None
    space.apply(manifest(KIND, "late"))
    _wait_above_zero(prometheus, "registrar_workqueue_retries_total")
    installation.proxy.heal()
    space.ready(KIND, "late")
    asyncio.run(_edit(installation.site.registry_url, "drifts", entry_id))
    _wait_above_zero(prometheus, "sum(registrar_drift_corrected_total)")
    installation.proxy.script = lambda received: Fault.STALL_BEFORE if received.method == "POST" else None
    space.apply(*(manifest(KIND, f"stalled-{number}") for number in range(8)))
    for busy in ("depth", "longest_running_processor_seconds"):
        _wait_above_zero(prometheus, f"registrar_workqueue_{busy}")
    installation.proxy.heal()


@pytest.mark.parametrize("query", TARGETS)
def test_each_query_shows_what_has_happened(prometheus: Prometheus, query: str) -> None:
    wait_until(lambda: any(value > 0 for value in _shown(prometheus, query)), f"nothing for {query}")


@pytest.mark.parametrize(("variable", "values"), [("namespace", [RELEASE]), ("service", [f"{NAME}-metrics"])])
def test_each_variable_has_its_values(prometheus: Prometheus, variable: str, values: list[str]) -> None:
    found = re.fullmatch(r"label_values\((.*), (\w+)\)", VARIABLES[variable])
    assert found is not None
    assert prometheus.get(f"label/{found[2]}/values", **{"match[]": _filled(found[1])}) == values


def test_a_panel_without_trouble_says_so() -> None:
    """A query that only lists trouble is empty in a healthy installation, for which Grafana prints "No data"."""
    lists_trouble = [panel for panel in DASHBOARD["panels"] if any("> 0" in t["expr"] for t in panel["targets"])]
    assert [panel["fieldConfig"]["defaults"].get("noValue") for panel in lists_trouble] == ["0"]


def test_the_chart_installs_this_dashboard(installation: Installation) -> None:
    installed = the(installation.rendered, "ConfigMap")["data"]["model-registrar.json"]
    assert json.loads(installed)["panels"] == DASHBOARD["panels"]


def _shown(prometheus: Prometheus, query: str) -> list[float]:
    """The values of a query in the last ten minutes, as a panel draws them."""
    now = time.time()
    result: list[dict[str, Any]] = prometheus.get(
        "query_range", query=_filled(query), start=str(now - 600), end=str(now), step="1"
    )["result"]
    values = [float(value) for series in result for _, value in series["values"]]
    return [value for value in values if math.isfinite(value)]


def _filled(query: str) -> str:
    """The query with the variables as Grafana fills them in for "All"."""
    everything = {"$namespace": f"({RELEASE})", "$service": f"({NAME}-metrics)", "$__rate_interval": RATE_INTERVAL}
    for name, value in everything.items():
        query = query.replace(name, value)
    assert "$" not in query
    return query


def _wait_above_zero(prometheus: Prometheus, query: str) -> None:
    def value() -> float:
        result = prometheus.get("query", query=query)["result"]
        return max((float(series["value"][1]) for series in result), default=0)

    wait_until(lambda: value() > 0, f"nothing for {query}")


async def _leave_behind(registry_url: str) -> None:
    """Register an entry with the stamp of a resource that does not exist."""
    stamp = {OWNER_PROPERTY: f"created:{OWNER}/shown/gone"}
    async with ModelRegistryAPIClient.connect(registry_url) as client:
        await client.upsert_registered_model(RegisteredModel("orphan", custom_properties=stamp))


async def _edit(registry_url: str, name: str, entry_id: str) -> None:
    async with ModelRegistryAPIClient.connect(registry_url) as client:
        await client.upsert_registered_model(RegisteredModel(name, id=entry_id, description="by hand"))
