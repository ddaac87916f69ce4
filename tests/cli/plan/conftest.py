"""The command on a registry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from registrar.cli import main
from tests.support.rest import Rest

Plan = Callable[..., Result]


@pytest.fixture
def plan(rest: Rest) -> Plan:
    """Run the command on the registry."""

    def run(*arguments: str | Path, stdin: str | None = None) -> Result:
        words = ["plan", "-n", "team", f"--registry-url={rest.url}", *map(str, arguments)]
        return CliRunner().invoke(main, words, input=stdin, catch_exceptions=False)

    return run


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The runner's own folder."""
    (tmp_path / "runner").mkdir()
    return tmp_path / "runner"
