import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from devcluster import cache, envtest_archive
from devcluster.gomodule import GoModule
from tests.devcluster import archive_index, go_module


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[archive_index.Index]:
    with archive_index.serve() as served:
        monkeypatch.setenv(envtest_archive.INDEX_OVERRIDE, f"{served.url}/index.yaml")
        yield served


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cache.OVERRIDE, str(tmp_path / "cache"))
    return cache.root()


@pytest.fixture
def paper() -> Console:
    """Return a console that is not a terminal; ``export_text()`` returns what was printed."""
    return Console(file=io.StringIO(), record=True, highlight=False, soft_wrap=True)


@pytest.fixture
def module(tmp_path: Path) -> GoModule:
    return go_module.write(tmp_path / "module")
