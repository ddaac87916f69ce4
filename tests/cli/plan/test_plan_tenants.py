"""`registrar plan --registry-tenants`: the operator's own verdict about what a namespace may use."""

from pathlib import Path
from typing import Any

import pytest

from registrar.api.meta import API_VERSION
from registrar.cli.exits import ExitCode
from tests.cli.plan.conftest import Plan
from tests.cli.plan.manifests import found, model, stamped, version, write
from tests.support.rest import Rest

TENANTS = """
tenants:
- namespaces: [team]
  modelNames: ["{namespace}.*"]
  owner: "{namespace}"
"""


@pytest.fixture
def tenants(tmp_path: Path) -> Path:
    (tmp_path / "tenants").mkdir()
    file = tmp_path / "tenants/tenants.yaml"
    file.write_text(TENANTS)
    return file


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    (tmp_path / "manifests").mkdir()
    return tmp_path / "manifests"


def _verdicts(report: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    return {each["resource"]["name"]: (each["action"], each.get("reason")) for each in report["changes"]}


def test_what_the_operator_would_refuse_is_refused(plan: Plan, rest: Rest, manifests: Path, tenants: Path) -> None:
    rest.version(rest.model("others.churn"), "1")
    mine = model("mine", name="team.churn")
    below = version("below", "mine", name="1")
    theirs = version("theirs", "mine", name="2")
    theirs["spec"]["registeredModelRef"] = {"external": {"id": "1"}}
    absent = version("absent", "mine", name="3")
    absent["spec"]["registeredModelRef"] = {"external": {"id": "99"}}
    owned = model("owned", name="team.owned", owner="me")
    write(manifests, all=[mine, below, theirs, absent, owned, model("named", name="others.new")])
    result = plan(manifests, f"--registry-tenants={tenants}", "-o", "json")
    assert result.exit_code == ExitCode.ATTENTION
    refused = ("refuse", "RegistryNotPermitted")
    assert _verdicts(found(result)) == {
        "mine": ("create", None),
        "below": ("create", None),
        "theirs": refused,
        "absent": refused,
        "owned": refused,
        "named": refused,
    }
    (created,) = (each for each in found(result)["changes"] if each["resource"]["name"] == "mine")
    assert "team" in str(created)


def test_a_refused_resource_that_is_removed_leaves_its_entry(
    plan: Plan, rest: Rest, manifests: Path, tenants: Path, tmp_path: Path
) -> None:
    rest.model("others.churn", **stamped("team/churn"))
    (tmp_path / "base").mkdir()
    write(tmp_path / "base", churn=[model("churn", name="others.churn")])
    write(manifests, churn=[model("mine", name="team.churn")])
    base = f"--base={tmp_path / 'base'}"
    assert _verdicts(found(plan(manifests, base, "-o", "json")))["churn"][0] == "archive"
    for more in ((), ("--changed",)):
        limited = found(plan(manifests, base, f"--registry-tenants={tenants}", "-o", "json", *more))
        assert "archive" not in str(_verdicts(limited))
        assert _verdicts(limited)["mine"][0] == "create"


def test_a_wrong_file_is_refused_with_the_name_of_the_field(plan: Plan, manifests: Path, tenants: Path) -> None:
    write(manifests, churn=[model("churn")])
    tenants.write_text("tenants:\n- namespaces: [team]\n  modelNames: ['{namespace}-*']\n")
    result = plan(manifests, f"--registry-tenants={tenants}")
    assert result.exit_code == ExitCode.USAGE
    assert "--registry-tenants: " in result.stderr
    assert "tenants[0].modelNames[0]: must be the name of a model" in result.stderr
    assert "'.' must follow it" in result.stderr


def _registry(name: str, *tenants: dict[str, Any]) -> dict[str, Any]:
    spec = {"url": "http://registry.example", "tenants": list(tenants)}
    return {"apiVersion": API_VERSION, "kind": "ClusterRegistry", "metadata": {"name": name}, "spec": spec}


TEAM = {"namespaces": ["team"], "modelNames": ["{namespace}.*"]}


def test_the_cluster_registry_among_the_manifests_says_who_may_use_it(
    plan: Plan, manifests: Path, tenants: Path
) -> None:
    write(manifests, all=[_registry("prod", TEAM), model("mine", name="team.churn"), model("theirs", name="a.churn")])
    verdicts = {"mine": ("create", None), "theirs": ("refuse", "RegistryNotPermitted")}
    result = plan(manifests, "--registry-ref=prod", "-o", "json")
    assert _verdicts(found(result)) == verdicts
    assert found(result)["warnings"] == []
    # The flags' registry is another one, and a file is what the user says.
    assert {action for action, _ in _verdicts(found(plan(manifests, "-o", "json"))).values()} == {"create"}
    tenants.write_text("tenants:\n- namespaces: [others]\n")
    given = plan(manifests, "--registry-ref=prod", f"--registry-tenants={tenants}", "-o", "json")
    assert {action for action, _ in _verdicts(found(given)).values()} == {"refuse"}


def test_a_cluster_registry_that_is_not_among_others_is_named(plan: Plan, manifests: Path) -> None:
    write(manifests, all=[_registry("prod", TEAM), model("churn")])
    (warning,) = found(plan(manifests, "--registry-ref=pord", "-o", "json"))["warnings"]
    assert warning.startswith("These manifests have no ClusterRegistry pord, only prod: ")


@pytest.mark.parametrize(("labels", "expected"), [({"ml": "true"}, "create"), ({}, "refuse"), (None, "create")])
def test_labels_say_who_may_use_it_as_far_as_they_are_known(
    plan: Plan, manifests: Path, labels: dict[str, str] | None, expected: str
) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team", "labels": labels or {}}}
    registry = _registry("prod", {"namespaceSelector": {"matchLabels": {"ml": "true"}}})
    write(manifests, all=[registry, model("churn"), *([] if labels is None else [namespace])])
    report = found(plan(manifests, "--registry-ref=prod", "-o", "json"))
    assert _verdicts(report)["churn"][0] == expected
    assert [warning.partition(": ")[0] for warning in report["warnings"]] == (
        ["ClusterRegistry prod selects namespaces by their labels, and those of team are not known"]
        if labels is None
        else []
    )


@pytest.mark.parametrize("more", [(), ("--changed",)], ids=["all", "changed"])
@pytest.mark.parametrize(("before", "after", "action"), [([], [TEAM], "create"), ([TEAM], [], "refuse")])
def test_a_change_of_tenants_shows_what_it_does(
    plan: Plan, manifests: Path, tmp_path: Path, before: Any, after: Any, action: str, more: tuple[str, ...]
) -> None:
    """The manifests of the resources are the same."""
    base = tmp_path / "base"
    base.mkdir()
    for folder, tenants in ((base, before), (manifests, after)):
        write(folder, all=[_registry("prod", *tenants), model("churn", name="team.churn")])
    report = found(plan(manifests, f"--base={base}", "--registry-ref=prod", "-o", "json", *more))
    assert [(each["action"], each["cause"]) for each in report["changes"]] == [(action, "change")]
