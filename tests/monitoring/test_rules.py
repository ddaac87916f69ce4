"""promtool's tests of the alerts: ``alerts.yaml``, on the rules that the chart renders."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from devcluster import charttools
from tests.chart.helm import Helm, the
from tests.chart.installed import NAME
from tests.monitoring.monitored import MONITORING

TESTS = Path(__file__).with_name("alerts.yaml")


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rules of the chart, as a file of Prometheus, with their tests beside it."""
    folder = tmp_path_factory.mktemp("rules")
    helm = Helm(charttools.ensure()["helm"], folder / "helm")
    values = {"fullnameOverride": NAME, "registry": {"url": "http://registry:8080"}, **MONITORING}
    (folder / "rules.yaml").write_text(yaml.safe_dump(the(helm.manifests(values), "PrometheusRule")["spec"]))
    (folder / TESTS.name).write_text(TESTS.read_text())
    return folder / "rules.yaml"


def test_prometheus_accepts_the_rules(promtool: Path, rules: Path) -> None:
    _run(promtool, "check", "rules", "--lint=all", "--lint-fatal", rules)


def test_each_alert_fires_after_its_time_and_only_then(promtool: Path, rules: Path) -> None:
    _run(promtool, "test", "rules", rules.with_name(TESTS.name))


def test_each_alert_has_a_test_with_and_one_without_the_fault(rules: Path) -> None:
    tested: dict[str, set[bool]] = {}
    for test in yaml.safe_load(TESTS.read_text())["tests"]:
        for case in test["alert_rule_test"]:
            tested.setdefault(case["alertname"], set()).add("exp_alerts" in case)
    (group,) = yaml.safe_load(rules.read_text())["groups"]
    assert tested == {rule["alert"]: {True, False} for rule in group["rules"]}


def _run(*command: Any) -> None:
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
