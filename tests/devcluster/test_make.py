"""The entry points: the Makefile and what continuous integration runs."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _outside_of_make(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide what a `make` that runs the tests passes on: its variables would also count for the ones started here."""
    for name in ("MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS", "MAKELEVEL", "AFTER_COVERAGE", "ARGS"):
        monkeypatch.delenv(name, raising=False)


def test_make_alone_lists_every_target_that_people_call() -> None:
    listed = subprocess.run(
        ["make", "--no-print-directory"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )

    names = re.findall(r"^  (\S+) +\S", listed.stdout, re.MULTILINE)
    assert names == [
        "help",
        "setup",
        "generate",
        "check",
        "workflows",
        "audit",
        "fix",
        "test",
        "coverage",
        "oracle",
        "chart",
        "chart-readme",
        "monitoring",
        "gitops",
        "image",
        "bench-client",
        "bench-operator",
        "bench-registries",
        "docs",
        "site",
        "site-check",
        "recording",
        "release",
        "test-release",
        "test-image",
        "publish-image",
        "publish-chart",
        "publish-release",
        "demo",
        "dev",
        "e2e-kind",
        "clean",
    ]


def test_python_that_is_too_old_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """The check is the Makefile's own; only the interpreter's version is made up."""
    recipe = (REPOSITORY / "Makefile").read_text()
    program = re.search(r"\$\(PYTHON\) -c '(.*)'", recipe)
    assert program is not None
    source = "import sys; sys.version_info = (3, 9); sys.version = '3.9.2 (main)'\n" + program[1].replace(
        "$(PYTHON)", "python3"
    )

    refused = subprocess.run(["python3", "-c", source], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert refused.returncode == 1
    assert refused.stderr.strip().startswith(
        "Python 3.11 or newer is needed, python3 is 3.9.2: name another one with make"
    )


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """Put a `make` before the real one that prints its target and fails for the named ones; return the variables."""

    def prepare(failing: str) -> dict[str, str]:
        make = tmp_path / "bin" / "make"
        make.parent.mkdir()
        make.write_text(
            "#!/bin/sh\n"
            'for target; do :; done\necho "make $target in $(pwd)"\n'
            f'case " {failing} " in *" $target "*) exit 2 ;; esac\n'
        )
        make.chmod(0o755)
        return os.environ | {"PATH": f"{make.parent}{os.pathsep}{os.environ['PATH']}"}

    return prepare


PARTS = ["check", "coverage", "test", "chart", "workflows", "gitops"]


@pytest.mark.parametrize("failing", ["", *PARTS, "check gitops"])
def test_continuous_integration_runs_all_and_fails_if_any_part_does(
    tmp_path: Path, recorded: Callable[[str], dict[str, str]], failing: str
) -> None:
    ran = subprocess.run(
        ["bash", REPOSITORY / ".ci" / "run"],
        cwd=tmp_path,
        env=recorded(failing),
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.stdout.splitlines() == [f"make {part} in {REPOSITORY}" for part in PARTS]
    assert ran.returncode == (2 if failing else 0)


def test_after_coverage_only_what_it_ran_is_left_out() -> None:
    def recipe(*words: str) -> set[str]:
        shown = subprocess.run(
            ["make", "--dry-run", *words], cwd=REPOSITORY, capture_output=True, text=True, check=True
        ).stdout
        return {word for line in shown.splitlines() if "pytest" in line for word in line.split()}

    measured = {word for word in recipe("coverage") if word.startswith("tests/")}
    assert measured == {"tests/unit", "tests/cli", "tests/client", "tests/local_registry"}
    left_out = recipe("AFTER_COVERAGE=1", "test") - recipe("test")
    assert left_out == {f"--ignore={folder}" for folder in measured}
    assert recipe("test", "ARGS=-k adopt") - recipe("test") == {"-k", "adopt"}


@pytest.mark.parametrize(("failing", "status"), [("", 0), ("types", 1)], ids=["passes", "fails"])
def test_a_commit_runs_the_parts_of_check(
    tmp_path: Path, recorded: Callable[[str], dict[str, str]], failing: str, status: int
) -> None:
    """A real pre-commit in a repository with the project's configuration; only `make` is another one."""
    clone = tmp_path / "clone"
    clone.mkdir()
    shutil.copy(REPOSITORY / ".pre-commit-config.yaml", clone)
    (clone / "module.py").touch()
    variables = {name: value for name, value in recorded(failing).items() if not name.startswith("GIT_")}
    variables["PRE_COMMIT_HOME"] = str(tmp_path / "cache")
    for words in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *words], cwd=clone, env=variables, check=True)

    pre_commit = Path(sys.executable).with_name("pre-commit")
    ran = subprocess.run(
        [pre_commit, "run", "--verbose", "--color=never"],
        cwd=clone,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == status, ran.stdout + ran.stderr
    targets = re.findall(r"^make (\S+) in ", ran.stdout, re.MULTILINE)
    makefile = (REPOSITORY / "Makefile").read_text()
    parts = re.search(r"^check: (.*?)  ##", makefile, re.MULTILINE)
    assert parts is not None
    assert targets == parts[1].split()


def test_fix_mends_what_check_refuses(tmp_path: Path) -> None:
    """On a copy of the tree, with something for each of its tools to fix."""
    tree = tmp_path / "tree"
    shutil.copytree(REPOSITORY, tree, ignore=shutil.ignore_patterns(".*", "build", "dist", "__pycache__"))
    faulty = tree / "tools" / "faulty.py"
    misspelt = "recieve"  # codespell:ignore
    faulty.write_text(f'"""To {misspelt} it."""\nimport os\nNAMES = [ \'a\',]\n')
    definition = tree / "crds" / "model-registrar.dev_modelversions.yaml"
    before = definition.read_text()
    definition.write_text(before.replace("maxLength: 240", "maxLength: 250"))

    installed = ("READY=", f"BIN={Path(sys.executable).parent}", f"UV={REPOSITORY / '.uv' / 'bin' / 'uv'}")
    variables = os.environ | {"UV_PYTHON": sys.executable, "UV_OFFLINE": "1"}
    subprocess.run(["make", *installed, "fix"], cwd=tree, env=variables, check=True)

    assert faulty.read_text() == '"""To receive it."""\n\nNAMES = ["a"]\n'
    assert definition.read_text() == before
