"""`registrar plan` without a base: what applying manifests would do, from the registry alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from registrar.cli import main
from registrar.cli.exits import ExitCode
from tests.cli.plan.conftest import Plan
from tests.cli.plan.manifests import actions, found, manifest, model, stamped, version, write
from tests.support.rest import Rest


def test_a_new_tree_is_created_whole(plan: Plan, tmp_path: Path) -> None:
    tree = version("churn-1", "churn", name="2026-04", docArtifacts=[{"name": "card", "uri": "https://c"}])
    tree["spec"]["artifacts"] = [{"name": "weights", "uri": "s3://b/w"}]
    result = plan(write(tmp_path, churn=[tree, model("churn", description="Predicts churn.")]))
    assert result.exit_code == ExitCode.DONE
    assert result.stdout.splitlines() == [
        f"{tmp_path}/churn.yaml",
        "  + ModelVersion churn-1 → churn/2026-04  create, with 1 document and 1 artifact",
        "  + RegisteredModel churn → churn  create",
        "",
        "4 to create, 0 to adopt, 0 to update, 0 to restore, 0 to archive, 0 refused, 0 unchanged",
    ]


def test_a_foreign_tree_is_adopted_by_its_stamp_alone(plan: Plan, rest: Rest, tmp_path: Path) -> None:
    first = rest.version(rest.model("churn", owner="me"), "1")
    rest.artifact(first, "weights", uri="s3://b/w", state="LIVE")
    tree = version("churn-1", "churn", name="1", artifacts=[{"name": "weights", "uri": "s3://b/w"}])
    before = rest.entries()
    result = plan(write(tmp_path, churn=[model("churn", owner="me"), tree]), "--exit-code")
    assert result.exit_code == ExitCode.CHANGES, "a stamp is a change"
    assert result.stdout.splitlines()[-1].startswith("0 to create, 3 to adopt, stamp only, 0 to update")
    assert rest.entries() == before


def test_what_is_applied_is_unchanged(plan: Plan, rest: Rest, tmp_path: Path) -> None:
    first = rest.version(rest.model("churn", owner="me", **stamped("team/churn")), "1", **stamped("team/churn-1"))
    rest.artifact(first, "weights", uri="s3://b/w", state="LIVE", **stamped("team/churn-1#weights"))
    tree = version("churn-1", "churn", name="1", artifacts=[{"name": "weights", "uri": "s3://b/w"}])
    result = plan(write(tmp_path, churn=[model("churn", owner="me"), tree]), "--exit-code")
    assert result.exit_code == ExitCode.DONE
    assert result.stdout.splitlines() == [
        "0 to create, 0 to adopt, 0 to update, 0 to restore, 0 to archive, 0 refused, 3 unchanged"
    ]


def test_a_field_is_shown_from_what_to_what(plan: Plan, rest: Rest, tmp_path: Path) -> None:
    rest.model("churn", owner="me", description="one\ntwo\nthree", **stamped("team/churn", hf_token="old"))
    changed = model("churn", owner="us", description="one\n2\nthree", customProperties={"hf_token": "new"})
    result = plan(write(tmp_path, churn=[changed]))
    assert result.stdout.splitlines()[1:10] == [
        "  ~ RegisteredModel churn → churn (id 1)  update",
        "      description",
        "        @@ -1,3 +1,3 @@",
        "         one",
        "        -two",
        "        +2",
        "         three",
        "      owner  'me' → 'us'",
        "      customProperties.hf_token  (hidden)",
    ]
    assert "new" not in plan(tmp_path, "-o", "json").stdout


def test_an_archived_entry_is_restored(plan: Plan, rest: Rest, tmp_path: Path) -> None:
    rest.model("churn", state="ARCHIVED", **stamped("team/churn", "released"))
    assert actions(plan(write(tmp_path, churn=[model("churn")]), "-o", "json")) == [("restore", "change", "churn")]


REFUSED = {
    "another installation's entry": (
        {"customProperties": stamped("team/x", owner_id="other")["customProperties"]},
        model("churn"),
        "OwnedByOther",
    ),
    "an adoption that the manifest excludes": ({}, model("churn", adoptionPolicy="Fail"), "AdoptionRefused"),
    "an entry of a resource that is not among the manifests": (
        stamped("team/elsewhere"),
        model("churn"),
        "NameConflict",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_needs_a_person_is_refused_with_the_conditions_reason(
    case: str, plan: Plan, rest: Rest, tmp_path: Path
) -> None:
    entry, declared, reason = REFUSED[case]
    rest.model("churn", **entry)
    result = plan(write(tmp_path, churn=[declared]), "-o", "json")
    assert result.exit_code == ExitCode.ATTENTION
    (change,) = found(result)["changes"]
    assert (change["action"], change["reason"]) == ("refuse", reason)


def test_an_external_id_of_another_entry_is_refused(plan: Plan, rest: Rest, tmp_path: Path) -> None:
    rest.model("other", externalId="ext-1")
    result = plan(write(tmp_path, churn=[model("churn", externalId="ext-1")]), "-o", "json")
    (change,) = found(result)["changes"]
    assert (change["action"], change["reason"]) == ("refuse", "ExternalIdConflict")
    assert "'other' (id 1, LIVE)" in change["message"]


def test_a_child_waits_for_a_parent_that_nobody_declares(plan: Plan, rest: Rest, tmp_path: Path) -> None:
    rest.model("there", **stamped("team/there"))
    lost = version("lost-1", "lost", name="1")
    there = version("there-1", "there", name="1")
    result = plan(write(tmp_path, versions=[lost, there]), "-o", "json")
    assert actions(result) == [("wait", "change", "1"), ("create", "change", "there/1")], "a stamp names a parent too"
    assert found(result)["changes"][0]["reason"] == "WaitingForRegisteredModel"
    assert result.exit_code == ExitCode.DONE


def test_two_manifests_that_want_one_entry_are_both_refused(plan: Plan, tmp_path: Path) -> None:
    result = plan(write(tmp_path, a=[model("first", name="churn")], b=[model("second", name="churn")]), "-o", "json")
    assert result.exit_code == ExitCode.ATTENTION
    changes = found(result)["changes"]
    assert [(change["action"], change["resource"]["name"]) for change in changes] == [
        ("refuse", "first"),
        ("refuse", "second"),
    ]
    assert "b.yaml" in changes[0]["message"]
    assert "a.yaml" in changes[1]["message"]


def test_an_invalid_manifest_is_refused_and_the_others_are_planned(plan: Plan, tmp_path: Path) -> None:
    result = plan(write(tmp_path, churn=[model("bad", licence="MIT"), model("good")]), "-o", "json")
    assert result.exit_code == ExitCode.ATTENTION
    assert [(action, name) for action, _, name in actions(result)] == [("refuse", "bad"), ("create", "good")]
    (error,) = found(result)["errors"]
    assert error["line"] == 6
    assert "license" in error["message"]
    assert "churn.yaml:6: " in result.stderr


def test_a_manifest_that_gets_its_name_from_the_api_server_is_no_part_of_a_plan(plan: Plan, tmp_path: Path) -> None:
    file = tmp_path / "model.yaml"
    file.write_text(
        "apiVersion: model-registrar.dev/v1alpha1\nkind: RegisteredModel\nmetadata: {generateName: churn-}\nspec: {}\n"
    )
    result = plan(file)
    assert result.exit_code == ExitCode.ATTENTION
    assert f"{file}:3: metadata: has a generateName, which kubectl apply refuses" in result.stderr


def test_a_paused_resource_is_left_alone(plan: Plan, tmp_path: Path) -> None:
    paused = manifest("RegisteredModel", "churn", {"model-registrar.dev/paused": "true"})
    assert actions(plan(write(tmp_path, churn=[paused]), "-o", "json")) == [("pause", "change", "churn")]


def test_no_id_of_an_entry_that_does_not_exist_yet_is_shown(plan: Plan, rest: Rest, tmp_path: Path) -> None:
    rest.model("other", externalId="ext-1")
    twice = [model("first", externalId="ext-2"), version("v", "first", name="1"), model("third", externalId="ext-1")]
    for form in ("text", "json", "ndjson"):
        assert "20000000" not in plan(write(tmp_path, churn=twice), "-o", form).stdout


def test_manifests_without_a_namespace_need_one(tmp_path: Path, rest: Rest) -> None:
    result = CliRunner().invoke(main, ["plan", str(write(tmp_path, a=[model("m")])), f"--registry-url={rest.url}"])
    assert result.exit_code == ExitCode.USAGE
    assert "a.yaml:1: the manifest names no namespace: give --namespace." in result.stderr


def test_programs_are_shown_the_type_of_a_value(plan: Plan, rest: Rest, tmp_path: Path) -> None:
    rest.model("churn", **stamped("team/churn"))
    properties = {"whole": 1, "real": {"double": 1}, "truth": True, "text": "1"}
    result = plan(write(tmp_path, a=[model("churn", customProperties=properties)]), "-o", "json")
    assert {field["path"]: field["type"] for field in found(result)["changes"][0]["fields"]} == {
        "customProperties.whole": "int",
        "customProperties.real": "double",
        "customProperties.truth": "bool",
        "customProperties.text": "string",
    }


def test_manifests_are_read_from_stdin(plan: Plan, tmp_path: Path) -> None:
    text = (write(tmp_path, a=[model("churn")]) / "a.yaml").read_text()
    assert actions(plan("-", "-o", "json", stdin=text)) == [("create", "change", "churn")]


def test_chosen_actions_fail_the_command(plan: Plan, tmp_path: Path) -> None:
    folder = write(tmp_path, a=[model("churn")])
    assert plan(folder, "--fail-on=archive, create").exit_code == ExitCode.ATTENTION
    assert plan(folder, "--fail-on=archive").exit_code == ExitCode.DONE
    wrong = plan(folder, "--fail-on=destroy")
    assert wrong.exit_code == ExitCode.USAGE
    assert "'destroy' is not an action: write some of create, adopt" in wrong.stderr
