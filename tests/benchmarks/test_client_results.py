"""The kept results of `make bench-client`, and what benchmarks/README.md says about them."""

from collections.abc import Callable
from statistics import median

import pytest

from benchmarks import REPOSITORY
from benchmarks.client.process import Rival
from benchmarks.client.result import AIMS, Result, Row

README = (REPOSITORY / "benchmarks" / "README.md").read_text()
RESULTS = {
    path.stem.removeprefix("client-"): Result.model_validate_json(path.read_text())
    for path in sorted((REPOSITORY / "benchmarks" / "results").glob("client-*.json"))
}
KINDS: dict[str, Callable[[Row], bool]] = {
    "single calls over `http` and `tls`": lambda row: row.operation != "list" and row.transport != "tls-ca",
    "single calls over `tls-ca`": lambda row: row.operation != "list" and row.transport == "tls-ca",
    "lists of 1,000": lambda row: row.operation == "list",
}


def ratio(row: Row, rival: Rival, other: Rival) -> float:
    return row.cells[rival].calls_per_second / row.cells[other].calls_per_second


def span(values: list[float]) -> str:
    return f"{min(values):.1f} to {max(values):.1f}"


def test_results_of_both_registries_are_kept() -> None:
    assert list(RESULTS) == ["embedded", "real"]


@pytest.mark.parametrize("where", RESULTS)
def test_a_kept_result_is_of_all_rivals_on_a_calm_machine(where: str) -> None:
    result = RESULTS[where]
    assert set(result.libraries) == set(Rival)
    assert len(result.rows) == 30
    assert result.listed == 1000
    assert result.machine.is_calm


@pytest.mark.parametrize("where", RESULTS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_readme_has_what_was_measured(where: str, kind: str) -> None:
    rows = [row for row in RESULTS[where].rows if KINDS[kind](row)]
    ours = span([ratio(row, Rival.OURS, Rival.UPSTREAM) for row in rows])
    bare = span([ratio(row, Rival.BARE, Rival.UPSTREAM) for row in rows])
    against = median(ratio(row, Rival.OURS, Rival.BARE) for row in rows)
    assert f"| {kind}, {where} | {ours} | {bare} | {against:.2f} |" in README


def test_the_readme_has_how_often_the_aim_was_met() -> None:
    met = {where: sum(row.met[Rival.UPSTREAM] for row in result.rows) for where, result in RESULTS.items()}
    text = " ".join(README.split())
    rows = f"{met['embedded']} of 30 rows with the embedded registry and in {met['real']} of 30 with the real server"
    assert f"Our client is at least eight times as fast as upstream in {rows}" in text
    aim = AIMS[Rival.UPSTREAM]
    missed = [row for result in RESULTS.values() for row in result.rows if not row.met[Rival.UPSTREAM]]
    behind = [row for row in missed if ratio(row, Rival.BARE, Rival.UPSTREAM) >= aim]
    (row,) = behind
    rates = [ratio(row, rival, Rival.UPSTREAM) for rival in (Rival.OURS, Rival.BARE)]
    assert (row.transport, row.operation) == ("tls", "patch")
    assert (
        f"but for one (a PATCH over `tls`, where we are {rates[0]:.1f} and bare httpx is {rates[1]:.1f} times" in text
    )
