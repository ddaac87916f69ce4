"""Gets what tests need to run before the first of them starts."""

from collections.abc import Callable

import pytest


def fixtures_of(session: pytest.Session) -> set[str]:
    """Return the names of the fixtures that the collected tests use."""
    return {name for item in session.items for name in getattr(item, "fixturenames", ())}


def get_before_tests(session: pytest.Session, *programs: Callable[[], object]) -> None:
    """Get programs once the tests are collected: a build of minutes must not run under a test's time limit.

    Args:
        session: The tests; nothing is built only to list them.
        programs: Each gets some programs, and builds them if the machine has none.
    """
    if not session.config.option.collectonly:
        capture = session.config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            for get in programs:
                get()
