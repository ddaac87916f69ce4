"""What can be said of the chart without a cluster."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from devcluster import charttools
from registrar.api.tenants import read_tenants
from registrar.kinds.table import DEFINED
from tests.chart.helm import CHART, MINIMAL, VALUES, Helm, HelmError, documents, of_kind

REPOSITORY = Path(__file__).parents[2]
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
DEFAULTS = yaml.safe_load((CHART / "values.yaml").read_text())
METADATA = yaml.safe_load((CHART / "Chart.yaml").read_text())
GIVEN_BY_HELM = {"global", "enabled"}
"""Values that only charts have that depend on this one."""


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_lint_finds_nothing(helm: Helm, values: Path) -> None:
    assert "1 chart(s) linted, 0 chart(s) failed" in helm.run("lint", "--strict", CHART, "--values", values)


def test_unit_tests_of_the_templates_pass(tools: dict[str, Path]) -> None:
    result = subprocess.run(
        [tools["helm-unittest"], "--color=false", "--strict", CHART], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    suites = len(list((CHART / "tests").glob("*_test.yaml")))
    assert suites
    assert f"Test Suites: {suites} passed, {suites} total" in result.stdout


def test_readme_is_what_helm_docs_makes_of_the_values(tools: dict[str, Path], tmp_path: Path) -> None:
    """`make chart-readme` fixes it."""
    copy = tmp_path / "model-registrar"
    shutil.copytree(CHART, copy)
    (copy / "README.md").unlink()
    charttools.write_readme(tools["helm-docs"], copy)
    assert (copy / "README.md").read_text() == (CHART / "README.md").read_text()


def _schema_keys(schema: dict[str, Any], prefix: str = "") -> set[str]:
    schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if "properties" not in schema:
        return {prefix}
    return {
        key
        for name, inner in schema["properties"].items()
        for key in _schema_keys(inner, f"{prefix}.{name}" if prefix else name)
    }


def _default_keys(values: Any, known: set[str], prefix: str = "") -> set[str]:
    if prefix in known or not isinstance(values, dict):
        return {prefix}
    return {
        key
        for name, inner in values.items()
        for key in _default_keys(inner, known, f"{prefix}.{name}" if prefix else name)
    }


def test_schema_knows_the_values_and_no_others() -> None:
    known = _schema_keys(SCHEMA)
    assert known - GIVEN_BY_HELM == _default_keys(DEFAULTS, known)


def test_schema_lets_nothing_unknown_pass() -> None:
    """Each object whose keys are listed takes no others."""
    listed = [one for one in _objects(SCHEMA) if "properties" in one]
    assert listed
    assert [one for one in listed if one.get("additionalProperties") is not False] == []


def _objects(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [one for inner in node for one in _objects(inner)]
    if not isinstance(node, dict):
        return []
    own = [node] if node.get("type") == "object" else []
    return own + [one for inner in node.values() for one in _objects(inner)]


def test_each_value_is_described() -> None:
    rows = (line.split(" | ") for line in (CHART / "README.md").read_text().splitlines() if line.startswith("| "))
    described = {row[0].removeprefix("| ") for row in rows if len(row) == 4 and row[3].removesuffix("|").strip()}
    assert _default_keys(DEFAULTS, _schema_keys(SCHEMA)) - described == set()


def test_the_ways_of_installing_set_every_value() -> None:
    """So lint, schemas and the API server see each of them."""
    known = _schema_keys(SCHEMA)
    by_tests = {"nameOverride", "fullnameOverride", "namespaceOverride"}
    set_somewhere = {key for path in VALUES for key in _default_keys(yaml.safe_load(path.read_text()), known)}
    unset = known - GIVEN_BY_HELM - set_somewhere - by_tests
    assert unset == set()


REFUSED = {
    "registry=null": "registry",
    "registry.url=null": "registry.url is missing: set it to the root address of the registry, such as http://",
    "registry.urll=http://registry": "additional properties 'urll' not allowed",
    "registry.urlConfigMapRef.name=a": "registry.url and registry.urlConfigMapRef.name are both set: set only one",
    "registry.url=null,registry.urlConfigMapRef.name=a,networkPolicy.enabled=true": "the registry's port. Set it",
    "registry.apiVersion=v2": "at '/registry/apiVersion': value must be one of '', 'v1alpha3', 'v1'",
    "registry.caBundle=certificate": "registry.caBundle contains no certificate: write certificate authorities in PEM",
    "registry.tenants[0].modelNames[0]=a": "at '/registry/tenants/0': missing property 'namespaces'",
    "registry.tenants=all": "at '/registry/tenants'",
    "watchNamespaces={a,a}": "items at 0 and 1 are equal",
    "policies.deletion=Delete": "at '/policies/deletion': value must be one of '', 'Archive', 'Orphan'",
    "workers=0": "at '/workers': minimum: got 0, want 1",
    "workers=many": "at '/workers': got string, want integer",
    "log.level=loud": "at '/log/level': value must be one of 'debug', 'info', 'warning', 'error'",
    "replicas=2": "additional properties 'replicas' not allowed",
    "metrics.port=70000": "at '/metrics/port': maximum: got 70,000, want 65,535",
    "prometheusRule.disabledAlerts={Unknown}": "at '/prometheusRule/disabledAlerts/0': value must be one of",
    "crds.keep=yes": "at '/crds/keep': got string, want boolean",
    "replicaCount=2,leaderElection.enabled=false": "replicaCount is 2 and leaderElection.enabled is false: all",
    "strategy.type=RollingUpdate,leaderElection.enabled=false": "without a Lease, only Recreate",
    "leaderElection.renewDeadline=15": "leaseDuration must be longer than renewDeadline, and renewDeadline",
    "registry.tokenSecretRef.name=a,registry.serviceAccountToken.enabled=true,"
    "registry.serviceAccountToken.audience=r": "are both set: set only one",
    # Helm 4 leaves out a default of null, and Helm 3 hands it to the schema, which then misses nothing.
    "registry.serviceAccountToken.enabled=true": (
        "at '/registry/serviceAccountToken': missing property 'audience' | registry.serviceAccountToken.audience is e"
    ),
    "registry.serviceAccountToken.enabled=true,registry.serviceAccountToken.audience=": (
        "the token would be valid at the API server, and the registry could use the cluster with the operator's rights"
    ),
    "registry.caSecretRef.name=a,registry.caConfigMapRef.name=b": "are mutually exclusive: set only one",
    "connections.enabled=true": "the registry of these values must be no way round the tenants of a ClusterRegistry",
    "registry.tokenSecretRef.key=": "at '/registry/tokenSecretRef/key': minLength: got 0, want 1",
    "serviceMonitor.enabled=true,metrics.service.enabled=false": "the ServiceMonitor selects that Service",
    "podDisruptionBudget.enabled=true,podDisruptionBudget.maxUnavailable=1": "set one of minAvailable and",
}


def test_the_operator_reads_the_tenants_that_the_chart_writes(helm: Helm) -> None:
    values = next(path for path in VALUES if path.stem == "cluster-wide-values")
    maps = of_kind(documents(helm.template(values)), "ConfigMap")
    (file,) = (each["data"]["tenants.yaml"] for each in maps if each["metadata"]["name"].endswith("-registry-tenants"))
    written = [tenant.model_dump(mode="json", by_alias=True, exclude_none=True) for tenant in read_tenants(file)]
    assert written == yaml.safe_load(values.read_text())["registry"]["tenants"]


@pytest.mark.parametrize(("values", "message"), REFUSED.items(), ids=REFUSED)
def test_wrong_values_are_refused_with_a_sentence(helm: Helm, values: str, message: str) -> None:
    with pytest.raises(HelmError) as refused:
        helm.template(MINIMAL, "--set", values)
    assert any(one in str(refused.value) for one in message.split(" | ")), refused.value


def test_the_registry_has_to_be_named(helm: Helm) -> None:
    with pytest.raises(HelmError, match=r"registry\.url is missing: set it to the root address .* Or name a ConfigMap"):
        helm.template({})


def test_cluster_registries_need_no_registry_in_the_values(helm: Helm) -> None:
    (deployment,) = of_kind(documents(helm.template({"connections": {"enabled": True}})), "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert "--connections" in container["args"]
    assert not any(argument.startswith("--registry-") for argument in container["args"])
    assert "volumes" not in deployment["spec"]["template"]["spec"]


@pytest.mark.parametrize(("watched", "expected"), [((), []), (("team-a",), ["default"]), (("team-a", "default"), [])])
def test_events_about_cluster_registries_need_a_right_where_the_api_server_takes_them(
    helm: Helm, watched: tuple[str, ...], expected: list[str]
) -> None:
    """Where the operator has no such right anyway; and none without ClusterRegistries."""
    for enabled, namespaces in ((True, expected), (False, [])):
        registry = {"url": "http://registry.example:8080", "tenants": []}
        values = {"registry": registry, "connections": {"enabled": enabled}, "watchNamespaces": list(watched)}
        roles = of_kind(documents(helm.template(values)), "Role")
        found = [
            one["metadata"]["namespace"] for one in roles if one["metadata"]["name"].endswith("-connection-events")
        ]
        assert found == namespaces


@pytest.mark.parametrize("selects", [False, True])
@pytest.mark.parametrize("enabled", [False, True])
@pytest.mark.parametrize("watched", [(), ("team-a",)])
def test_only_selectors_need_a_right_to_namespaces(
    helm: Helm, watched: tuple[str, ...], *, enabled: bool, selects: bool
) -> None:
    values = {
        "registry": {"url": "http://registry.example:8080", "tenants": []},
        "connections": {"enabled": enabled, "namespaceSelectors": selects},
        "watchNamespaces": list(watched),
    }
    rendered = documents(helm.template(values))
    rules = [rule for kind in ("Role", "ClusterRole") for role in of_kind(rendered, kind) for rule in role["rules"]]
    found = [rule["verbs"] for rule in rules if "namespaces" in rule["resources"]]
    (deployment,) = of_kind(rendered, "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    is_granted = enabled and selects
    assert found == ([["list", "watch"]] if is_granted else [])
    assert ("--connections-namespace-selectors" in container["args"]) is is_granted


def test_it_can_be_part_of_another_chart(helm: Helm, tmp_path: Path) -> None:
    """Helm hands ``global`` to every part, and a condition is a value of the part."""
    parent = tmp_path / "platform"
    (parent / "charts").mkdir(parents=True)
    shutil.copytree(CHART, parent / "charts" / "model-registrar")
    chart = {"apiVersion": "v2", "name": "platform", "version": "1.0.0"}
    part = {"name": "model-registrar", "version": METADATA["version"], "condition": "model-registrar.enabled"}
    (parent / "Chart.yaml").write_text(yaml.safe_dump({**chart, "dependencies": [part]}))
    values = {
        "global": {"domain": "example.com"},
        "model-registrar": {"enabled": True, "registry": {"url": "http://r"}},
    }
    (parent / "values.yaml").write_text(yaml.safe_dump(values))
    assert of_kind(documents(helm.run("template", "platform", parent)), "Deployment")


def test_artifact_hub_lists_every_kind() -> None:
    listed = yaml.safe_load(METADATA["annotations"]["artifacthub.io/crds"])
    assert {(crd["kind"], crd["name"]) for crd in listed} == {
        (kind.KIND, f"{kind.PLURAL}.model-registrar.dev") for kind in DEFINED
    }
    examples = yaml.safe_load(METADATA["annotations"]["artifacthub.io/crdsExamples"])
    quickstart = [
        one
        for path in sorted((REPOSITORY / "examples" / "quickstart").glob("*.yaml"))
        for one in documents(path.read_text())
    ]
    assert {one["metadata"]["name"] for one in examples} <= {one["metadata"]["name"] for one in quickstart}


def test_chart_and_operator_have_one_version() -> None:
    project = (REPOSITORY / "pyproject.toml").read_text()
    (version,) = re.findall(r'^version = "(.+)"$', project, re.MULTILINE)
    assert (METADATA["version"], METADATA["appVersion"]) == (version, version)
