"""The actions for GitHub and the jobs for GitLab, run in a shell as their hosts run them: on a changed repository."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from registrar.cli.exits import ExitCode
from tests.cli.plan.manifests import model, stamped, write
from tests.cli.plan.review import body_of, run, snapshot
from tests.support.jobs import Outcome, job_environment, run_job, use_action
from tests.support.loopback import Received, Reply, serving
from tests.support.rest import Rest

REPOSITORY = Path(__file__).parents[3]
PLAN = REPOSITORY / "integrations" / "github" / "plan"
COMMENT = REPOSITORY / "integrations" / "github" / "comment"
GITLAB = REPOSITORY / "integrations" / "gitlab" / "registrar.yml"
BOT = "github-actions[bot]"


def git(folder: Path, *words: str) -> str:
    """Run git without this machine's settings."""
    identity = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = job_environment({**identity, "GIT_CONFIG_GLOBAL": "/dev/null"})
    done = subprocess.run(["git", *words], cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def change(rest: Rest, tmp_path: Path) -> Path:
    """A clone with a branch that changes an owner, removes a model and adds one; the registry is as main says."""
    rest.model("churn", owner="me", **stamped("team/churn"))
    rest.model("gone", **stamped("team/gone"))
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    write(origin / "models", churn=[model("churn", owner="me")], gone=[model("gone")])
    git(origin, "init", "--quiet", "--initial-branch=main")
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "--message=main")
    git(tmp_path, "clone", "--quiet", str(origin), str(clone))
    git(clone, "switch", "--quiet", "--create=change")
    write(clone / "models", churn=[model("churn", owner="us", description="a\n::error::b\n  ::add-mask::c")])
    write(clone / "models", new=[model("new")])
    git(clone, "rm", "--quiet", "models/gone.yaml")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message=change")
    return clone


def plan_on_github(folder: Path, work: Path, url: str | None = None, **inputs: str) -> Outcome:
    registry = {} if url is None else {"REGISTRAR_REGISTRY_URL": url}
    given = {"namespace": "team", **{name.replace("_", "-"): value for name, value in inputs.items()}}
    return use_action(PLAN, folder, work, given, GITHUB_BASE_REF="main", **registry)


SUMMARY = "### Plan for the model registry: 1 to create, 1 to update, 1 to archive"


def test_the_action_plans_what_the_branch_changes(change: Path, work: Path, rest: Rest) -> None:
    outcome = plan_on_github(change, work, rest.url)
    assert outcome.code == ExitCode.DONE, outcome.log
    assert outcome.summary.splitlines()[1] == SUMMARY
    assert "- **archive** `RegisteredModel gone → gone (id 2)`" in outcome.summary
    folder = Path(outcome.outputs["plan.folder"])
    assert outcome.uploaded == [{"name": "registrar-plan", "path": str(folder), "if-no-files-found": "ignore"}]
    assert sorted(path.name for path in folder.iterdir()) == ["plan.json", "plan.md", "plan.txt"]
    assert (folder / "plan.md").read_text() == outcome.summary
    assert (folder / "plan.txt").read_text() in outcome.log
    assert not (work / "GITHUB_PATH").exists(), "the installed program is used"


def test_only_annotations_are_commands_to_the_runner(change: Path, work: Path, rest: Rest) -> None:
    outcome = plan_on_github(change, work, rest.url)
    assert "::error::b" in outcome.log
    assert [name for name, _ in outcome.commands()] == ["notice", "notice", "notice"]


def test_an_action_that_must_not_be_in_the_plan_fails_the_job_and_is_kept(change: Path, work: Path, rest: Rest) -> None:
    outcome = plan_on_github(change, work, rest.url, fail_on="archive", title="Production", artifact="production")
    assert outcome.code == ExitCode.ATTENTION
    assert "**Not allowed here:** 1 to archive." in outcome.summary
    assert outcome.summary.startswith("<!-- registrar-plan: Production -->\n### Production: ")
    assert outcome.uploaded[0]["path"] == outcome.outputs["plan.folder"] == str(work / "production")
    assert ("error", "RegisteredModel gone → gone (id 2): archive%0Astate  'LIVE' → 'ARCHIVED'") in outcome.commands()


def test_a_registry_that_is_away_is_no_plan(change: Path, work: Path) -> None:
    (work / "registrar-plan").mkdir()
    (work / "registrar-plan" / "plan.md").write_text("of an earlier step")
    outcome = plan_on_github(change, work, "http://127.0.0.1:1")
    assert (outcome.code, outcome.summary) == (ExitCode.NOT_KNOWN, "")
    assert "cannot be read" in outcome.log
    assert "plan.folder" not in outcome.outputs, "there is nothing to comment"


def test_paths_and_base_are_inputs(change: Path, work: Path, rest: Rest) -> None:
    paths = "models/new.yaml\n\nmodels/churn.yaml\n"
    outcome = plan_on_github(change, work, rest.url, paths=paths, base="git:HEAD")
    assert outcome.summary.splitlines()[1] == "### Plan for the model registry: nothing from this change"


def test_the_action_installs_the_program_of_its_own_commit() -> None:
    """The step goes three folders up from the action."""
    assert (PLAN / ".." / ".." / ".." / "pyproject.toml").resolve() == REPOSITORY / "pyproject.toml"
    assert '"$GITHUB_ACTION_PATH/../../..[cli]"' in (PLAN / "action.yml").read_text()


def test_a_plan_of_a_snapshot_is_the_plan_of_the_registry(
    change: Path, work: Path, rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Acceptance 11: without a token, without a registry, without any connection."""
    monkeypatch.chdir(change)
    words = ("models", "--base=git:origin/main", "--drift")
    forms = ("text", "diff", "json", "ndjson", "markdown", "github")
    live = {form: run(rest.url, *words, "-o", form).stdout for form in forms}
    snapshot(rest.url, work / "registry.ndjson.gz")

    def refuse(*_: Any) -> None:
        raise AssertionError("a connection")

    with monkeypatch.context() as offline:
        offline.setattr(socket.socket, "connect", refuse)
        offline.setattr(socket, "getaddrinfo", refuse)
        source = f"--snapshot={work / 'registry.ndjson.gz'}"
        planned = {form: run(source, *words, "-o", form).stdout for form in forms}
    for form in forms:
        first, second = (re.sub(r'"readAt": "[^"]+"', "", texts[form]) for texts in (live, planned))
        assert first == second
    outcome = plan_on_github(change, work, snapshot=str(work / "registry.ndjson.gz"))
    assert (outcome.code, outcome.summary.splitlines()[1]) == (ExitCode.DONE, SUMMARY)


def gitlab_variables(change: Path, api: str) -> dict[str, str]:
    return {
        "CI_API_V4_URL": api,
        "CI_JOB_TOKEN": "job",
        "CI_PROJECT_ID": "3",
        "CI_MERGE_REQUEST_PROJECT_ID": "3",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": git(change, "rev-parse", "origin/main"),
        "CI_DEFAULT_BRANCH": "main",
        "REGISTRAR_NAMESPACE": "team",
    }


def test_gitlab_plans_with_the_snapshot_of_the_default_branch(change: Path, rest: Rest, tmp_path: Path) -> None:
    taken = tmp_path / "main"
    taken.mkdir()
    outcome = run_job(GITLAB, "registrar-snapshot", taken, REGISTRAR_REGISTRY_URL=rest.url)
    assert outcome.code == ExitCode.DONE, outcome.log

    def answer(received: Received) -> Reply:
        assert received.headers["job-token"] == "job"
        assert received.path == "/projects/3/jobs/artifacts/main/raw/registry.ndjson.gz?job=registrar-snapshot"
        return Reply(body=(taken / "registry.ndjson.gz").read_bytes())

    with serving(answer) as server:
        outcome = run_job(GITLAB, "registrar-plan", change, **gitlab_variables(change, server.url))
    assert outcome.code == ExitCode.DONE, outcome.log
    assert "1 to create, 0 to adopt, 1 to update, 0 to restore, 1 to archive" in outcome.log
    written = (change / "plan.md").read_text()
    assert written.splitlines()[1] == SUMMARY

    live = run_job(
        GITLAB,
        "registrar-plan",
        change,
        REGISTRAR_REGISTRY_URL=rest.url,
        REGISTRAR_FAIL_ON="create",
        **gitlab_variables(change, "http://127.0.0.1:1"),
    )
    assert live.code == ExitCode.ATTENTION, live.log
    assert "**Not allowed here:** 1 to create." in (change / "plan.md").read_text()
    assert json.loads((change / "plan.json").read_text())["summary"]["create"] == 1


def test_gitlab_has_one_note_that_is_replaced(change: Path) -> None:
    notes: list[dict[str, Any]] = [{"id": 1, "author": {"id": 5}, "body": body_of("A", "looks like ours")}]

    def answer(received: Received) -> Reply:
        assert received.headers["private-token"] == "secret"
        if received.route == "/user":
            return Reply(body={"id": 9})
        assert received.route.startswith("/projects/3/merge_requests/7/notes")
        if received.method == "POST":
            notes.append({"id": len(notes) + 1, "author": {"id": 9}, "body": received.json["body"]})
        elif received.method == "PUT":
            notes[int(received.route.rpartition("/")[2]) - 1]["body"] = received.json["body"]
        else:
            return Reply(body=notes if "page=1" in received.path.split("&") else [])
        return Reply(body={})

    with serving(answer) as server:
        variables = {**gitlab_variables(change, server.url), "REGISTRAR_COMMENT_TOKEN": "secret"}
        for body in (body_of("A", "one"), body_of("B", "two"), body_of("A", "three")):
            (change / "plan.md").write_text(body)
            outcome = run_job(GITLAB, "registrar-comment", change, **variables)
            assert outcome.code == 0, outcome.log
    assert [note["body"].splitlines()[1] for note in notes] == ["### A: looks like ours", "### A: three", "### B: two"]


def shown_in_the_guide(name: str) -> str:
    guide = (REPOSITORY / "docs" / "how-to" / "review-pull-requests.md").read_text()
    return guide.partition(f"```text\n# {name}\n")[2].partition("```")[0]


def test_the_guide_shows_a_workflow_that_fits_the_actions(tmp_path: Path) -> None:
    (tmp_path / "plan.yml").write_text(shown_in_the_guide(".github/workflows/plan.yml"))
    check("vendor.github-workflows", tmp_path / "plan.yml")
    steps = yaml.safe_load((tmp_path / "plan.yml").read_text())["jobs"]["plan"]["steps"]
    used = {step["uses"].partition("@")[0].removeprefix("your-org/model-registrar/"): step for step in steps}
    for action in (PLAN, COMMENT):
        defined = yaml.safe_load((action / "action.yml").read_text())
        assert used[str(action.relative_to(REPOSITORY))]["with"].keys() <= defined["inputs"].keys()
    assert "folder" in yaml.safe_load((PLAN / "action.yml").read_text())["outputs"]


def test_the_guide_shows_variables_of_the_template(tmp_path: Path) -> None:
    (tmp_path / "ci.yml").write_text(shown_in_the_guide(".gitlab-ci.yml"))
    check("vendor.gitlab-ci", tmp_path / "ci.yml")
    shown = yaml.safe_load((tmp_path / "ci.yml").read_text())["variables"]
    assert shown.keys() <= yaml.safe_load(GITLAB.read_text())["variables"].keys()


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-actions", [PLAN / "action.yml", COMMENT / "action.yml"]),
        ("vendor.gitlab-ci", [GITLAB]),
    ],
)
def test_their_hosts_know_every_key(schema: str, files: list[Path]) -> None:
    check(schema, *files)


def check(schema: str, *files: Path) -> None:
    transform = ["--data-transform=gitlab-ci"] if "gitlab" in schema else []
    words = [sys.executable, "-m", "check_jsonschema", f"--builtin-schema={schema}", *transform, *map(str, files)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
