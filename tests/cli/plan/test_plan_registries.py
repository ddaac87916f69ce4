"""`registrar plan --registry-ref`: nothing is planned against another registry than the one that it belongs to."""

from pathlib import Path
from typing import Any

import pytest

from registrar.api.bodies import ResourceKey
from registrar.api.meta import API_VERSION
from registrar.cli.exits import ExitCode
from registrar.cli.plan.manifests import NOTHING
from registrar.cli.plan.registries import divide
from tests.cli.plan.conftest import Plan
from tests.cli.plan.manifests import actions, found, model, stamped, version, write
from tests.support.rest import Rest


def ref(name: str) -> dict[str, Any]:
    return {"registryRef": {"kind": "ClusterRegistry", "name": name}}


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    """Models of two registries, versions that inherit them, and a model that names none."""
    # The same entry in two registries is no rivalry.
    dev = [model("churn", **ref("dev")), version("churn-1", "churn", name="1")]
    prod = [model("churn-prod", name="churn", **ref("prod")), version("churn-prod-1", "churn-prod", name="1")]
    return write(tmp_path / "all", dev=dev, prod=prod, none=[model("plain")])


@pytest.mark.parametrize(
    ("options", "planned", "others"),
    [
        ((), {"plain"}, {"dev", "prod"}),
        (("--registry-ref=dev",), {"plain", "churn", "churn-1"}, {"prod"}),
        (("--registry-ref=prod",), {"plain", "churn-prod", "churn-prod-1"}, {"dev"}),
    ],
)
def test_what_belongs_to_another_registry_is_left_out_and_named(
    plan: Plan, manifests: Path, options: tuple[str, ...], planned: set[str], others: set[str]
) -> None:
    result = plan(manifests, "-o", "json", *options)
    assert {change["resource"]["name"] for change in found(result)["changes"]} == planned
    assert {change["action"] for change in found(result)["changes"]} == {"create"}
    assert result.exit_code == ExitCode.DONE
    warnings = found(result)["warnings"]
    assert len(warnings) == len(others)
    for name, warning in zip(sorted(others), warnings, strict=True):
        assert warning.startswith(f"Not in this plan: 2 resources of ClusterRegistry {name} (")
        assert f"--registry-ref={name}" in warning
        assert f"Warning: {warning}" in result.stderr
    ref_of_plan = options[0].partition("=")[2] if options else None
    assert found(result)["registry"]["ref"] == ref_of_plan
    assumption = f"Resources that name no registry belong to ClusterRegistry {ref_of_plan}."
    assert (assumption in found(result)["assumptions"]) == (ref_of_plan is not None)


def test_an_entry_of_the_base_in_another_registry_is_not_archived(plan: Plan, rest: Rest, tmp_path: Path) -> None:
    """Neither where its manifest is gone, nor where it names its registry from now on."""
    for name in ("gone", "named"):
        rest.model(name, **stamped(f"team/{name}"))
    base = write(tmp_path / "base", all=[model("gone", **ref("dev")), model("named")])
    head = write(tmp_path / "head", all=[model("named", **ref("dev"))])
    result = plan(head, "--base", base, "-o", "json")
    assert actions(result) == []
    assert "2 resources of ClusterRegistry dev" in found(result)["warnings"][0]
    assert actions(plan(head, "--base", base, "--registry-ref=dev", "-o", "json")) == [("archive", "change", "gone")]


@pytest.mark.parametrize("registry", ["dev", "prod"])
def test_a_resource_that_is_to_change_its_registry_is_refused(
    plan: Plan, rest: Rest, tmp_path: Path, registry: str
) -> None:
    rest.model("churn", **stamped("team/churn"))
    base = write(tmp_path / "base", all=[model("churn", **ref("dev"))])
    head = write(tmp_path / "head", all=[model("churn", owner="me", **ref("prod"))])
    result = plan(head, "--base", base, f"--registry-ref={registry}", "-o", "json")
    assert result.exit_code == ExitCode.ATTENTION
    (change,) = found(result)["changes"]
    assert (change["action"], change["reason"]) == ("refuse", "InvalidValue")
    assert "spec.registryRef cannot name another registry: the entry is in that of ClusterRegistry dev" in str(change)


def test_a_child_in_another_registry_than_its_parent_is_refused(plan: Plan, tmp_path: Path) -> None:
    child = version("churn-1", "churn", name="1", **ref("prod"))
    folder = write(tmp_path / "all", all=[model("churn", **ref("dev")), child])
    result = plan(folder, "--registry-ref=prod", "-o", "json")
    assert result.exit_code == ExitCode.ATTENTION
    (change,) = found(result)["changes"]
    assert (change["resource"]["name"], change["action"], change["reason"]) == ("churn-1", "refuse", "OtherRegistry")


def test_what_the_cluster_has_belongs_to_the_registry_that_assigned_its_id() -> None:
    def body(kind: str, name: str, spec: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
        metadata = {"name": name, "namespace": "team"}
        return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec, "status": status}

    pinned = {"id": "1", "createTimeSinceEpoch": "1", "registryUrl": "http://r", **ref("dev")}
    below = {"registeredModelRef": {"name": "new"}}
    cluster = {
        ResourceKey(each["kind"], "team", each["metadata"]["name"]): each
        for each in (
            body("RegisteredModel", "pinned", {}, pinned),
            body("RegisteredModel", "of-the-flags", {}, {"id": "2", "registryUrl": "http://r"}),
            body("RegisteredModel", "new", ref("dev"), {}),
            body("ModelVersion", "new-1", below, {}),
        )
    }
    of_dev = divide(NOTHING, NOTHING, cluster, "dev").cluster
    of_flags = divide(NOTHING, NOTHING, cluster, None).cluster
    assert of_dev is not None
    assert of_flags is not None
    assert {key.name for key in of_dev} == {"pinned", "of-the-flags", "new", "new-1"}
    assert {key.name for key in of_flags} == {"of-the-flags"}
    # What only the cluster has is not what was asked for.
    assert divide(NOTHING, NOTHING, cluster, None).elsewhere == {}


def test_a_registry_is_named_by_a_name(plan: Plan, manifests: Path) -> None:
    result = plan(manifests, "--registry-ref=Not/A_Name")
    assert result.exit_code == ExitCode.USAGE
    assert "is not the metadata.name of a ClusterRegistry" in result.stderr
