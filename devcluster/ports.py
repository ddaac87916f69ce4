"""Ports on loopback that nobody listens on now; somebody else may be first to take one."""

import contextlib
import socket
from typing import cast


def free_port() -> int:
    """Return a port that nobody has."""
    (port,) = free_ports(1)
    return port


def free_ports(count: int) -> list[int]:
    """Return ports that nobody has; held together, so that they differ."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [cast("int", probe.getsockname()[1]) for probe in probes]
