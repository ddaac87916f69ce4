"""Helm and the programs that check the chart: ``python -m devcluster.charttools`` builds them once."""

import argparse
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from devcluster import binaries, gomodule
from devcluster.errors import BinariesError

CHART = Path(__file__).parents[1] / "charts" / "model-registrar"
_BUILD_MINUTES = 4
_HELM_3_BUILD_MINUTES = 3


def ensure(console: Console | None = None, *, helm: str | None = None) -> dict[str, Path]:
    """Return the paths of ``helm``, ``helm-unittest``, ``kubeconform`` and ``helm-docs``.

    Args:
        console: Where the progress of a build is shown; standard error by default.
        helm: ``4`` or ``3``; by default what ``MODEL_REGISTRAR_HELM`` chooses, or else ``4``.

    Raises:
        BinariesError: They cannot be built. The message says why and what to do.
    """
    programs = binaries.ensure_built("helm", gomodule.helm_version(), gomodule.chart_tools(), _BUILD_MINUTES, console)
    if (helm or gomodule.chosen_helm()) == "3":
        programs |= binaries.ensure_built(
            "helm3", gomodule.helm_version("3"), gomodule.helm_3(), _HELM_3_BUILD_MINUTES, console
        )
    return programs


def write_readme(helm_docs: Path, chart: Path) -> None:
    """Write a chart's ``README.md`` from its ``values.yaml``, ``Chart.yaml`` and ``README.md.gotmpl``."""
    options = [f"--chart-search-root={chart}", "--sort-values-order=file", "--log-level=warning"]
    subprocess.run([helm_docs, *options], check=True)


def main() -> int:
    """Build the programs and print their paths, or have helm-docs write the chart's README."""
    parser = argparse.ArgumentParser(prog="python -m devcluster.charttools", description=main.__doc__)
    parser.add_argument("--readme", action="store_true", help="write charts/model-registrar/README.md")
    readme = parser.parse_args().readme
    try:
        programs = ensure()
    except BinariesError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if readme:
        write_readme(programs["helm-docs"], CHART)
        return 0
    for name, path in programs.items():
        print(f"{name}: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
