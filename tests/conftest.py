"""Fixtures that every suite shares. The servers are in tests/env/, the operator in tests/support/."""

import os
import signal
from pathlib import Path

import hypothesis
import pytest

pytest_plugins = ["tests.env.registry", "tests.env.control_plane", "tests.support.fixtures"]

# No test asserts a time, nor does hypothesis: a deadline or a slow first draw fails on a busy machine alone.
# In CI the cases are the same every time, so that a failure is about the change; elsewhere each run draws new ones.
hypothesis.settings.register_profile(
    "project",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("project")

# A shell has what it starts in its background ignore Ctrl-C, and nohup the end of the terminal; every program that the
# tests start would do so too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

IN_PROCESS = ("unit", "client", "local_registry", "cli")
"""The suites that test what runs in the tests' own process."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let no test fail for a socket that another one left to the garbage collector.

    The other suites test programs of their own, and talk to them with clients whose last socket a loop that ends cannot
    close any more. Python collects it during any later test.
    """
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).parts[0] not in IN_PROCESS:
            for left in ("<function _SelectorTransport.__del__", "<socket.socket"):
                where = "pytest.PytestUnraisableExceptionWarning"
                item.add_marker(pytest.mark.filterwarnings(f"ignore:Exception ignored in. {left}:{where}"))
