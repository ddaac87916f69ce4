"""examples/repository: its manifests, and that its workflows and jobs fit what integrations/ has for them."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from devcluster.embedded_registry import EmbeddedRegistry
from tests.env.registry import EmbeddedServers
from tests.support.fixtures import StartOperator
from tests.support.jobs import job_environment
from tests.support.resources import Namespace

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "examples" / "repository"
MODELS = EXAMPLE / "models"
WORKFLOWS = {path.stem: path for path in sorted((EXAMPLE / ".github" / "workflows").iterdir())}
OURS = "your-org/model-registrar/"


def registrar(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the program."""
    arguments = ["registrar", *map(str, words)]
    return subprocess.run(arguments, capture_output=True, text=True, check=False, env=job_environment({}))


def load(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    return content


def steps(workflow: str) -> list[dict[str, Any]]:
    ((_, job),) = load(WORKFLOWS[workflow])["jobs"].items()
    found: list[dict[str, Any]] = job["steps"]
    return found


@pytest.fixture
def server(embedded_registry: EmbeddedServers) -> EmbeddedRegistry:
    return embedded_registry()


def summary(space: Namespace, url: str) -> dict[str, int]:
    owner = f"--owner-id=tests/{space.name}"
    done = registrar("plan", MODELS, "-n", space.name, "--registry-url", url, owner, "-o", "json")
    assert done.returncode == 0, done.stderr
    return {name: number for name, number in json.loads(done.stdout)["summary"].items() if number}


def test_the_manifests_do_what_their_plan_says(
    own_space: Namespace, start_operator: StartOperator, server: EmbeddedRegistry
) -> None:
    assert registrar("validate", MODELS, "-n", own_space.name, "--strict").returncode == 0
    assert summary(own_space, server.url) == {"create": 5}
    start_operator(server.url, own_space)
    own_space.cluster.run_kubectl(
        "apply", "--validate=strict", "--namespace", own_space.name, "--recursive", "-f", MODELS
    )
    for kind, name in (("RegisteredModel", "churn"), ("RegisteredModel", "fraud"), ("ModelVersion", "churn-2026-03")):
        own_space.ready(kind, name)
    assert summary(own_space, server.url) == {"unchanged": 5}


@pytest.mark.parametrize(
    ("schema", "files"),
    [("vendor.github-workflows", list(WORKFLOWS.values())), ("vendor.gitlab-ci", [EXAMPLE / ".gitlab-ci.yml"])],
)
def test_their_hosts_know_every_key(schema: str, files: list[Path]) -> None:
    words = [sys.executable, "-m", "check_jsonschema", f"--builtin-schema={schema}", *map(str, files)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_workflows_use_the_actions_with_inputs_that_they_have() -> None:
    used = [step for workflow in WORKFLOWS for step in steps(workflow) if step.get("uses", "").startswith(OURS)]
    assert len(used) == 2
    for step in used:
        path = step["uses"].removeprefix(OURS).partition("@")[0]
        inputs = load(REPOSITORY / path / "action.yml")["inputs"]
        assert step["with"].keys() <= inputs.keys()
        assert {name for name, each in inputs.items() if each.get("required")} <= step["with"].keys()


def test_an_artifact_has_the_name_by_which_it_is_downloaded() -> None:
    uploaded = steps("snapshot")[-1]["with"]
    downloads = {name: re.findall(r"--name ([\w-]+)", WORKFLOWS[name].read_text()) for name in ("plan", "comment")}
    assert downloads["plan"] == [uploaded["name"]]
    plan = next(step for step in steps("plan") if step.get("uses", "").startswith(OURS))
    assert plan["with"]["snapshot"] == uploaded["path"]
    artifact = load(REPOSITORY / "integrations" / "github" / "plan" / "action.yml")["inputs"]["artifact"]["default"]
    assert downloads["comment"] == [artifact]
    assert load(WORKFLOWS["comment"])["on"]["workflow_run"]["workflows"] == [load(WORKFLOWS["plan"])["name"]]


def test_only_the_snapshot_has_a_secret_and_only_the_comment_a_right_to_write() -> None:
    assert [name for name, path in WORKFLOWS.items() if "secrets." in path.read_text()] == ["snapshot"]
    assert "pull_request" not in str(load(WORKFLOWS["snapshot"])["on"])
    writing = [name for name, path in WORKFLOWS.items() if "write" in load(path)["permissions"].values()]
    assert writing == ["comment"]
    assert not any("checkout" in step.get("uses", "") for step in steps("comment"))


def test_gitlab_includes_the_template_with_variables_that_it_has() -> None:
    pipeline = load(EXAMPLE / ".gitlab-ci.yml")
    (included,) = pipeline["include"]
    assert pipeline["variables"].keys() <= load(REPOSITORY / included["file"])["variables"].keys()


def test_argo_cd_applies_the_folder_with_its_subfolders() -> None:
    application = load(EXAMPLE / "argocd" / "application.yaml")["spec"]
    assert (EXAMPLE / application["source"]["path"]) == MODELS
    assert application["source"]["directory"] == {"recurse": True}
    plan = next(step for step in steps("plan") if step.get("uses", "").startswith(OURS))
    assert application["destination"]["namespace"] == plan["with"]["namespace"]
