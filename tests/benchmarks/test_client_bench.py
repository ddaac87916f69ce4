"""`make bench-client` with tiny numbers: what it counts and checks, never how long anything took."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import certifi
import pytest

from benchmarks import REPOSITORY
from benchmarks.client.process import Process, Rival, RivalError, started
from benchmarks.client.registry import Registry, WorkError, connected
from benchmarks.client.result import Cell, Result, Row
from benchmarks.client.upstream import UPSTREAM
from benchmarks.client.work import OPERATIONS, Job, Stock, stocked

RIVALS = [rival for rival in Rival if rival is not Rival.UPSTREAM or UPSTREAM.python() is not None]
"""PyPI's client takes part once `make bench-client` has made its environment: tests fetch nothing."""

TRANSPORTS = ["http", "tls", "tls-ca"]
STORE = Path(certifi.where())


def bench(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.client", *arguments]
    return subprocess.run(
        command, cwd=REPOSITORY, env=os.environ | environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, str]:
    output = tmp_path_factory.mktemp("bench") / "new folder" / "result.json"
    numbers = ["--rounds", "1", "--calls", "3", "--listed", "7", "--output", str(output)]
    done = bench(*numbers, *(f"--rival={rival}" for rival in RIVALS))
    assert done.returncode == 0, done.stderr
    return Result.model_validate_json(output.read_text()), done.stdout


@pytest.fixture
def served(registry_url: str) -> Iterator[Registry]:
    with connected("the tests' registry", registry_url) as server:
        yield server


def test_every_rival_has_a_value_for_every_piece_of_work(run: tuple[Result, str]) -> None:
    result, _ = run
    done = [(row.transport, row.in_flight, row.operation) for row in result.rows]
    assert done == list(product(TRANSPORTS, [1, 16], OPERATIONS))
    for row in result.rows:
        assert list(row.cells) == RIVALS
        assert row.calls == (1 if row.operation == "list" else 3)
        for cell in row.cells.values():
            assert len(cell.all_calls_per_second) == len(cell.all_cpu_ms_per_call) == 1
            assert min(cell.all_calls_per_second) > 0


def test_each_rival_names_the_library_that_it_ran_on(run: tuple[Result, str]) -> None:
    names = {Rival.OURS: "model-registrar", Rival.UPSTREAM: "model-registry", Rival.BARE: "httpx"}
    named = {rival: library.split()[0] for rival, library in run[0].libraries.items()}
    assert named == {rival: names[rival] for rival in RIVALS}


def test_memory_is_measured_for_every_rival_and_transport(run: tuple[Result, str]) -> None:
    result, _ = run
    measured = [(footprint.transport, footprint.rival) for footprint in result.footprints]
    assert measured == list(product(TRANSPORTS, RIVALS))
    assert all(footprint.imported_bytes > 0 and footprint.import_ms > 0 for footprint in result.footprints)


def test_our_client_makes_one_request_per_call_and_opens_no_connection_for_it(run: tuple[Result, str]) -> None:
    result, _ = run
    assert [(row.rival, row.operation) for row in result.traffic] == list(product(RIVALS, OPERATIONS))
    ours = [row for row in result.traffic if row.rival is Rival.OURS]
    assert [(row.requests_per_call, row.connections_per_call) for row in ours] == [(1, 0)] * len(OPERATIONS)


def test_table_has_a_verdict_on_every_row(run: tuple[Result, str]) -> None:
    result, shown = run
    verdicts = [met for row in result.rows for met in row.met.values()]
    assert (shown.count("✓"), shown.count("✗")) == (verdicts.count(True), verdicts.count(False))
    assert len(verdicts) == len(result.rows) * (len(RIVALS) - 1)


def test_busy_machine_is_reported(run: tuple[Result, str]) -> None:
    result, shown = run
    verdict = "The machine was calm" if max(result.machine.foreign_cpu_percent) <= 10 else "The machine was busy"
    assert verdict in shown


def test_ratios_are_of_medians_and_aims_are_judged_by_them() -> None:
    cells = {
        Rival.OURS: Cell.of(100, [1.0, 5.0, 0.5], [0.1, 0.2, 0.3]),
        Rival.UPSTREAM: Cell.of(100, [7.0, 10.0, 8.0], [0.8, 0.9, 0.7]),
        Rival.BARE: Cell.of(100, [0.5, 0.8, 0.9], [0.1, 0.1, 0.1]),
    }
    row = Row.of("http", 1, "get", 100, cells)
    assert row.cells[Rival.OURS].calls_per_second == 100
    assert row.ratios == {Rival.UPSTREAM: pytest.approx(8), Rival.BARE: pytest.approx(0.8)}
    assert row.cpu_ratios == {Rival.UPSTREAM: pytest.approx(4), Rival.BARE: pytest.approx(0.5)}
    assert row.met == {Rival.UPSTREAM: True, Rival.BARE: False}


@pytest.mark.parametrize("rival", RIVALS)
def test_each_rival_leaves_in_the_registry_what_the_bare_one_leaves(rival: Rival, served: Registry) -> None:
    stock = stocked(served, listed=3)
    for label, worker in (("first", Rival.BARE), ("second", rival)):
        with started(worker, stock.model_id, STORE) as process:
            process.open(served.url, "")
            job = Job(stock, label, calls=4)
            for operation in OPERATIONS:
                job.do(process, operation, in_flight=2)

    models = served.models(f"{stock.tag}-")
    contents = {str({**model, "name": "", "id": "", **_TIMES}) for model in models.values()}
    assert len(models) == 8
    assert len(contents) == 1


_TIMES = {"createTimeSinceEpoch": "", "lastUpdateTimeSinceEpoch": ""}


class Loafer(Process):
    """Claims that it has done everything."""

    def __init__(self, answers: Sequence[str]) -> None:
        self.rival = Rival.BARE
        self._answers = answers

    def run(self, *_asked: object) -> dict[str, Any]:
        return {"returned": self._answers, "seconds": 1.0, "cpu_seconds": 1.0}


def test_rival_that_creates_nothing_is_found_out(served: Registry) -> None:
    stock = stocked(served, listed=1)
    with pytest.raises(WorkError, match="2 models should have been created, the registry has 0"):
        Job(stock, "idle", calls=2).do(Loafer([f"{stock.tag}-idle-{n:05}" for n in range(2)]), "create", 1)


def test_rival_that_patches_nothing_is_found_out(served: Registry) -> None:
    stock = stocked(served, listed=1)
    job = _created_by_bare(stock)
    with pytest.raises(WorkError, match="2 of 2 models were not patched"):
        job.do(Loafer([f"{stock.tag}-made-{n:05}" for n in range(2)]), "patch", 1)


def test_rival_that_returns_something_else_is_found_out(served: Registry) -> None:
    job = _created_by_bare(stocked(served, listed=1))
    with pytest.raises(WorkError, match="bare: get returned"):
        job.do(Loafer(["other", "names"]), "get", 1)


def test_rival_that_creates_something_else_is_found_out(served: Registry) -> None:
    stock = stocked(served, listed=1)
    _created_by_bare(stock)
    stock.content = stock.content | {"owner": "someone else"}
    with started(Rival.OURS, stock.model_id, STORE) as process:
        process.open(served.url, "")
        with pytest.raises(WorkError, match="someone else"):
            Job(stock, "second", calls=2).do(process, "create", 1)


def test_failure_of_a_rival_is_shown() -> None:
    with (
        started(Rival.OURS, "12345678", STORE) as process,
        pytest.raises(RivalError, match=r"(?s)ours failed.*cannot be reached"),
    ):
        process.open("http://127.0.0.1:9", "")


def test_benchmark_without_our_client_is_refused() -> None:
    refused = bench("--rival", "bare")
    assert refused.returncode == 2
    assert "add --rival ours" in refused.stderr


def test_registry_address_that_is_not_plain_is_refused(tmp_path: Path) -> None:
    output = tmp_path / "result.json"
    refused = bench("--rival=ours", f"--output={output}", MODEL_REGISTRY_URL="https://127.0.0.1:9/registry")
    assert refused.returncode == 1
    assert "give http://host:port" in refused.stderr
    assert not output.exists()


def _created_by_bare(stock: Stock) -> Job:
    job = Job(stock, "made", calls=2)
    with started(Rival.BARE, stock.model_id, STORE) as process:
        process.open(stock.registry.url, "")
        job.do(process, "create", 1)
    return job
