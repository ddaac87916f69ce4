"""Helm and what checks the chart. `make chart` builds them before; where they are missing, they are built now."""

from pathlib import Path

import pytest

from devcluster import charttools
from tests.chart.helm import Helm
from tests.env.programs import fixtures_of, get_before_tests


def pytest_collection_finish(session: pytest.Session) -> None:
    """Get the programs that the tests need."""
    if "tools" in fixtures_of(session):
        get_before_tests(session, charttools.ensure)


@pytest.fixture(scope="session")
def tools() -> dict[str, Path]:
    """Give the programs of `devcluster.charttools`."""
    return charttools.ensure()


@pytest.fixture(scope="session")
def helm(tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Give Helm without a cluster."""
    return Helm(tools["helm"], tmp_path_factory.mktemp("helm"))
