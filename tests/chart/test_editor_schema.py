"""`registrar schema`: kubeconform accepts our manifests with it, and finds what the API server would pass over."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

EXAMPLES = Path(__file__).parents[2] / "examples"
KIND_FILES = "{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"
VALID = """
apiVersion: model-registrar.dev/v1alpha1
kind: ModelVersion
metadata: {name: v1, labels: {team: fraud}, annotations: {model-registrar.dev/paused: "true"}}
spec:
  registeredModelRef: {name: churn}
  customProperties: {a: text, b: 1, c: 1.5, d: true, e: {double: 2}, f: {int: 1}, g: {bool: false}, h: {string: x}}
  artifacts:
  - {name: model, uri: s3://b/m, state: LIVE}
"""
WRONG = {
    "an invented field": ("author", "writer: me"),
    "an invented field of an item": ("artifacts", "artifacts: [{name: model, uri: s3://b/m, format: onnx}]"),
    "an invented field of a reference": ("registeredModelRef", "registeredModelRef: {name: churn, namespace: x}"),
    "a list as property": ("customProperties", "customProperties: {a: [1]}"),
    "null as property": ("customProperties", "customProperties: {a: null}"),
    "an object as property": ("customProperties", "customProperties: {a: {b: 1}}"),
    "two types of a property": ("customProperties", "customProperties: {a: {int: 1, double: 1}}"),
    "a whole number beyond 32 bits": ("customProperties", "customProperties: {a: {int: 2147483648}}"),
    "an unknown state": ("state", "state: RETIRED"),
    "a number as name": ("name", "name: 2026"),
    "an empty name": ("name", "name: ''"),
}


def conforms(program: Path, location: str, manifest: dict[str, Any]) -> tuple[bool, str]:
    arguments = [f"-schema-location={location}", "-output=json", "-"]
    ran = subprocess.run([program, *arguments], input=json.dumps(manifest), capture_output=True, text=True, check=False)
    return ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the command writes: one for each kind, and the one for all kinds."""
    found = tmp_path_factory.mktemp("schemas")
    registrar = [sys.executable, "-m", "registrar", "schema"]
    subprocess.run([*registrar, f"--directory={found}"], check=True)
    printed = subprocess.run(registrar, check=True, capture_output=True, text=True).stdout
    (found / "all.json").write_text(printed)
    return found


@pytest.mark.parametrize("file", [KIND_FILES, "all.json"])
def test_the_examples_conform(file: str, folder: Path, tools: dict[str, Path]) -> None:
    texts = [path.read_text(encoding="utf-8") for path in EXAMPLES.rglob("*.yaml")]
    manifests = [each for text in [VALID, *texts] for each in yaml.safe_load_all(text) if each]
    ours = [each for each in manifests if str(each.get("apiVersion", "")).startswith("model-registrar.dev/")]
    # Bases and patches of kustomize are not whole.
    whole = [each for each in ours if "spec" in each and (each["kind"] == "RegisteredModel" or len(each["spec"]) > 1)]
    assert len(whole) > 8
    answers = [(each, conforms(tools["kubeconform"], f"{folder}/{file}", each)) for each in whole]
    assert [(each, output) for each, (accepted, output) in answers if not accepted] == []


@pytest.mark.parametrize("file", [KIND_FILES, "all.json"])
@pytest.mark.parametrize(("field", "text"), WRONG.values(), ids=list(WRONG))
def test_a_mistake_is_found(field: str, text: str, file: str, folder: Path, tools: dict[str, Path]) -> None:
    manifest = yaml.safe_load(VALID)
    manifest["spec"] = {**manifest["spec"], **yaml.safe_load(text)}
    accepted, output = conforms(tools["kubeconform"], f"{folder}/{file}", manifest)
    assert not accepted
    assert field in output or "writer" in output


def test_one_kind_can_be_printed(folder: Path) -> None:
    command = [sys.executable, "-m", "registrar", "schema", "ModelVersion"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert printed == (folder / "modelversion_v1alpha1.json").read_text()
