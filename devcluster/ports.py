"""Finds free ports on loopback. Another process may still take a port before its user does."""

import contextlib
import socket
from typing import cast


def free_port() -> int:
    """Return a free port."""
    (port,) = free_ports(1)
    return port


def free_ports(count: int) -> list[int]:
    """Return free ports, all different."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [cast("int", probe.getsockname()[1]) for probe in probes]
