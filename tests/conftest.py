"""Fixtures that every suite shares. The servers are in tests/env/, the operator in tests/support/."""

import signal

pytest_plugins = ["tests.env.registry", "tests.env.control_plane", "tests.support.fixtures"]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in its background with Ctrl-C ignored, and so would every program that the tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
