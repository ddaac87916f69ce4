"""Fixtures that every suite shares. The servers are in tests/env/, the operator in tests/support/."""

import signal

pytest_plugins = ["tests.env.registry", "tests.env.control_plane", "tests.support.fixtures"]

# A shell has what it starts in its background ignore Ctrl-C, and nohup the end of the terminal; every program that the
# tests start would do so too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
