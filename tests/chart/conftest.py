"""Helm and what checks the chart. `make chart` builds them before; where they are missing, the first test waits."""

from pathlib import Path

import pytest

from devcluster import charttools
from tests.chart.helm import Helm


@pytest.fixture(scope="session")
def tools() -> dict[str, Path]:
    """Give the programs of `devcluster.charttools`."""
    return charttools.ensure()


@pytest.fixture(scope="session")
def helm(tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Give Helm without a cluster."""
    return Helm(tools["helm"], tmp_path_factory.mktemp("helm"))
