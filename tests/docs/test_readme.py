"""The numbers and versions of the README are those of the repository."""

import json

from tests.docs.pages import REPOSITORY

README = (REPOSITORY / "README.md").read_text()
RESULTS = REPOSITORY / "benchmarks" / "results"


def _rows(heading: str) -> dict[str, list[str]]:
    """The rows of the table below a heading, by their first cell."""
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return {first: rest for first, *rest in cells}


def test_the_rates_are_those_of_the_kept_results() -> None:
    rates = _rows("How it compares")["new entries per second"]
    client = json.loads((RESULTS / "client-real.json").read_text())
    creates = [row["cells"]["ours"]["calls_per_second"] for row in client["rows"] if row["operation"] == "create"]
    assert rates[0] == _range(creates)
    operator = json.loads((RESULTS / "operator-embedded.json").read_text())
    filled = [(run["operator"], run["filled"]["entries_per_second"]) for run in operator["runs"] if run["filled"]]
    assert rates[-1] == _range([rate for name, rate in filled if name == "ours"])
    assert f"reaches {_range([rate for name, rate in filled if name == 'textbook'])} entries" in " ".join(
        README.split()
    )


def _range(values: list[float]) -> str:
    assert values
    return f"{min(values):.0f} to {max(values):.0f}"
