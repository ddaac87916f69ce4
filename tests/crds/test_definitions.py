"""What the API server and kubectl make of the definitions themselves."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devcluster.controlplane import ControlPlane
from registrar.api.meta import API_VERSION, CATEGORY, GROUP
from registrar.kinds.table import DEFINED, RESOURCES
from tests.crds.conftest import Kubectl
from tests.crds.manifests import Manifest, model_artifact, model_version, registered_model
from tests.docs.older import SELECTABLE_SINCE

CRDS = Path(__file__).parents[2] / "crds"
Create = Callable[[Manifest], dict[str, Any]]
each_kind = pytest.mark.parametrize("kind", DEFINED, ids=lambda kind: kind.KIND)


@each_kind
def test_definition_is_established_and_structural(cluster: ControlPlane, kind: type[Any]) -> None:
    answer = cluster.run_kubectl("get", "crd", f"{kind.PLURAL}.{GROUP}", "--output=json")
    status = json.loads(answer.stdout)["status"]
    conditions = {each["type"]: each["status"] for each in status["conditions"]}

    assert conditions == {"NamesAccepted": "True", "Established": "True"}
    assert status["acceptedNames"]["shortNames"] == [kind.SHORT_NAME]
    # Whoever may only read in a namespace could not list the category with a kind of the cluster in it.
    assert status["acceptedNames"].get("categories", []) == ([CATEGORY] if kind in RESOURCES else [])


def test_kustomization_holds_every_definition(cluster: ControlPlane) -> None:
    answer = cluster.run_kubectl("apply", "--server-side", "--dry-run=server", "--kustomize", CRDS, "--output=name")

    assert sorted(answer.stdout.split()) == sorted(
        f"customresourcedefinition.apiextensions.k8s.io/{kind.PLURAL}.{GROUP}" for kind in DEFINED
    )


@each_kind
def test_every_field_is_described(openapi: dict[str, Any], kind: type[Any]) -> None:
    """What ``kubectl explain`` reads, for every field at every depth."""
    name = ".".join([*reversed(GROUP.split(".")), API_VERSION.split("/")[1], kind.KIND])
    fields = dict(_fields(openapi["components"]["schemas"][name], ""))

    expected = {".spec.name", ".spec.customProperties"} if kind in RESOURCES else {".spec.tenants.namespaces"}
    assert {*expected, ".status.conditions.reason"} <= fields.keys()
    assert [path for path, field in fields.items() if not field.get("description", "").strip()] == []


def _fields(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, field in schema.get("properties", {}).items():
        if path or name != "metadata":  # metadata is the API server's own
            yield f"{path}.{name}", field
            yield from _fields(field.get("items", field), f"{path}.{name}")


@pytest.mark.usefixtures("openapi")
def test_kubectl_explains_a_nested_field(cluster: ControlPlane) -> None:
    answer = cluster.run_kubectl("explain", "modelversions.spec.artifacts.uri")

    assert "FIELD: uri <string>" in answer.stdout
    assert "Location of the artifact, such as s3://bucket/path" in " ".join(answer.stdout.split())


def test_category_lists_every_kind_with_its_columns(kubectl: Kubectl, create: Create) -> None:
    create(registered_model("fraud"))
    create(model_version("fraud-v1", registeredModelRef={"name": "fraud"}))
    create(model_artifact("fraud-v1-onnx", modelVersionRef={"name": "fraud-v1"}))
    status = {
        "id": "11",
        "state": "LIVE",
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "Synced",
                "message": "Matches.",
                "lastTransitionTime": "2026-11-23T12:00:00Z",
            },
            {
                "type": "Drifted",
                "status": "True",
                "reason": "ChangedOutside",
                "message": "Changed.",
                "lastTransitionTime": "2026-11-23T12:00:00Z",
            },
        ],
    }
    patch = json.dumps({"status": {**status, "parentId": "4"}})
    kubectl("patch", "mversion", "fraud-v1", "--subresource=status", "--type=merge", f"--patch={patch}")

    short = kubectl("get", CATEGORY).stdout
    wide = kubectl("get", CATEGORY, "--output=wide").stdout
    headers = [line.split() for line in short.splitlines() if line.startswith("NAME")]
    assert sorted(headers) == sorted(
        [
            ["NAME", "ID", "STATE", "READY", "AGE"],
            ["NAME", "ID", "MODEL", "STATE", "READY", "AGE"],
            ["NAME", "ID", "VERSION", "STATE", "READY", "AGE"],
        ]
    )
    assert _row(short, "modelversion")[:5] == [f"modelversion.{GROUP}/fraud-v1", "11", "fraud", "LIVE", "True"]
    assert _row(wide, "modelversion")[:9] == [
        f"modelversion.{GROUP}/fraud-v1", "11", "fraud", "4", "LIVE", "True", "Synced", "True", "Matches.",
    ]  # fmt: skip
    assert _row(short, "modelartifact")[1] == "fraud-v1"


def _row(table: str, kind: str) -> list[str]:
    (row,) = [line.split() for line in table.splitlines() if line.startswith(f"{kind}.{GROUP}/")]
    return row


PARENTS = {
    "model of this namespace": (model_version("this", registeredModelRef={"name": "fraud"}), "fraud"),
    "external model by name": (model_version("this", registeredModelRef={"external": {"name": "Fraud"}}), "Fraud"),
    "external model by ID": (model_version("this", registeredModelRef={"external": {"id": "42"}}), "42"),
    "version of this namespace": (model_artifact("this", modelVersionRef={"name": "v1"}), "v1"),
    "external version by names": (
        model_artifact("this", modelVersionRef={"external": {"registeredModelName": "Fraud", "name": "1.0"}}),
        "1.0",
    ),
    "external version by ID": (model_artifact("this", modelVersionRef={"external": {"id": "42"}}), "42"),
}


@pytest.mark.parametrize(("manifest", "parent"), PARENTS.values(), ids=PARENTS.keys())
def test_parent_column_is_filled_for_every_form_of_reference(
    kubectl: Kubectl, create: Create, manifest: Manifest, parent: str
) -> None:
    create(manifest)
    header, row = kubectl("get", manifest["kind"], "this").stdout.splitlines()
    place = header.index("MODEL" if manifest["kind"] == "ModelVersion" else "VERSION")
    assert row[place:].split()[0] == parent


@pytest.mark.parametrize(
    ("kind", "selector", "selected"),
    [
        ("mversion", "spec.registeredModelRef.name=fraud", ["fraud-v1", "fraud-v2"]),
        ("mversion", "status.id=12", ["fraud-v2"]),
        ("rmodel", "status.id=12", ["fraud"]),
        ("martifact", "spec.modelVersionRef.name=fraud-v1", ["fraud-v1-onnx"]),
        ("martifact", "status.id=12", ["fraud-v1-onnx"]),
    ],
)
def test_field_selectors_select(
    kubectl: Kubectl, create: Create, cluster: ControlPlane, kind: str, selector: str, selected: list[str]
) -> None:
    if cluster.minor_version < SELECTABLE_SINCE:
        pytest.skip("The API server ignores selectableFields")
    create(registered_model("fraud"))
    create(registered_model("churn"))
    create(model_version("fraud-v1", registeredModelRef={"name": "fraud"}))
    create(model_version("fraud-v2", registeredModelRef={"name": "fraud"}))
    create(model_version("churn-v1", registeredModelRef={"name": "churn"}))
    create(model_artifact("fraud-v1-onnx", modelVersionRef={"name": "fraud-v1"}))
    create(model_artifact("churn-v1-onnx", modelVersionRef={"name": "churn-v1"}))
    for target in ("rmodel/fraud", "mversion/fraud-v2", "martifact/fraud-v1-onnx"):
        kubectl("patch", target, "--subresource=status", "--type=merge", '--patch={"status": {"id": "12"}}')

    answer = kubectl("get", kind, f"--field-selector={selector}", "--output=jsonpath={.items[*].metadata.name}")
    assert answer.stdout.split() == selected


def test_wait_for_ready_ends_when_the_condition_is_true(kubectl: Kubectl, create: Create) -> None:
    create(registered_model("this"))
    conditions = [
        {
            "type": "Ready",
            "status": "True",
            "reason": "Synced",
            "message": "",
            "lastTransitionTime": "2026-11-23T12:00:00Z",
        }
    ]
    assert kubectl("wait", "rmodel/this", "--for=condition=Ready", "--timeout=0s", check=False).returncode == 1

    patch = json.dumps({"status": {"observedGeneration": 1, "conditions": conditions}})
    kubectl("patch", "rmodel", "this", "--subresource=status", "--type=merge", f"--patch={patch}")
    assert kubectl("wait", "rmodel/this", "--for=condition=Ready", "--timeout=30s").returncode == 0
