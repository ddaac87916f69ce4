"""Fixtures that every suite shares. The parts they start are in tests/env/."""

pytest_plugins = ["tests.env.registry", "tests.env.control_plane"]
