"""Draws what the operator costs by the number of resources, from results of the benchmark."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import click
import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks import REPOSITORY
from benchmarks.operator import aims
from benchmarks.operator.result import Operator, Result, Run

_COLOURS: Final = ("#1f5fa8", "#c2571a", "#2e7d4f", "#7a4ea0")
_STYLES: Final = {Operator.OURS: "o-", Operator.TEXTBOOK: "s--"}
_GREY: Final = "#777777"
_INCHES: Final = (9.0, 6.6)

Value = Callable[[Run], float | None]


def _quiet(run: Run) -> float | None:
    if run.quiet is None:
        return None
    return run.quiet.traffic.registry_requests + run.quiet.traffic.kubernetes_requests


PANELS: Final[dict[str, tuple[Value, float | None]]] = {
    "Entries Ready per second": (aims.speed, aims.ENTRIES_PER_SECOND),
    "p99 of a new chain, apply to Ready, ms": (aims.p99, aims.P99_MILLISECONDS),
    "Requests of a quiet minute, both servers": (_quiet, None),
    "Memory per new entry, KB": (aims.memory_kilobytes, aims.MEMORY_KILOBYTES),
}
"""The panels: by title, the value to draw and its aim."""


@click.command()
@click.argument("results", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--output",
    default=REPOSITORY / "docs" / "operator-scale.svg",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the picture; docs/operator-scale.svg by default.",
)
def main(results: Sequence[Path], output: Path) -> None:
    """Draw the results of `make bench-operator`, such as those in benchmarks/results, as an SVG."""
    read = [Result.model_validate_json(path.read_text()) for path in results]
    # Text stays text, and the same results give the same file.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "operator-scale", "font.family": "sans-serif"}):
        figure = drawn(read)
        output.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(output, format="svg", metadata={"Date": None, "Creator": None})


def drawn(results: Sequence[Result]) -> Figure:
    """Return the picture: a panel for each of `PANELS`, with a line for each operator on each registry."""
    figure = Figure(figsize=_INCHES, layout="constrained")
    for axes, (title, (value, aim)) in zip(figure.subplots(2, 2).flat, PANELS.items(), strict=True):
        _draw(axes, title, value, aim, results)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    return figure


def _draw(axes: Axes, title: str, value: Value, aim: float | None, results: Sequence[Result]) -> None:
    for result, colour in zip(results, _COLOURS, strict=False):
        for operator, style in _STYLES.items():
            measured = {
                run.filled.resources: number for run in result.of(operator) if (number := value(run)) is not None
            }
            if result.of(operator):
                axes.plot(
                    list(measured), list(measured.values()), style, color=colour, label=f"{operator}, {result.registry}"
                )
    if aim is not None:
        axes.axhline(aim, color=_GREY, linewidth=0.8, linestyle=":")
        axes.annotate(
            f"aim {aim:g}", (1, aim), xycoords=("axes fraction", "data"), ha="right", va="bottom", color=_GREY
        )
    sizes = sorted({run.filled.resources for result in results for run in result.runs})
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes], minor=False)
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_title(title, fontsize="medium", loc="left")
    axes.set_xlabel("resources")
    axes.grid(visible=True, color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
