"""`registrar adopt --git` writes manifests for Git, and needs no cluster."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from registrar.cli.exits import ExitCode
from tests.cli.adopt.conftest import REGISTRAR
from tests.cli.program import run
from tests.support.rest import Rest

NOWHERE = Path("/nowhere/kubeconfig")


def to_folder(rest: Rest, folder: Path, *words: str) -> CompletedProcess[str]:
    return run(NOWHERE, REGISTRAR, "adopt", f"--registry-url={rest.url}", f"--git={folder}", *words)


def files(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.yaml")}


def test_manifests_are_planned_and_written_and_a_second_run_writes_nothing(filled: Rest, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    assert to_folder(filled, folder, "*", "--dry-run").returncode == ExitCode.DONE
    assert not folder.exists()
    answer = to_folder(filled, folder, "*")
    assert answer.returncode == ExitCode.DONE, answer.stderr
    lines = answer.stdout.splitlines()
    headings = [line for line in lines if line.endswith(".yaml")]
    assert headings == [f"{folder}/{name}" for name in sorted(files(folder))]
    assert "6 to adopt, stamp only" in lines[-1]
    assert "4 manifests written to 4 files" in answer.stderr
    written = files(folder)
    assert sorted(written) == ["churn/churn-2026-03.yaml", "churn/model.yaml", "fraud/fraud-1.yaml", "fraud/model.yaml"]
    assert "namespace" not in written["fraud/model.yaml"]
    again = to_folder(filled, folder, "*")
    assert again.returncode == ExitCode.DONE
    assert "0 manifests written to 0 files, 0 rewritten, 0 differ, 4 unchanged." in again.stderr
    assert files(folder) == written


def test_only_what_is_chosen_is_written_for_the_namespace_that_is_given(filled: Rest, tmp_path: Path) -> None:
    answer = to_folder(filled, tmp_path, "fr*", "--namespace=team-a")
    assert answer.returncode == ExitCode.DONE
    assert sorted(files(tmp_path)) == ["fraud/fraud-1.yaml", "fraud/model.yaml"]
    assert "namespace: team-a" in files(tmp_path)["fraud/model.yaml"]


def test_the_manifests_name_the_registry_that_has_the_entries(filled: Rest, tmp_path: Path) -> None:
    answer = to_folder(filled, tmp_path, "*", "--registry-ref=production")
    assert answer.returncode == ExitCode.DONE, answer.stderr
    assert "6 to adopt, stamp only" in answer.stdout
    naming = [name for name, text in files(tmp_path).items() if "name: production\n" in text]
    assert sorted(naming) == ["churn/model.yaml", "fraud/model.yaml"]


def test_versions_and_archived_entries_are_chosen_as_for_an_export(filled: Rest, tmp_path: Path) -> None:
    answer = to_folder(filled, tmp_path, "*", "--version=2025-*", "--archived")
    assert answer.returncode == ExitCode.DONE
    assert sorted(files(tmp_path)) == ["churn/churn-2025-11.yaml", "churn/model.yaml"]


def test_a_manifest_that_says_something_else_is_left_and_named(filled: Rest, tmp_path: Path) -> None:
    assert to_folder(filled, tmp_path, "fraud").returncode == ExitCode.DONE
    file = tmp_path / "fraud/model.yaml"
    file.write_text(file.read_text().replace("'42'", "'43'"))
    answer = to_folder(filled, tmp_path, "fraud")
    assert answer.returncode == ExitCode.ATTENTION
    assert f"Differs: {file}:1: RegisteredModel fraud: externalId '42' would become '43'" in answer.stderr
    assert "'43'" in file.read_text()
    hint = re.search("; (registrar export .*) rewrites those that differ", answer.stderr)
    assert hint is not None, answer.stderr
    update = run(NOWHERE, REGISTRAR, *shlex.split(hint[1])[1:], f"--registry-url={filled.url}")
    assert update.returncode == ExitCode.DONE, update.stderr
    assert "'42'" in file.read_text()
    assert to_folder(filled, tmp_path, "fraud").returncode == ExitCode.DONE


@pytest.mark.parametrize("option", ["--context=dev", f"--kubeconfig={Path(__file__)}"])
def test_options_of_a_cluster_do_not_fit(option: str, filled: Rest, tmp_path: Path) -> None:
    answer = to_folder(filled, tmp_path, "*", option)
    assert answer.returncode == ExitCode.USAGE
    assert "--git applies nothing: leave out --context and --kubeconfig." in answer.stderr
