"""What the chart renders fits the schemas of the API server that runs: kubeconform, strictly."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devcluster.controlplane import ControlPlane
from tests.chart.helm import VALUES, Helm, documents

OF_THE_PROMETHEUS_OPERATOR = "ServiceMonitor,PrometheusRule"
"""Kinds that the API server of the tests does not serve."""
_GROUP_VERSION_KIND = "x-kubernetes-group-version-kind"

Schema = dict[str, Any]


@pytest.fixture(scope="module")
def schemas(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The API server's own OpenAPI, as a JSON schema a kind, for kubeconform."""
    folder = tmp_path_factory.mktemp("schemas")
    definitions = json.loads(control_plane.run_kubectl("get", "--raw", "/openapi/v2").stdout)["definitions"]
    strict = {name: _strict(schema) for name, schema in definitions.items()}
    for name, schema in definitions.items():
        for one in schema.get(_GROUP_VERSION_KIND, ()):
            needed = {key: strict[key] for key in _reached(name, definitions)}
            # kubeconform takes the version for the group where there is none.
            file = folder / f"{one['group'] or one['version']}_{one['version']}_{one['kind'].lower()}.json"
            file.write_text(json.dumps({"$ref": f"#/definitions/{name}", "definitions": needed}))
    return folder


def _strict(schema: Any) -> Any:
    """Let no unknown field pass, and take a number where the API server takes one or a text."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: _strict(one) for key, one in schema.items()}
    if schema.get("format") == "int-or-string":
        return {"type": ["string", "integer"]}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        inner.setdefault("additionalProperties", False)
    return inner


def _reached(name: str, definitions: dict[str, Schema]) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(_references(definitions[one]))
    return found


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for one in node:
            yield from _references(one)
    elif isinstance(node, dict):
        for key, one in node.items():
            if key == "$ref" and isinstance(one, str):
                yield one.removeprefix("#/definitions/")
            else:
                yield from _references(one)


def _conform(program: Path, schemas: Path, manifests: str) -> subprocess.CompletedProcess[str]:
    location = f"{schemas}/{{{{.Group}}}}_{{{{.ResourceAPIVersion}}}}_{{{{.ResourceKind}}}}.json"
    options = ["-strict", "-summary", "-output=json", f"-skip={OF_THE_PROMETHEUS_OPERATOR}"]
    arguments = [*options, f"-schema-location={location}", "-"]
    return subprocess.run([program, *arguments], input=manifests, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_manifests_fit_the_schemas_of_the_api_server(
    values: Path, helm: Helm, tools: dict[str, Path], schemas: Path
) -> None:
    text = helm.template(values)
    result = _conform(tools["kubeconform"], schemas, text)
    assert result.returncode == 0, result.stdout + result.stderr
    summary = json.loads(result.stdout)["summary"]
    skipped = [one for one in documents(text) if one["kind"] in OF_THE_PROMETHEUS_OPERATOR.split(",")]
    assert summary == {
        "valid": len(documents(text)) - len(skipped),
        "invalid": 0,
        "errors": 0,
        "skipped": len(skipped),
    }


def test_a_wrong_field_would_be_found(helm: Helm, tools: dict[str, Path], schemas: Path) -> None:
    text = helm.template(VALUES[0]).replace("automountServiceAccountToken:", "autoMountServiceAccountToken:")
    result = _conform(tools["kubeconform"], schemas, text)
    assert result.returncode == 1
    assert "autoMountServiceAccountToken" in result.stdout
