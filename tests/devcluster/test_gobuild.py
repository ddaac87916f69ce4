"""Building with the machine's real Go, from a module that needs only the standard library."""

import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from rich.console import Console

from devcluster import gobuild
from devcluster.errors import BinariesError
from devcluster.gomodule import GoModule

REPOSITORY = Path(__file__).parents[2]
DEADLINE = 120.0


def test_programs_are_built_and_run(module: GoModule, empty_cache: Path, paper: Console) -> None:
    gobuild.build(module, ["greeter", "asker"], empty_cache / "programs", paper)

    assert _run(empty_cache / "programs" / "greeter") == "good morning"
    assert _run(empty_cache / "programs" / "asker") == "good morning?"
    assert [path.name for path in empty_cache.iterdir()] == ["programs"]


def test_only_the_named_programs_are_built(module: GoModule, empty_cache: Path, paper: Console) -> None:
    gobuild.build(module, ["asker"], empty_cache / "programs", paper)
    assert [path.name for path in (empty_cache / "programs").iterdir()] == ["asker"]

    gobuild.build(module, ["greeter"], empty_cache / "programs", paper)
    assert {path.name for path in (empty_cache / "programs").iterdir()} == {"asker", "greeter"}


def test_progress_counts_the_packages_that_are_not_cached(
    module: GoModule, empty_cache: Path, paper: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    gobuild.build(module, ["asker"], empty_cache / "first", paper)
    greeting = f'package words\n\nfunc Greeting() string {{ return "{uuid.uuid4()}" }}\n'
    (module.folder / "words" / "words.go").write_text(greeting)
    seen = _record_meter(monkeypatch)

    gobuild.build(module, ["asker"], empty_cache / "second", paper)

    # The standard library is in Go's cache by now; `words` and `asker` are not.
    assert seen[-1][:2] == (2, 2)
    counts = [done for done, total, _ in seen if total == 2]
    assert counts == sorted(counts)


def test_broken_sources_are_an_error_with_the_output_of_go(module: GoModule, empty_cache: Path, paper: Console) -> None:
    (module.folder / "words" / "words.go").write_text("package words\n\nfunc Greeting() string { return 7 }\n")

    with pytest.raises(BinariesError, match=r"go-build failed with status 1(?s:.)*cannot use 7"):
        gobuild.build(module, ["asker"], empty_cache / "programs", paper)
    assert list(empty_cache.iterdir()) == []


def test_module_that_cannot_be_fetched_is_an_error(
    module: GoModule, empty_cache: Path, paper: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOPROXY", "off")
    with (module.folder / "go.mod").open("a") as file:
        file.write("\nrequire example.invalid/absent v1.0.0\n")
    (module.folder / "words" / "words.go").write_text('package words\n\nimport _ "example.invalid/absent"\n')

    with pytest.raises(BinariesError, match=r"go-list failed with status 1(?s:.)*example\.invalid/absent"):
        gobuild.build(module, ["asker"], empty_cache / "programs", paper)


def test_users_own_go_settings_do_not_matter(
    module: GoModule, empty_cache: Path, paper: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOFLAGS", "-mod=vendor")
    monkeypatch.setenv("GOOS", "plan9")
    monkeypatch.setenv("GOWORK", "/absent/go.work")

    gobuild.build(module, ["asker"], empty_cache / "programs", paper)

    assert _run(empty_cache / "programs" / "asker") == "good morning?"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_build_leaves_nothing(
    module: GoModule, empty_cache: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """The build is stopped while Go compiles; neither Go nor a half-built program stays."""
    source = f"""
from pathlib import Path
from rich.console import Console
from devcluster import gobuild, gomodule
module = gomodule.GoModule(Path({str(module.folder)!r}), {module.packages!r}, {module.flags!r})
gobuild.build(module, ["asker"], Path({str(empty_cache / "programs")!r}), Console(force_terminal=False))
"""
    owner = subprocess.Popen(
        [sys.executable, "-u", "-c", source],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=REPOSITORY,
        env=os.environ | {"GOCACHE": str(tmp_path / "go-cache")},
        start_new_session=True,
    )
    assert owner.stdout is not None
    line = next(line for line in owner.stdout if "packages compiled" in line)
    owner.send_signal(number)
    owner.communicate(timeout=DEADLINE)

    assert "packages compiled" in line
    assert owner.returncode != 0
    _wait_until_gone(empty_cache)


def test_new_sources_flags_or_machine_are_another_build(module: GoModule) -> None:
    keys = {module.key, GoModule(module.folder, module.packages, (*module.flags, "-race")).key}
    with (module.folder / "go.mod").open("a") as file:
        file.write("// changed\n")
    keys.add(module.key)
    (module.folder / "go.sum").write_text("changed\n")
    keys.add(module.key)

    assert len(keys) == 4


def _run(program: Path) -> str:
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout


def _record_meter(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int | None, str]]:
    seen: list[tuple[int, int | None, str]] = []
    monkeypatch.setattr(
        "devcluster.progress.Meter.update", lambda _self, done, total, detail="": seen.append((done, total, detail))
    )
    return seen


def _wait_until_gone(folder: Path) -> None:
    subprocess.run(["sh", "-c", f'while [ -n "$(ls -A {folder})" ]; do sleep 0.05; done'], check=True, timeout=DEADLINE)
