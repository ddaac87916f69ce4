"""`make bench-registries`: with few registries and resources it measures every part, and leaves nothing running."""

import os
import subprocess
import sys

import psutil
import pytest

from benchmarks import REPOSITORY
from benchmarks.operator.result import NewChains
from benchmarks.registries.result import DELAY_LIMIT, Restart, Result
from benchmarks.registries.servers import kind_of


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.registries", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, env=os.environ, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, str]:
    """Three registries with six resources each; one does not answer for a while."""
    output = tmp_path_factory.mktemp("bench") / "result.json"
    numbers = ["--registries=3", "--silent=1", "--size=6", "--chains=2", "--quiet-seconds=1"]
    done = bench(*numbers, f"--output={output}")
    assert done.returncode == 0, done.stderr
    return Result.model_validate_json(output.read_text()), done.stdout


def test_every_part_is_measured(run: tuple[Result, str]) -> None:
    result, shown = run
    assert [len(chains.milliseconds) for chains in (result.before, result.beside, result.after)] == [2, 2, 2]
    assert result.idle.connections == 1
    assert result.recovery_seconds > 0
    assert "3 registries of 6 resources, 1 silent" in shown


def test_a_restart_asks_for_list_pages_only(run: tuple[Result, str]) -> None:
    restart = run[0].restart
    assert restart.is_lists_only, restart
    assert restart.answering["GET list"] >= 2 * 9


def test_nothing_is_left_running(run: tuple[Result, str]) -> None:
    assert run
    commands = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    assert [line for line in commands if "benchmarks.registries" in line or "--owner-id=bench" in line] == []


def test_two_registries_have_to_answer() -> None:
    refused = bench("--registries=3", "--silent=2")
    assert refused.returncode == 2
    assert "give a smaller --silent" in refused.stderr


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/api/model_registry/v1alpha3/registered_models", "GET list"),
        ("GET", "/api/model_registry/v1alpha3/registered_models/1", "GET entry"),
        ("GET", "/api/model_registry/v1alpha3/model_version", "GET entry"),
        ("POST", "/api/model_registry/v1alpha3/registered_models", "POST"),
    ],
)
def test_pages_of_lists_are_counted_apart(method: str, path: str, kind: str) -> None:
    assert kind_of(method, path) == kind


@pytest.mark.parametrize("kind", ["GET entry", "PATCH", "POST"])
def test_another_request_to_any_registry_is_not_a_list(kind: str) -> None:
    for answering, silent in (({kind: 1}, {}), ({"GET list": 9}, {kind: 1})):
        restart = Restart(seconds=1, answering=answering, silent=silent, kubernetes_writes=0)
        assert not restart.is_lists_only


def test_the_delay_compares_the_slowest_with_both_sides(run: tuple[Result, str]) -> None:
    chains = {name: NewChains.of([value]) for name, value in (("before", 100.0), ("beside", 300.0), ("after", 200.0))}
    result = run[0].model_copy(update=chains)
    assert (result.alone.p99, result.delay) == (200, 1.5)


def test_the_design_has_what_was_measured_on_a_calm_machine() -> None:
    kept = REPOSITORY / "benchmarks" / "results" / "registries-embedded.json"
    result = Result.model_validate_json(kept.read_text())
    assert result.machine.is_calm
    assert (result.registries, result.silent) == (20, 2)
    assert result.delay <= DELAY_LIMIT
    assert result.restart.is_lists_only
    text = (REPOSITORY / "docs" / "design" / "007-several-registries.md").read_text()
    for cells in (
        f"alone: median, p99 | {result.alone.p50:.0f} ms, {result.alone.p99:.0f} ms |",
        f"beside two silent registries | {result.beside.p50:.0f} ms, {result.beside.p99:.0f} ms |",
        f"the aim is 2 at most | {result.delay:.2f} |",
        f"each registry that answers | {result.restart.answering['GET list'] / 18:.0f} pages of lists, nothing else |",
        f"both silent ones | {result.restart.silent['GET list']} pages of lists, nothing else |",
        f"to Kubernetes | {result.restart.kubernetes_writes} |",
        f"without resources | {result.idle.memory_bytes / result.idle.connections / 1e6:.2f} MB |",
        f"with all resources | {result.quiet.memory_bytes / 1e6:.0f} MB |",
        f"once the silent ones answered | {result.recovery_seconds:.0f} s |",
        f"of a quiet minute | {result.quiet.cpu_seconds:.1f} s |",
    ):
        assert cells in text
