"""The entry points: the Makefile and what continuous integration runs."""

import os
import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


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
        "test",
        "chart",
        "chart-readme",
        "gitops",
        "image",
        "bench-client",
        "bench-operator",
        "docs",
        "demo",
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

    told = subprocess.run(["python3", "-c", source], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert told.returncode == 1
    assert told.stderr.strip().startswith(
        "Python 3.11 or newer is needed, python3 is 3.9.2: name another one with make"
    )


@pytest.mark.parametrize(
    ("failing", "status"),
    [("", 0), ("check", 2), ("test", 2), ("chart", 2), ("gitops", 2), ("check gitops", 2)],
    ids=["none", "check", "test", "chart", "gitops", "two"],
)
def test_continuous_integration_runs_all_and_fails_if_any_part_does(tmp_path: Path, failing: str, status: int) -> None:
    make = tmp_path / "make"
    make.write_text(
        "#!/bin/sh\n"
        'for target; do :; done\necho "make $target in $(pwd)"\n'
        f'case " {failing} " in *" $target "*) exit 2 ;; esac\n'
    )
    make.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"

    told = subprocess.run(
        ["bash", REPOSITORY / ".ci" / "run"],
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )

    parts = ["check", "test", "chart", "gitops"]
    assert told.stdout.splitlines() == [f"make {part} in {REPOSITORY}" for part in parts]
    assert told.returncode == status
