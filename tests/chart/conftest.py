"""Helm and what checks the chart. `make chart` builds them before; where they are missing, they are built now."""

from pathlib import Path

import pytest

from devcluster import charttools
from tests.chart.helm import Helm


def pytest_collection_finish(session: pytest.Session) -> None:
    """Get the programs before the first test starts: a build of minutes must not run under a test's time limit."""
    is_needed = any("tools" in getattr(item, "fixturenames", ()) for item in session.items)
    if is_needed and not session.config.option.collectonly:
        capture = session.config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            charttools.ensure()


@pytest.fixture(scope="session")
def tools() -> dict[str, Path]:
    """Give the programs of `devcluster.charttools`."""
    return charttools.ensure()


@pytest.fixture(scope="session")
def helm(tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Give Helm without a cluster."""
    return Helm(tools["helm"], tmp_path_factory.mktemp("helm"))
