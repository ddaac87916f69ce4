"""`registrar plan --base`: what a change brings about, apart from what others changed in the registry."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from devcluster.environment import child_environment
from registrar.cli import main
from registrar.cli.exits import ExitCode
from tests.cli.plan.conftest import Plan
from tests.cli.plan.manifests import actions, found, manifest, model, stamped, version, write
from tests.cli.plan.review import snapshot
from tests.support.rest import Rest, text

ZEROS, ONES = (f"sha256:{digit * 64}" for digit in "01")
ARTIFACTS = [{"name": "weights", "uri": "s3://b/w"}]
CHURN = model("churn", owner="me", description="Predicts churn.")
FIRST = version("churn-1", "churn", name="1", artifacts=ARTIFACTS)


@pytest.fixture
def applied(rest: Rest) -> Rest:
    """The entries of CHURN and FIRST as the operator left them."""
    churn = rest.model("churn", owner="me", description="Predicts churn.", **stamped("team/churn"))
    first = rest.version(churn, "1", **stamped("team/churn-1"))
    rest.artifact(first, "weights", uri="s3://b/w", state="LIVE", **stamped("team/churn-1#weights"))
    return rest


def without(manifest: dict[str, Any], field: str) -> dict[str, Any]:
    return {**manifest, "spec": {name: value for name, value in manifest["spec"].items() if name != field}}


def test_a_line_that_left_the_manifest_is_cleared(plan: Plan, applied: Rest, tmp_path: Path) -> None:
    base = write(tmp_path / "base", churn=[CHURN, FIRST])
    head = write(tmp_path / "head", churn=[without(CHURN, "description"), FIRST])
    result = plan(head, "--base", base)
    assert result.stdout.splitlines() == [
        f"{head}/churn.yaml",
        "  ~ RegisteredModel churn → churn (id 1)  update",
        "      description  'Predicts churn.' → cleared",
        "",
        "0 to create, 0 to adopt, 1 to update, 0 to restore, 0 to archive, 0 refused, 2 unchanged",
    ]
    assert "to update" in plan(head).stdout.splitlines()[-1], "without a base nothing is known of the line"
    assert applied.get("registered_models/1")["description"] == "Predicts churn."


def test_what_is_refused_with_and_without_this_change_is_not_said_to_be_done(
    plan: Plan, rest: Rest, tmp_path: Path
) -> None:
    rest.model("churn", customProperties={"model-registrar.dev/owner": text("created:another/cluster/team/churn")})
    base = write(tmp_path / "base", churn=[CHURN, FIRST])
    result = plan(base, "--base", base)
    assert result.exit_code == ExitCode.DONE
    line = "Not from this change, and not done by the operator: 1 waiting, 1 refused (--drift lists them)"
    assert result.stdout.splitlines()[-2] == line
    assert "anyway" not in result.stdout


def test_entries_that_get_other_values_anyway_are_named(plan: Plan, rest: Rest, tmp_path: Path) -> None:
    """A stamp that is only added changes nothing; what someone wrote by hand is lost."""
    for number in range(8):
        rest.model(f"churn-{number}", owner="someone" if number else "me")
    base = write(tmp_path / "base", churn=[model(f"churn-{number}", owner="me") for number in range(8)])
    lines = plan(base, "--base", base).stdout.splitlines()
    assert lines[-3] == "Not from this change, but done by the operator anyway: 8 entries (--drift lists them)"
    named = ", ".join(f"RegisteredModel churn-{number}" for number in range(1, 6))
    assert lines[-2] == f"  It overwrites values of {named} and 2 more"


@pytest.mark.parametrize("base", ["main", "../elsewhere"])
def test_a_base_that_does_not_exist_is_refused(plan: Plan, tmp_path: Path, base: str) -> None:
    """Without its base, a plan would show no removal, and open a gate on them."""
    head = write(tmp_path / "head", churn=[CHURN])
    result = plan(head, "--base", base)
    assert result.exit_code == ExitCode.USAGE
    assert f"there is no file or folder {base}. For a branch, tag or commit, write --base git:{base}." in result.stderr


def test_a_base_that_cannot_be_read_as_yaml_is_an_answer_that_is_not_known(plan: Plan, tmp_path: Path) -> None:
    base, head = tmp_path / "base", write(tmp_path / "head", churn=[CHURN])
    base.mkdir()
    (base / "churn.yaml").write_text("kind: [")
    result = plan(head, "--base", base)
    assert result.exit_code == ExitCode.NOT_KNOWN
    assert "churn.yaml" in result.stderr
    assert "So the plan does not show what leaves the base." in result.stderr


@pytest.mark.parametrize(
    "gone",
    [
        pytest.param({"a": [{**CHURN, "spec": {**CHURN["spec"], "maturitty": "foo"}}]}, id="an unknown field"),
        pytest.param({"a": [CHURN], "b": [CHURN]}, id="the same resource twice"),
        pytest.param({"a": [CHURN], "b": [model("other", name="churn")]}, id="two resources of one entry"),
    ],
)
@pytest.mark.usefixtures("applied")
def test_what_is_wrong_in_the_base_may_have_been_applied_and_leaves_all_the_same(
    gone: dict[str, Any], plan: Plan, tmp_path: Path
) -> None:
    """The operator may run with a CRD that keeps unknown fields, and with one of two rivals."""
    base = write(tmp_path / "base", kept=[model("kept")], **gone)
    head = write(tmp_path / "head", kept=[model("kept")])
    result = plan(head, "--base", base, "--fail-on", "archive")
    assert result.exit_code == ExitCode.ATTENTION
    assert "1 to archive" in result.stdout


@pytest.mark.parametrize("annotation", ["paused", "take-over"])
def test_an_annotation_that_decides_about_writes_is_a_change(
    annotation: str, plan: Plan, rest: Rest, tmp_path: Path
) -> None:
    stamp = stamped("team/churn") if annotation == "paused" else stamped("team/churn", owner_id="other/installation")
    rest.model("churn", owner="theirs", **stamp)
    name, before, after = f"model-registrar.dev/{annotation}", "true", "false"
    if annotation == "take-over":
        before, after = after, before
    folders = {
        where: write(tmp_path / where, churn=[manifest("RegisteredModel", "churn", {name: value}, owner="me")])
        for where, value in (("base", before), ("head", after))
    }
    for more in ((), ("--changed",)):
        result = plan(folders["head"], "--base", folders["base"], *more, "-o", "json")
        (change,) = found(result)["changes"]
        assert change["cause"] != "base"
        assert change["action"] in {"update", "takeover", "adopt"}


@pytest.mark.parametrize("annotation", ["paused", "take-over"])
def test_an_annotation_that_switches_nothing_is_no_change(annotation: str, plan: Plan, tmp_path: Path) -> None:
    before, after = {f"model-registrar.dev/{annotation}": "false"}, {f"model-registrar.dev/{annotation}": ""}
    base = write(tmp_path / "base", churn=[manifest("RegisteredModel", "churn", before)])
    for switches in ({}, after):
        head = write(tmp_path / "head", churn=[manifest("RegisteredModel", "churn", switches)])
        assert actions(plan(head, "--base", base, "-o", "json")) == [("create", "base", "churn")]
        assert actions(plan(head, "--base", base, "--changed", "-o", "json")) == []


def test_a_state_is_shown_as_the_manifest_writes_it(plan: Plan, applied: Rest, tmp_path: Path) -> None:
    applied.change("registered_models/1", state="LIVE")
    base = write(tmp_path / "base", churn=[CHURN])
    head = write(tmp_path / "head", churn=[{**CHURN, "spec": {**CHURN["spec"], "state": "ARCHIVED"}}])
    assert "state  'LIVE' → 'ARCHIVED'" in plan(head, "--base", base).stdout
    result = plan(head, "--base", base, "-o", "diff")
    assert result.exit_code == ExitCode.DONE
    assert "+state: ARCHIVED" in result.stdout


@pytest.mark.usefixtures("applied")
def test_a_file_that_is_gone_archives_its_entries(plan: Plan, tmp_path: Path) -> None:
    base = write(tmp_path / "base", churn=[CHURN], first=[FIRST])
    head = write(tmp_path / "head", churn=[CHURN])
    result = plan(head, "--base", base, "-o", "json", "--exit-code")
    assert result.exit_code == ExitCode.CHANGES
    assert sorted(actions(result)) == [("archive", "change", "churn/1"), ("archive", "change", "churn/1/weights")]
    assert all(change["resource"]["file"] is None for change in found(result)["changes"])
    kept = write(
        tmp_path / "kept", churn=[CHURN], first=[{**FIRST, "spec": {**FIRST["spec"], "deletionPolicy": "Orphan"}}]
    )
    assert actions(plan(head, "--base", kept, "-o", "json")) == []


def test_an_adopted_entry_is_released_and_not_archived(plan: Plan, rest: Rest, tmp_path: Path) -> None:
    rest.model("churn", owner="me", **stamped("team/churn", "adopted"))
    base, head = write(tmp_path / "base", churn=[model("churn", owner="me")]), write(tmp_path / "head")
    assert actions(plan(head, "--base", base, "-o", "json")) == [("release", "change", "churn")]


@pytest.mark.usefixtures("applied")
def test_an_artifact_that_left_its_version_is_archived(plan: Plan, tmp_path: Path) -> None:
    base = write(tmp_path / "base", churn=[CHURN, FIRST])
    head = write(tmp_path / "head", churn=[CHURN, without(FIRST, "artifacts")])
    result = plan(head, "--base", base, "-o", "json")
    assert actions(result) == [("archive", "change", "churn/1/weights")]
    assert found(result)["changes"][0]["fields"][0]["after"] == "MARKED_FOR_DELETION"


def test_drift_is_told_apart_and_does_not_change_the_exit_code(plan: Plan, applied: Rest, tmp_path: Path) -> None:
    applied.change("registered_models/1", owner="someone", state="LIVE")
    base = write(tmp_path / "base", churn=[CHURN, FIRST])
    result = plan(base, "--base", base, "--exit-code")
    assert result.exit_code == ExitCode.DONE
    assert result.stdout.splitlines()[-3:] == [
        "Not from this change, but done by the operator anyway: 1 entry (--drift lists it)",
        "  It overwrites values of RegisteredModel churn",
        "0 to create, 0 to adopt, 0 to update, 0 to restore, 0 to archive, 0 refused, 2 unchanged",
    ]
    assert "owner  'someone' → 'me'" in plan(base, "--base", base, "--drift").stdout
    assert actions(plan(base, "--base", base, "-o", "json")) == [("update", "drift", "churn")]


def test_a_field_that_drifted_is_marked_in_a_change_of_another_field(plan: Plan, applied: Rest, tmp_path: Path) -> None:
    applied.change("registered_models/1", owner="someone", state="LIVE")
    base = write(tmp_path / "base", churn=[CHURN, FIRST])
    head = write(tmp_path / "head", churn=[{**CHURN, "spec": {**CHURN["spec"], "description": "New."}}, FIRST])
    result = plan(head, "--base", base, "-o", "json")
    assert actions(result) == [("update", "change", "churn")]
    assert {field["path"]: field["drift"] for field in found(result)["changes"][0]["fields"]} == {
        "description": False,
        "owner": True,
    }


def test_a_drift_policy_that_reports_leaves_the_entry(plan: Plan, rest: Rest, tmp_path: Path) -> None:
    rest.model("churn", owner="someone", **stamped("team/churn"))
    base = write(tmp_path / "base", churn=[model("churn", owner="me", driftPolicy="Report")])
    result = plan(base, "--base", base, "-o", "json")
    assert actions(result) == [("leave", "drift", "churn")]
    assert "owner is 'someone', the spec says 'me'" in found(result)["changes"][0]["message"]


def test_what_the_base_says_and_nobody_applied_is_not_from_this_change(plan: Plan, tmp_path: Path) -> None:
    base = write(tmp_path / "base", churn=[CHURN])
    head = write(tmp_path / "head", churn=[CHURN, model("new")])
    assert actions(plan(head, "--base", base, "-o", "json")) == [
        ("create", "base", "churn"),
        ("create", "change", "new"),
    ]


@pytest.mark.usefixtures("applied")
@pytest.mark.usefixtures("applied")
@pytest.mark.parametrize("name", ["aaa", "zzz"])
def test_a_resource_of_another_name_gets_the_entry_handed_over(name: str, plan: Plan, tmp_path: Path) -> None:
    base = write(tmp_path / "base", churn=[CHURN, FIRST])
    renamed = version(name, "churn", name="1", artifacts=ARTIFACTS)
    result = plan(write(tmp_path / "head", churn=[CHURN, renamed]), "--base", base, "-o", "json")
    assert actions(result) == [("handover", "change", "churn/1"), ("handover", "change", "churn/1/weights")]
    assert found(result)["changes"][0]["message"] == "from team/churn-1"


@pytest.mark.usefixtures("applied")
def test_an_inline_artifact_can_become_a_resource(plan: Plan, tmp_path: Path) -> None:
    base = write(tmp_path / "base", churn=[CHURN, FIRST])
    weights = {
        **model("weights"),
        "kind": "ModelArtifact",
        "spec": {"modelVersionRef": {"name": "churn-1"}, "uri": "s3://b/w"},
    }
    head = write(tmp_path / "head", churn=[CHURN, without(FIRST, "artifacts"), weights])
    assert actions(plan(head, "--base", base, "-o", "json")) == [("handover", "change", "churn/1/weights")]


@pytest.mark.usefixtures("applied")
def test_an_entry_cannot_get_another_name(plan: Plan, tmp_path: Path) -> None:
    base = write(tmp_path / "base", churn=[CHURN, FIRST])
    renamed = {**CHURN, "spec": {**CHURN["spec"], "name": "churn-model"}}
    result = plan(write(tmp_path / "head", churn=[renamed, FIRST]), "--base", base, "-o", "json")
    assert result.exit_code == ExitCode.ATTENTION
    assert actions(result) == [("refuse", "change", "churn")]
    assert "spec.name cannot change once the entry has an ID" in found(result)["changes"][0]["message"]


@pytest.mark.usefixtures("applied")
def test_only_what_differs_is_planned_with_changed(plan: Plan, tmp_path: Path) -> None:
    second = version("churn-2", "churn", name="2")
    base = write(tmp_path / "base", churn=[CHURN, FIRST, model("other")])
    head = write(tmp_path / "head", churn=[CHURN, FIRST, second, model("other")])
    assert ("create", "base", "other") in actions(plan(head, "--base", base, "-o", "json"))
    assert actions(plan(head, "--base", base, "--changed", "-o", "json")) == [("create", "change", "churn/2")]
    assert plan(head, "--changed").exit_code == ExitCode.USAGE


def test_an_unchanged_artifact_gives_its_version_no_turn_with_changed(
    plan: Plan, applied: Rest, tmp_path: Path
) -> None:
    """The version compares the addresses of its artifacts, and its own drift is not of this change."""
    applied.artifact("2", "extra", uri="s3://b/x", **stamped("team/extra"))
    applied.change("model_versions/2", description="theirs")
    external = {"registeredModelRef": {"external": {"name": "churn"}}}
    first = {**FIRST, "spec": {**FIRST["spec"], **external, "description": "ours"}}
    extra = manifest("ModelArtifact", "extra", modelVersionRef={"name": "churn-1"}, uri="s3://b/x")
    base = write(tmp_path / "base", churn=[CHURN, first, extra])
    head = write(tmp_path / "head", churn=[CHURN, first, extra, model("other")])
    snapshot(applied.url, tmp_path / "snapshot")
    for source in ([], ["--snapshot", tmp_path / "snapshot"]):
        arguments = [head, "--base", base, *source, "-o", "json"]
        assert ("update", "drift", "churn/1") in actions(plan(*arguments))
        assert actions(plan(*arguments, "--changed")) == [("create", "change", "other")]


@pytest.mark.parametrize("more", [(), ("--changed",)])
def test_a_value_of_another_type_is_a_change_though_python_takes_it_for_the_same(
    more: tuple[str, ...], plan: Plan, rest: Rest, tmp_path: Path
) -> None:
    churn = stamped("team/churn")["customProperties"]
    churn["live"] = {"metadataType": "MetadataIntValue", "int_value": "1"}
    churn["rank"] = {"metadataType": "MetadataDoubleValue", "double_value": 7.0}
    rest.model("churn", owner="me", customProperties=churn)
    values = [{"live": 1, "rank": {"double": 7}}, {"live": True, "rank": {"int": 7}}]
    # An alias that waits for its version has the model written a second time.
    old, new = (model("churn", owner="me", customProperties=value) for value in values)
    new["spec"]["aliases"] = {"champion": "1"}
    base = write(tmp_path / "base", churn=[old])
    head = write(tmp_path / "head", churn=[new, version("churn-1", "churn", name="1")])
    result = plan(head, "--base", base, *more, "-o", "json")
    assert sorted(actions(result)) == [("create", "change", "churn/1"), ("update", "change", "churn")]
    change = next(each for each in found(result)["changes"] if each["action"] == "update")
    fields = {each["path"]: (repr(each["before"]), repr(each["after"]), each["drift"]) for each in change["fields"]}
    assert fields["customProperties.live"] == ("1", "True", False)
    assert fields["customProperties.rank"] == ("7.0", "7", False)


@pytest.mark.parametrize("more", [(), ("--changed",)])
def test_a_digest_can_be_corrected_only_where_the_operator_refuses_it(
    more: tuple[str, ...], plan: Plan, rest: Rest, tmp_path: Path
) -> None:
    first = rest.version(rest.model("churn", **stamped("team/churn")), "1", **stamped("team/churn-1"))
    rest.artifact(first, "theirs", uri="s3://b/w", customProperties={"digest": text(ONES)})
    rest.artifact(first, "ours", uri="s3://b/w", **stamped("team/ours", digest=ZEROS))

    def artifacts(digest: str) -> list[dict[str, Any]]:
        parent = {"modelVersionRef": {"name": "churn-1"}, "uri": "s3://b/w"}
        return [manifest("ModelArtifact", name, **parent, digest=digest) for name in ("theirs", "ours")]

    above = [model("churn"), version("churn-1", "churn", name="1")]
    base = write(tmp_path / "base", all=[*above, *artifacts(ZEROS)])
    head = write(tmp_path / "head", all=[*above, *artifacts(ONES)])
    result = plan(head, "--base", base, *more, "-o", "json")
    assert actions(result) == [("adopt", "adoption", "churn/1/theirs"), ("refuse", "change", "ours")]
    assert "digest cannot change" in found(result)["changes"][1]["message"]


def test_a_registry_that_lacks_what_the_base_had_is_remarked(plan: Plan, tmp_path: Path) -> None:
    base = write(tmp_path / "base", many=[model(f"m{number}") for number in range(12)])
    assert "this is another registry, or it was reset" in plan(base, "--base", base).stderr
    few = write(tmp_path / "few", few=[model(f"m{number}") for number in range(3)])
    assert plan(few, "--base", few).stderr == ""


class Repository:
    """A Git repository in which a test makes commits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self("init", "-q", "-b", "main")

    def __call__(self, *arguments: str) -> None:
        who = {
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@b",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@b",
        }
        environment = child_environment({"GIT_CONFIG_GLOBAL": "/dev/null", **who})
        subprocess.run(["git", *arguments], cwd=self.folder, check=True, env=environment, capture_output=True)

    def kind(self, object_id: str) -> str:
        done = subprocess.run(["git", "cat-file", "-t", object_id], cwd=self.folder, check=True, capture_output=True)
        return done.stdout.decode().strip()

    def commit(self) -> None:
        self("add", "-A")
        self("commit", "-qm", "change")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    made = Repository(tmp_path / "repository")
    monkeypatch.chdir(made.folder)
    return made


@pytest.mark.usefixtures("applied")
def test_the_base_is_read_from_the_merge_base_in_git(plan: Plan, repository: Repository) -> None:
    write(repository.folder / "models", churn=[CHURN, FIRST])
    write(repository.folder / "models/.hidden", other=[model("hidden")])
    write(repository.folder, elsewhere=[model("elsewhere")])
    repository.commit()
    repository("checkout", "-qb", "feature")
    write(repository.folder / "models", churn=[without(CHURN, "description"), FIRST])
    repository.commit()
    # What main got meanwhile is no part of the change.
    repository("checkout", "-q", "main")
    write(repository.folder / "models", churn=[CHURN, FIRST], more=[model("more")])
    repository.commit()
    repository("checkout", "-q", "feature")
    result = plan("models", "--base", "git:main", "-o", "json")
    assert actions(result) == [("update", "change", "churn")]
    assert found(result)["changes"][0]["fields"][0]["after"] is None
    assert found(result)["base"] == "git:main"
    (repository.folder / "models/churn.yaml").unlink()
    result = plan("models", "--base", "git:main", "-o", "json")
    assert [action for action, _, _ in actions(result)] == ["archive"] * 3, "a file that is deleted is read too"


def test_a_path_that_neither_the_base_nor_the_change_has_is_not_known(plan: Plan, repository: Repository) -> None:
    write(repository.folder / "models", churn=[CHURN])
    repository.commit()
    result = plan(Path("models"), repository.folder / "modlese", "--base", "git:main")
    assert result.exit_code == ExitCode.NOT_KNOWN
    assert "modlese" in result.stderr


@pytest.mark.parametrize("is_folder", [False, True])
def test_a_link_in_the_base_is_an_answer_that_is_not_known(
    plan: Plan,
    repository: Repository,
    is_folder: bool,  # noqa: FBT001 - a value of the table
) -> None:
    """What it led to at that commit is not read, so that its removal would not be seen."""
    common = write(repository.folder / "common", extra=[model("extra")])
    models = write(repository.folder / "models", churn=[CHURN])
    link = models / ("common" if is_folder else "extra.yaml")
    link.symlink_to(common if is_folder else common / "extra.yaml")
    repository.commit()
    link.unlink()
    result = plan(Path("models"), "--base", "git:main")
    assert result.exit_code == ExitCode.NOT_KNOWN
    assert "is a symbolic link" in result.stderr


@pytest.mark.parametrize("is_link_now", [True, False])
def test_a_link_on_the_way_to_a_path_is_an_answer_that_is_not_known(
    plan: Plan,
    repository: Repository,
    is_link_now: bool,  # noqa: FBT001 - a value of the table
) -> None:
    """The change can lead it elsewhere, where the manifests were the same in the base."""
    for release in ("r1", "r2"):
        write(repository.folder / release / "models", churn=[CHURN])
    current = repository.folder / "current"
    current.symlink_to("r1")
    repository.commit()
    current.unlink()
    if is_link_now:
        current.symlink_to("r2")
    else:
        write(current / "models", churn=[CHURN])
    for path in ("current/models/churn.yaml", "current/models", "r1/../current/models"):
        result = plan(path, "--base", "git:main", "--exit-code")
        assert result.exit_code == ExitCode.NOT_KNOWN
        assert "current is a symbolic link" in result.stderr
    assert plan("r2/models", "--base", "git:main").exit_code == ExitCode.DONE


def test_a_link_to_the_repository_changes_no_answer(
    plan: Plan, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repository.folder / "models", churn=[CHURN])
    repository.commit()
    (tmp_path / "link").symlink_to(repository.folder)
    assert plan(tmp_path / "link/models", "--base", "git:main").exit_code == ExitCode.DONE
    monkeypatch.chdir(tmp_path / "link")
    assert plan("models", "--base", "git:main").exit_code == ExitCode.DONE


def test_a_folder_that_is_gone_has_lost_its_manifests(plan: Plan, applied: Rest, repository: Repository) -> None:
    assert applied.entries()
    write(repository.folder / "models", churn=[CHURN, FIRST])
    repository.commit()
    repository("rm", "-rq", "models")
    result = plan("models", "--base", "git:main", "-o", "json")
    assert result.exit_code == ExitCode.DONE
    assert [action for action, _, _ in actions(result)] == ["archive"] * 3
    assert plan("elsewhere", "--base", "git:main").exit_code == ExitCode.NOT_KNOWN


def test_an_object_that_git_lacks_is_an_answer_that_is_not_known(plan: Plan, repository: Repository) -> None:
    write(repository.folder / "models", churn=[CHURN])
    repository.commit()
    for blob in (repository.folder / ".git/objects").glob("??/*"):
        if blob.read_bytes()[:1] and repository.kind(blob.parent.name + blob.name) == "blob":
            blob.unlink()
    result = plan("models", "--base", "git:main")
    assert result.exit_code == ExitCode.NOT_KNOWN
    assert "is missing. Fetch it first." in result.stderr


def test_what_git_cannot_tell_is_an_answer_that_is_not_known(
    plan: Plan, repository: Repository, tmp_path: Path
) -> None:
    write(repository.folder, churn=[CHURN])
    repository.commit()
    missing = plan(".", "--base", "git:nowhere")
    assert missing.exit_code == ExitCode.NOT_KNOWN
    assert "fetch-depth: 0" in missing.stderr
    outside = plan(write(tmp_path / "outside", a=[CHURN]), "--base", "git:main")
    assert outside.exit_code == ExitCode.NOT_KNOWN
    assert "is outside of the repository" in outside.stderr
    assert plan("-", "--base", "git:main", stdin="").exit_code == ExitCode.USAGE


def test_a_repository_without_commits_and_a_folder_without_a_repository_are_no_shallow_clones(
    plan: Plan, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repository.folder, churn=[CHURN])
    fresh = plan(".", "--base", "git:main")
    assert fresh.exit_code == ExitCode.NOT_KNOWN
    assert fresh.stderr == "Error: The repository has no commit yet, so there is no base: commit what is applied.\n"
    monkeypatch.chdir(write(tmp_path / "elsewhere", churn=[CHURN]))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    outside = plan(".", "--base", "git:main")
    assert outside.exit_code == ExitCode.NOT_KNOWN
    assert "not a git repository" in outside.stderr
    assert "fetch-depth" not in outside.stderr


def test_what_kustomize_renders_gives_the_plan_of_the_files(
    plan: Plan, applied: Rest, kubectl_program: Path, tmp_path: Path
) -> None:
    applied.change("registered_models/1", owner="someone", state="LIVE")
    trees = {"base": [CHURN, FIRST], "head": [without(CHURN, "description"), without(FIRST, "artifacts")]}
    rendered = {}
    for name, documents in trees.items():
        folder = write(tmp_path / name, churn=documents)
        (folder / "kustomization.yaml").write_text("resources: [churn.yaml]\n")
        answer = subprocess.run([kubectl_program, "kustomize", folder], capture_output=True, text=True, check=True)
        rendered[name] = answer.stdout
    (tmp_path / "base.yaml").write_text(rendered["base"])
    of_stdin = plan("-", "--base", tmp_path / "base.yaml", "-o", "json", stdin=rendered["head"])
    of_files = plan(tmp_path / "head", "--base", tmp_path / "base", "-o", "json")
    # kustomize sorts by kind and name.
    assert sorted(actions(of_stdin)) == sorted(actions(of_files))
    assert sorted(actions(of_files)) == [("archive", "change", "churn/1/weights"), ("update", "change", "churn")]
    assert {field["path"]: field["drift"] for change in found(of_stdin)["changes"] for field in change["fields"]} == {
        "description": False,
        "owner": True,
        "state": False,
    }


def test_an_alias_that_moves_is_one_line_and_one_without_a_version_waits(
    plan: Plan, rest: Rest, tmp_path: Path
) -> None:
    churn = rest.model("churn", **stamped("team/churn", **{"alias.champion": "1", "alias.former": "1"}))
    for number in ("1", "2"):
        rest.version(churn, number, **stamped(f"team/churn-{number}"))
    versions = [version(f"churn-{number}", "churn", name=number) for number in ("1", "2")]
    base = write(tmp_path / "base", churn=[model("churn", aliases={"champion": "1", "former": "1"}), *versions])
    assert actions(plan(base, "--base", base, "-o", "json")) == []
    moved = model("churn", aliases={"champion": "2", "next": "3"})
    result = plan(write(tmp_path / "head", churn=[moved, *versions]), "--base", base)
    waits = "The alias 'next' keeps its value in the registry, because the model has no version '3'."
    assert result.stdout.splitlines()[1:5] == [
        "  ~ RegisteredModel churn → churn (id 1)  update",
        "      aliases.champion  '1' → '2'",
        "      aliases.former  '1' → cleared",
        f"  ? RegisteredModel churn → churn (id 1)  waits: VersionMissing, {waits}",
    ]


def test_an_alias_that_waits_for_a_new_version_is_a_part_of_the_same_change(
    plan: Plan, rest: Rest, tmp_path: Path
) -> None:
    """The operator writes the model twice: the alias only once the version exists."""
    rest.model("churn", owner="me", **stamped("team/churn"))
    base = write(tmp_path / "base", churn=[model("churn", owner="me")])
    changed = model("churn", owner="us", aliases={"champion": "1"})
    new = [model("new", aliases={"champion": "1"}), version("new-1", "new", name="1")]
    head = write(tmp_path / "head", churn=[changed, version("churn-1", "churn", name="1")], new=new)
    result = plan(head, "--base", base, "-o", "json")
    assert sorted(actions(result)) == [
        ("create", "change", "churn/1"),
        ("create", "change", "new"),
        ("create", "change", "new/1"),
        ("update", "change", "churn"),
    ]
    fields = {
        change["entry"]["name"]: {each["path"]: (each["before"], each["after"]) for each in change["fields"]}
        for change in found(result)["changes"]
    }
    assert fields["churn"] == {"owner": ("me", "us"), "aliases.champion": (None, "1")}
    assert fields["new"]["aliases.champion"] == (None, "1")


@pytest.mark.usefixtures("applied")
def test_a_file_that_is_deleted_and_named_has_lost_its_manifests(plan: Plan, repository: Repository) -> None:
    """As CI does that names the files of a change, those of others among them."""
    write(repository.folder / "models", churn=[CHURN], first=[FIRST])
    (repository.folder / "models/notes.yaml").write_text("kind: Notes\n")
    repository.commit()
    repository("rm", "-q", "models/first.yaml", "models/notes.yaml")
    names = ["models/churn.yaml", "models/first.yaml", "models/notes.yaml"]
    expected = [("archive", "change", "churn/1"), ("archive", "change", "churn/1/weights")]
    # Alone, they leave nothing that is planned beside them.
    for paths in (names, names[1:]):
        result = plan(*paths, "--base", "git:main", "-o", "json")
        assert (actions(result), result.exit_code) == (expected, ExitCode.DONE), result.stderr


RENAMES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    # Git takes neither file for the other: most of it is gone, so the resource that stayed shows the move.
    "most of it is gone": ([CHURN, FIRST, *(model(f"more-{n}", readme="x" * 200) for n in range(5))], [CHURN]),
    # No resource stayed, and git sees that the rest of the file is the same.
    "another name": ([FIRST], [{**FIRST, "metadata": {"name": "churn-one"}}]),
}


@pytest.mark.parametrize("is_committed", [True, False])
@pytest.mark.parametrize("case", RENAMES)
def test_a_file_that_was_renamed_is_compared_with_what_it_was(
    plan: Plan,
    applied: Rest,
    repository: Repository,
    case: str,
    is_committed: bool,  # noqa: FBT001 - a value of the table
) -> None:
    assert applied.entries()
    before, after = RENAMES[case]
    write(repository.folder / "models", old=before)
    repository.commit()
    repository("checkout", "-qb", "feature")
    (repository.folder / "models/old.yaml").unlink()
    write(repository.folder / "models", new=after)
    repository("add", "-A", *([] if is_committed else ["-N"]))
    if is_committed:
        repository.commit()
    result = plan("models/new.yaml", "--base", "git:main", "-o", "json")
    if case == "another name":
        assert [action for action, _, _ in actions(result)] == ["handover", "handover"]
    else:
        archived = [("archive", "change", "churn/1"), ("archive", "change", "churn/1/weights")]
        assert actions(result) == archived
        # What another file has got has not gone away.
        write(repository.folder / "models", other=[FIRST])
        assert actions(plan("models/new.yaml", "--base", "git:main", "-o", "json")) == []


@pytest.mark.parametrize("options", [[], ["--changed"]])
def test_a_file_that_moves_to_another_stage_creates_what_is_not_there_yet(
    plan: Plan, rest: Rest, repository: Repository, options: list[str]
) -> None:
    """The folders may be for two registries: what the first one has says nothing about the second."""
    rest.model("foreign")
    manifests = [model("churn"), version("churn-1", "churn", name="1"), model("foreign")]
    write(repository.folder / "staging", churn=manifests)
    write(repository.folder / "production", other=[model("other")])
    repository.commit()
    (repository.folder / "staging/churn.yaml").rename(repository.folder / "production/churn.yaml")
    repository.commit()
    result = plan("production", "--base", "git:HEAD~1", "--exit-code", "-o", "json", *options)
    assert result.exit_code == ExitCode.CHANGES, result.stdout
    wanted = [("create", "change", "churn"), ("create", "change", "churn/1"), ("adopt", "adoption", "foreign")]
    assert [each for each in actions(result) if each[2] != "other"] == wanted


@pytest.mark.usefixtures("applied")
def test_a_file_that_gave_its_entry_up_is_a_part_of_the_plan(plan: Plan, repository: Repository) -> None:
    """Without it, the resource would look refused that gets the entry."""
    write(repository.folder / "models", churn=[CHURN], first=[FIRST])
    rival = version("rival", "churn", name="1", author="us", artifacts=ARTIFACTS)
    write(repository.folder / "models", rival=[rival])
    repository.commit()
    (repository.folder / "models/first.yaml").unlink()
    result = plan("models/churn.yaml", "models/rival.yaml", "--base", "git:main", "-o", "json")
    assert actions(result) == [("handover", "change", "churn/1"), ("handover", "change", "churn/1/weights")]
    assert [field["path"] for field in found(result)["changes"][0]["fields"]] == ["author"]


@pytest.mark.parametrize("stays_in", ["its file", "no file"])
def test_a_resource_that_leaves_a_file_that_stays_is_compared_with_what_it_was(
    plan: Plan, rest: Rest, repository: Repository, stays_in: str
) -> None:
    churn = rest.model("churn", **stamped("team/churn", **{"alias.prod": "1"}))
    rest.version(churn, "1", **stamped("team/churn-1"))
    # The stamp of an entry that was edited no longer says what the resource has set.
    rest.change("registered_models/1", description="a")
    before, kept = model("churn", description="a", aliases={"prod": "1"}), model("kept")
    write(repository.folder / "a", all=[kept, before, model("gone")])
    repository.commit()
    write(repository.folder / "a", all=[kept, *([before] if stays_in == "its file" else [])])
    write(repository.folder / "b", churn=[model("churn", description="a")])
    result = plan("b", "--base", "git:main", "--exit-code", "-o", "json")
    # What else the file has lost is no part of the plan, and what two files declare is not known to have moved.
    if stays_in == "its file":
        assert result.exit_code == ExitCode.DONE
    else:
        assert (actions(result), result.exit_code) == ([("update", "change", "churn")], ExitCode.CHANGES)
        (cleared,) = found(result)["changes"][0]["fields"]
        assert (cleared["path"], cleared["before"], cleared["after"]) == ("aliases.prod", "1", None)


@pytest.mark.parametrize("is_gone", [True, False])
def test_what_a_path_has_had_before_is_not_taken_from_another_one(
    plan: Plan,
    rest: Rest,
    repository: Repository,
    is_gone: bool,  # noqa: FBT001 - a value of the table
) -> None:
    """A folder for each environment has resources of the same names."""
    rest.model("churn", **stamped("team/churn"))
    rest.change("registered_models/1", description="a", owner="me")
    for folder in ("production", "staging"):
        write(repository.folder / folder, churn=[model("churn", description="a", owner=folder), model("other")])
    repository.commit()
    write(repository.folder / "production", churn=[model("churn", owner="production"), model("other")])
    write(repository.folder / "staging", churn=[model("other")])
    if is_gone:
        (repository.folder / "staging/churn.yaml").unlink()
    result = plan("production", "--base", "git:main", "--exit-code", "-o", "json")
    assert (actions(result)[0], result.exit_code) == (("update", "change", "churn"), ExitCode.CHANGES)
    fields = {each["path"]: each["after"] for each in found(result)["changes"][0]["fields"]}
    assert fields == {"description": None, "owner": "production"}


@pytest.mark.usefixtures("applied")
def test_an_entry_is_handed_over_by_a_resource_that_leaves_a_file_that_stays(
    plan: Plan, repository: Repository
) -> None:
    write(repository.folder / "a", all=[model("kept"), CHURN])
    repository.commit()
    write(repository.folder / "a", all=[model("kept")])
    write(repository.folder / "b", churn=[{**CHURN, "metadata": {"name": "new"}, "spec": {"name": "churn"}}])
    result = plan("b", "--base", "git:main", "--exit-code", "-o", "json")
    assert (actions(result), result.exit_code) == ([("handover", "change", "churn")], ExitCode.CHANGES)


@pytest.mark.parametrize("is_gone", [True, False])
def test_an_external_id_comes_from_a_file_elsewhere(
    plan: Plan,
    rest: Rest,
    repository: Repository,
    is_gone: bool,  # noqa: FBT001 - a value of the table
) -> None:
    """The second resource has waited for it."""
    rest.model("first", externalId="e", **stamped("team/first"))
    write(repository.folder / "a", m=[model("first", externalId="e"), model("kept")])
    write(repository.folder / "b", m=[model("second", externalId="e")])
    repository.commit()
    if is_gone:
        (repository.folder / "a/m.yaml").unlink()
    else:
        write(repository.folder / "a", m=[model("kept")])
    result = plan("b", "--base", "git:main", "--exit-code", "-o", "json")
    assert ("create", "change", "second") in actions(result)
    assert result.exit_code == ExitCode.CHANGES


@pytest.mark.usefixtures("applied")
def test_a_file_that_was_deleted_elsewhere_is_no_part_of_the_plan(plan: Plan, repository: Repository) -> None:
    write(repository.folder / "models", churn=[CHURN], first=[FIRST])
    (repository.folder / "models/link.yaml").symlink_to("first.yaml")
    repository.commit()
    (repository.folder / "models/link.yaml").unlink()
    (repository.folder / "models/first.yaml").unlink()
    result = plan("models/churn.yaml", "--base", "git:main", "-o", "json")
    assert (actions(result), result.exit_code) == ([], ExitCode.DONE)


@pytest.mark.usefixtures("applied")
def test_a_file_that_was_deleted_elsewhere_needs_no_namespace(rest: Rest, repository: Repository) -> None:
    churn = {**CHURN, "metadata": {"name": "churn", "namespace": "team"}}
    write(repository.folder / "models", churn=[churn], first=[FIRST])
    repository.commit()
    (repository.folder / "models/first.yaml").unlink()
    words = ["plan", "models/churn.yaml", "--base", "git:main", f"--registry-url={rest.url}", "-o", "json"]
    result = CliRunner().invoke(main, words)
    assert (actions(result), result.exit_code) == ([], ExitCode.DONE), result.stderr
