"""Alerts and dashboard ask for metrics that the operator has, with labels that these have."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chart.helm import MINIMAL, Helm, the
from tests.chart.installed import site
from tests.chart.pod import Pod
from tests.chart.test_chart import SCHEMA

OF_PROMETHEUS = {"namespace", "service", "pod", "le"}
"""Labels that Prometheus or the kind of a metric brings."""
ON = "prometheusRule.enabled=true,grafanaDashboard.enabled=true"


@pytest.fixture(scope="module")
def pod(tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pod]:
    with site(tools, tmp_path_factory.mktemp("site")) as found:
        found.install(found.values())
        running = found.pod("pod")
        running.start()
        # It leads, and has read the registry.
        running.process.wait_for_log("entries of this installation")
        yield running
        running.process.stop()


@pytest.fixture(scope="module")
def expressions(helm: Helm) -> list[str]:
    """Each expression of the alerts and of the dashboard."""
    manifests = helm.manifests(MINIMAL, "--set", ON)
    (group,) = the(manifests, "PrometheusRule")["spec"]["groups"]
    dashboard = json.loads(the(manifests, "ConfigMap")["data"]["model-registrar.json"])
    targets = [target for panel in dashboard["panels"] for target in panel["targets"]]
    queries = [one["query"] for one in dashboard["templating"]["list"] if one["type"] == "query"]
    return [rule["expr"] for rule in group["rules"]] + [one["expr"] for one in targets] + queries


def test_each_metric_that_is_asked_for_exists(pod: Pod, expressions: list[str]) -> None:
    series = set(re.findall(r"^(\w+)[{ ]", pod.metrics(), re.MULTILINE))
    asked = {name for one in expressions for name in re.findall(r"\b(?:registrar|process)_\w+", one)}
    # They count resources, of which there are none.
    counts = {"registrar_managed_resources", "registrar_managed_resources_not_ready"}
    assert [f"# TYPE {name} gauge" in pod.metrics() for name in counts] == [True, True]
    assert asked - counts - series == set()
    own = {name for name in series if name.startswith("registrar_")}
    shown = {re.sub("_(bucket|count|sum)$", "", name) for name in asked}
    assert {re.sub("_(bucket|count|sum)$", "", name) for name in own} - shown == set(), "the dashboard lacks them"


def test_each_label_that_is_asked_for_exists(pod: Pod, expressions: list[str]) -> None:
    text = pod.metrics()
    labels = set(re.findall(r'[{,](\w+)="', text)) | {"ready", "reason"} | OF_PROMETHEUS
    grouped = {
        label.strip()
        for one in expressions
        for found in re.findall(r"\b(?:by|on) ?\(([^)]*)\)", one)
        for label in found.split(",")
    }
    chosen = {label for one in expressions for label in re.findall(r"[{,](\w+)=~?[\"]", one)}
    assert grouped | chosen <= labels


def test_each_alert_can_be_left_out(helm: Helm) -> None:
    rules = the(helm.manifests(MINIMAL, "--set", ON), "PrometheusRule")["spec"]["groups"][0]["rules"]
    known = SCHEMA["properties"]["prometheusRule"]["properties"]["disabledAlerts"]["items"]["enum"]
    assert sorted(known) == sorted(rule["alert"] for rule in rules)


def test_alerts_say_what_is_wrong(helm: Helm) -> None:
    for rule in the(helm.manifests(MINIMAL, "--set", ON), "PrometheusRule")["spec"]["groups"][0]["rules"]:
        assert rule["annotations"].keys() == {"summary", "runbook_url", "description"}
        assert rule["annotations"]["runbook_url"] == "https://model-registrar.dev/operations.html#alerts"
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["expr"].count("(") == rule["expr"].count(")")
