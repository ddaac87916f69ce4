"""`registrar plan --registry-tenants`: the operator's own verdict about what a namespace may use."""

from pathlib import Path
from typing import Any

import pytest

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
    assert "tenants.0.modelNames.0: must be the name of a model" in result.stderr
    assert "'.' must follow it" in result.stderr
