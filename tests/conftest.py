"""Fixtures that every suite shares. The servers are in tests/env/, the operator in tests/support/."""

import signal

import hypothesis

pytest_plugins = ["tests.env.registry", "tests.env.control_plane", "tests.support.fixtures"]

# No test asserts a time, nor does hypothesis: a deadline or a slow first draw fails on a busy machine alone.
hypothesis.settings.register_profile("project", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("project")

# A shell has what it starts in its background ignore Ctrl-C, and nohup the end of the terminal; every program that the
# tests start would do so too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
