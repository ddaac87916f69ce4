"""The numbers and versions of the README are those of the repository."""

import json
import re
import sys
import tomllib

import pytest

from tests.docs.pages import REPOSITORY

README = (REPOSITORY / "README.md").read_text()
RESULTS = REPOSITORY / "benchmarks" / "results"


def _rows(heading: str) -> dict[str, list[str]]:
    """The rows of the table below a heading, by their first cell."""
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return {first: rest for first, *rest in cells}


@pytest.mark.parametrize(
    ("program", "file", "pattern"),
    [
        ("Kubernetes", "devcluster/go/go.mod", r"k8s\.io/kubernetes v(\d+\.\d+)"),
        ("Helm", "devcluster/go-chart/go.mod", r"helm\.sh/helm/v4 v(\d+\.\d+)"),
        ("Argo CD", "devcluster/go-argocd/go.mod", r"argo-cd/v3 v(\d+\.\d+)"),
        ("Prometheus", "devcluster/go-prometheus/go.mod", r"prometheus/prometheus v0\.(\d+)"),
    ],
)
def test_the_tested_versions_are_those_that_the_tests_build(program: str, file: str, pattern: str) -> None:
    (version,) = set(re.findall(pattern, (REPOSITORY / file).read_text()))
    if program == "Prometheus":  # Its module v0.315 is release 3.15.
        version = f"{version[0]}.{version[1:].removeprefix('0')}"
    assert _rows("Tested versions")[program][0] == version


def test_the_tested_python_is_the_oldest_one() -> None:
    """That is the one of every run on one machine; only workflows try newer ones."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    oldest = project["requires-python"].removeprefix(">=")
    if sys.version_info[:2] != tuple(map(int, oldest.split("."))):
        pytest.skip(f"this is a newer Python than {oldest}")
    assert _rows("Tested versions")["Python"][0] == f"{sys.version_info.major}.{sys.version_info.minor}"


def test_the_oldest_kubernetes_is_the_one_that_the_chart_accepts() -> None:
    chart = (REPOSITORY / "charts" / "model-registrar" / "Chart.yaml").read_text()
    (oldest,) = re.findall(r'^kubeVersion: ">=(\d+\.\d+)\.0-0"$', chart, re.MULTILINE)
    assert f"accepts {oldest} and newer" in _rows("Tested versions")["Kubernetes"][1]


def test_the_rates_are_those_of_the_kept_results() -> None:
    rates = _rows("How it compares")["new entries per second"]
    client = json.loads((RESULTS / "client-real.json").read_text())
    creates = [row["cells"]["ours"]["calls_per_second"] for row in client["rows"] if row["operation"] == "create"]
    assert rates[0] == _range(creates)
    operator = json.loads((RESULTS / "operator-embedded.json").read_text())
    filled = [(run["operator"], run["filled"]["entries_per_second"]) for run in operator["runs"] if run["filled"]]
    assert rates[-1] == _range([rate for name, rate in filled if name == "ours"])
    assert f"reaches {_range([rate for name, rate in filled if name == 'textbook'])} entries" in " ".join(
        README.split()
    )


def _range(values: list[float]) -> str:
    assert values
    return f"{min(values):.0f} to {max(values):.0f}"
