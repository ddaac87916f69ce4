"""The hook `registrar-validate`, run by a real pre-commit in a repository of manifests."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from devcluster.environment import child_environment
from tests.cli.program import PROGRAMS

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "how-to" / "check-manifests.md"
MODEL = "apiVersion: model-registrar.dev/v1alpha1\nkind: RegisteredModel\nmetadata: {name: %s}\nspec: {%s: ada}\n"


def hook() -> dict[str, Any]:
    (defined,) = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text())
    assert isinstance(defined, dict)
    return defined


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.yaml": MODEL % ("a", "owner"), "b.yaml": MODEL % ("b", "owner"), "notes.txt": "a: ["}, None),
        ({"a.yaml": MODEL % ("a", "ownr")}, "a.yaml:4: spec.ownr: unknown field; did you mean owner?"),
        (
            {"a.yaml": MODEL % ("a", "owner"), "b.yaml": MODEL % ("a", "owner")},
            "b.yaml:3: RegisteredModel a is also in",
        ),
        ({"notes.txt": "a: ["}, None),
    ],
    ids=["valid", "a fault in a file", "a fault between files", "no manifests"],
)
def test_a_commit_of_manifests_is_checked(tmp_path: Path, files: dict[str, str], said: str | None) -> None:
    """pre-commit would install the hook from a package index: here the installed program stands in its place."""
    installed = {name: value for name, value in hook().items() if name != "additional_dependencies"}
    local = {"repos": [{"repo": "local", "hooks": [{**installed, "language": "system"}]}]}
    repository = tmp_path / "git"
    repository.mkdir()
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(local))
    for name, text in files.items():
        (repository / name).write_text(text)
    environment = {
        name: value
        for name, value in child_environment(
            {
                "PRE_COMMIT_HOME": str(tmp_path / "cache"),
                "PATH": os.pathsep.join([str(PROGRAMS), os.environ["PATH"]]),
                "PYTHONPATH": str(REPOSITORY / "operator"),
            }
        ).items()
        if not name.startswith("GIT_")
    }
    for words in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *words], cwd=repository, env=environment, check=True)
    ran = subprocess.run(
        [Path(sys.executable).with_name("pre-commit"), "run", "--color=never"],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == (0 if said is None else 1), ran.stdout + ran.stderr
    assert said is None or said in ran.stdout


def test_the_hook_installs_the_command_line() -> None:
    """The distribution alone is the client; pre-commit installs it, and then these beside it."""
    assert hook()["additional_dependencies"] == [".[cli]"]


def test_the_guide_shows_the_hook() -> None:
    _, _, shown = PAGE.read_text().partition("```text\n")
    (repo,) = yaml.safe_load(shown.partition("```")[0])["repos"]
    assert [each["id"] for each in repo["hooks"]] == [hook()["id"]]
