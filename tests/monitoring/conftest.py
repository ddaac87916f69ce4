"""A real Prometheus and promtool, Helm, and an installation of the chart."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from devcluster import binaries, charttools, prometheus
from tests.chart.installed import site
from tests.env.programs import get_before_tests
from tests.monitoring.monitored import Installation, install
from tests.support.fault_proxy import proxy_to


def pytest_collection_finish(session: pytest.Session) -> None:
    """Get the programs that the tests need."""
    get_before_tests(session, partial(binaries.ensure, binaries.PROGRAMS), charttools.ensure, prometheus.ensure)


@pytest.fixture(scope="session")
def promtool() -> Path:
    """Give promtool."""
    return prometheus.ensure()["promtool"]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Give the chart, installed in a cluster of the module's own; no pod of it runs."""
    with (
        site(charttools.ensure(), tmp_path_factory.mktemp("site")) as found,
        proxy_to(found.registry_url) as proxy,
    ):
        yield install(found, proxy)
