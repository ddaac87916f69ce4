"""Fixtures that every suite shares. The servers are in tests/env/, the operator in tests/support/."""

pytest_plugins = ["tests.env.registry", "tests.env.control_plane", "tests.support.fixtures"]
