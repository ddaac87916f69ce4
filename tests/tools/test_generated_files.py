import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tools.generate import write

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    result = CliRunner().invoke(write.main, ["--root", str(tmp_path)])
    assert result.exit_code == 0, result.output
    return tmp_path


def _check(root: Path) -> tuple[int, str]:
    result = CliRunner().invoke(write.main, ["--check", "--root", str(root)])
    return result.exit_code, result.output


def test_files_in_the_repository_are_as_generated() -> None:
    """The definitions in crds/ are the snapshot: a change of a model shows as a change of these files."""
    command = [sys.executable, "-m", "tools.generate", "--check"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_check_accepts_what_was_written(tree: Path) -> None:
    assert _check(tree) == (0, "")


def test_check_names_an_edited_file_and_leaves_it(tree: Path) -> None:
    edited = tree / "crds" / "model-registrar.dev_modelversions.yaml"
    edited.write_text(edited.read_text().replace("maxLength: 240", "maxLength: 250"))
    before = edited.read_text()

    code, output = _check(tree)
    assert code == 1
    assert "crds/model-registrar.dev_modelversions.yaml: differs" in output
    assert "registeredmodels" not in output
    assert edited.read_text() == before


def test_check_names_a_missing_file(tree: Path) -> None:
    (tree / "crds" / "Kustomization").unlink()

    code, output = _check(tree)
    assert code == 1
    assert "crds/Kustomization: is missing" in output


def test_check_names_a_left_over_file_and_writing_removes_it(tree: Path) -> None:
    left_over = tree / "crds" / "model-registrar.dev_oldkinds.yaml"
    left_over.touch()

    code, output = _check(tree)
    assert code == 1
    assert "crds/model-registrar.dev_oldkinds.yaml: is not generated any more" in output

    write.write(tree, write.generated())
    assert not left_over.exists()
    assert _check(tree) == (0, "")
