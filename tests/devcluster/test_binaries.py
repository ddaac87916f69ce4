"""Where the programs come from, in which order; two processes never build at once."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock
from rich.console import Console

from devcluster import binaries, envtest_archive, gomodule
from devcluster.errors import BinariesError
from devcluster.gomodule import GoModule
from tests.devcluster.archive_index import Index, archive_of

REPOSITORY = Path(__file__).parents[2]
ARCHIVED = {name: f"#!/bin/sh\necho archived {name}\n" for name in envtest_archive.PROGRAMS}
DEADLINE = 120.0

pytestmark = pytest.mark.usefixtures("empty_cache", "no_assets")


@pytest.fixture
def no_assets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no variable of the caller decide which programs these tests get: their archives are of one version."""
    for name in (binaries.ASSETS, gomodule.KUBERNETES):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_assets: None) -> Path:  # noqa: ARG001 - comes first
    folder = tmp_path / "assets"
    folder.mkdir()
    monkeypatch.setenv(binaries.ASSETS, str(folder))
    return folder


@pytest.fixture
def buildable(module: GoModule, monkeypatch: pytest.MonkeyPatch) -> GoModule:
    """Let the control plane's programs be built from a module of a few lines."""
    greeter = module.packages["greeter"]
    small = GoModule(module.folder, dict.fromkeys(binaries.CONTROLLERS_TOO, greeter), module.flags)
    monkeypatch.setattr(gomodule, "control_plane", lambda: small)
    return small


def _put(folder: Path, *names: str) -> dict[str, Path]:
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return {name: folder / name for name in names}


def test_assets_win_and_nothing_is_asked_of_the_network(index: Index, assets: Path, paper: Console) -> None:
    index.release("v1.37.0", archive_of(ARCHIVED))
    there = _put(assets, *binaries.PROGRAMS)

    assert binaries.ensure(binaries.PROGRAMS, paper) == there
    assert index.asked == []
    assert paper.export_text() == ""


def test_archive_is_fetched_once_and_then_cached(index: Index, empty_cache: Path, paper: Console) -> None:
    path = index.release("v1.37.0", archive_of(ARCHIVED))

    first = binaries.ensure(binaries.PROGRAMS, paper)
    second = binaries.ensure(binaries.PROGRAMS, paper)

    assert first == second
    assert {name: program.read_text() for name, program in first.items()} == ARCHIVED
    assert all(program.is_relative_to(empty_cache) for program in first.values())
    assert index.asked == ["/index.yaml", path]


def test_lock_is_free_again_afterwards(index: Index, empty_cache: Path, paper: Console) -> None:
    index.release("v1.37.0", archive_of(ARCHIVED))

    binaries.ensure(binaries.PROGRAMS, paper)

    with FileLock(empty_cache / "lock", timeout=0) as lock:
        assert lock.is_locked


def test_holder_of_the_lock_is_waited_for(index: Index, empty_cache: Path, paper: Console) -> None:
    index.release("v1.37.0", archive_of(ARCHIVED))
    lock = FileLock(empty_cache / "lock", thread_local=False)
    lock.acquire()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(binaries.ensure, binaries.PROGRAMS, paper)
        while "waiting for it" not in paper.export_text(clear=False):
            assert not waiting.done()
        assert index.asked == []
        lock.release()

        assert set(waiting.result(DEADLINE)) == set(binaries.PROGRAMS)


def test_assets_that_lack_a_program_are_completed(index: Index, assets: Path, paper: Console) -> None:
    index.release("v1.37.0", archive_of(ARCHIVED))
    _put(assets, "etcd")
    (assets / "kubectl").write_text("no permission to run this")

    found = binaries.ensure(binaries.PROGRAMS, paper)

    assert found["etcd"] == assets / "etcd"
    assert found["kubectl"].read_text() == ARCHIVED["kubectl"]
    assert f"KUBEBUILDER_ASSETS is {assets}, which lacks them" in paper.export_text()


@pytest.mark.usefixtures("buildable")
def test_without_an_archive_it_is_built_and_says_so_before(index: Index, empty_cache: Path, paper: Console) -> None:
    found = binaries.ensure(["etcd"], paper)

    assert subprocess.run([found["etcd"]], capture_output=True, text=True, check=True).stdout == "good morning"
    assert index.asked == ["/index.yaml"]
    printed = paper.export_text().splitlines()
    assert printed[:3] == [
        "The control plane needs etcd:",
        "  KUBEBUILDER_ASSETS is not set.",
        f"  The cache {empty_cache} does not have them.",
    ]
    assert printed[3].startswith("  No released archive: ")
    assert printed[4].startswith(
        "  Building etcd v1.37.2 from source with Go: about 10 minutes on two cores. This happens once"
    )


@pytest.mark.usefixtures("buildable")
def test_program_that_the_archive_never_has_is_built(index: Index, paper: Console) -> None:
    index.release("v1.37.0", archive_of(ARCHIVED))

    found = binaries.ensure(binaries.CONTROLLERS_TOO, paper)

    assert found["etcd"].read_text() == ARCHIVED["etcd"]
    controllers = subprocess.run([found["kube-controller-manager"]], capture_output=True, text=True, check=True)
    assert controllers.stdout == "good morning"


def test_tampered_archive_is_never_used(index: Index, buildable: GoModule, paper: Console) -> None:
    index.release("v1.37.0", archive_of(ARCHIVED), checksum="0" * 128)

    found = binaries.ensure(["etcd"], paper)

    assert "checksum" in paper.export_text()
    assert found["etcd"].parent.name == f"control-plane-{buildable.key}"


@pytest.mark.usefixtures("index")
def test_changed_module_is_built_again(buildable: GoModule, paper: Console) -> None:
    before = binaries.ensure(["etcd"], paper)["etcd"]
    (buildable.folder / "go.mod").write_text("module example.invalid/morning\n\ngo 1.21.1\n")

    after = binaries.ensure(["etcd"], paper)["etcd"]

    assert after != before
    assert before.exists()


@pytest.mark.usefixtures("index")
def test_two_processes_build_once(module: GoModule) -> None:
    source = f"""
from pathlib import Path
from devcluster import binaries, gomodule
module = gomodule.GoModule(Path({str(module.folder)!r}), {{"etcd": {module.packages["asker"]!r}}}, {module.flags!r})
gomodule.control_plane = lambda: module
print(binaries.ensure(["etcd"])["etcd"])
"""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", source],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            env=os.environ.copy(),
        )
        for _ in range(2)
    ]
    outcomes = [process.communicate(timeout=DEADLINE) for process in started]

    assert [process.returncode for process in started] == [0, 0]
    assert len({found for found, _ in outcomes}) == 1
    assert sum("Building etcd" in printed for _, printed in outcomes) == 1


def test_command_says_where_the_programs_are(assets: Path) -> None:
    _put(assets, *binaries.CONTROLLERS_TOO)
    result = _command()

    assert result.stdout.splitlines() == [f"{name}: {assets / name}" for name in binaries.CONTROLLERS_TOO]
    assert result.returncode == 0


def test_command_refuses_a_program_it_does_not_know() -> None:
    result = _command("kubelet")

    assert result.returncode == 2
    assert (
        "no such program: kubelet; choose from etcd, kube-apiserver, kubectl, kube-controller-manager" in result.stderr
    )


def test_build_error_reaches_the_caller(index: Index, buildable: GoModule, paper: Console) -> None:
    (buildable.folder / "words" / "words.go").write_text("package words\n")

    with pytest.raises(BinariesError, match=r"undefined: words\.Greeting"):
        binaries.ensure(["etcd"], paper)
    assert index.asked == ["/index.yaml"]


@pytest.mark.parametrize("chosen", ["", "newest", "oldest"])
def test_real_module_stamps_the_version_that_it_pins(monkeypatch: pytest.MonkeyPatch, chosen: str) -> None:
    monkeypatch.setenv("MODEL_REGISTRAR_KUBERNETES", chosen)
    module = gomodule.control_plane()
    version = gomodule.kubernetes_version(chosen or "newest")

    assert set(module.packages) == set(binaries.CONTROLLERS_TOO)
    assert f"k8s.io/kubernetes {version} " in (module.folder / "go.mod").read_text()
    assert f"version.gitVersion={version} " in module.flags[-1]


def test_an_unknown_choice_of_kubernetes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_REGISTRAR_KUBERNETES", "1.30")
    result = _command()

    assert result.returncode == 1
    message = "error: MODEL_REGISTRAR_KUBERNETES is '1.30': use newest or oldest, or leave it unset.\n"
    assert result.stderr == message


def _command(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "devcluster.binaries", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)


def test_programs_of_another_module_are_built_once_and_kept(
    module: GoModule, empty_cache: Path, paper: Console
) -> None:
    first = binaries.ensure_built("morning", "v2", module, 3, paper)
    printed = paper.export_text()
    second = binaries.ensure_built("morning", "v2", module, 3, paper)

    assert first == second == {name: empty_cache / f"morning-{module.key}" / name for name in module.packages}
    assert subprocess.run([first["asker"]], capture_output=True, text=True, check=True).stdout == "good morning?"
    assert "Building morning v2 from source with Go: about 3 minutes on two cores. This happens once" in printed
    assert paper.export_text() == ""


def test_sources_beside_the_module_file_are_part_of_the_build(module: GoModule, paper: Console) -> None:
    before = binaries.ensure_built("morning", "v2", module, 3, paper)
    words = module.folder / "words" / "words.go"
    words.write_text(words.read_text().replace("morning", "evening"))
    after = binaries.ensure_built("morning", "v2", module, 3, paper)

    assert before["asker"] != after["asker"]
    assert subprocess.run([after["asker"]], capture_output=True, text=True, check=True).stdout == "good evening?"
