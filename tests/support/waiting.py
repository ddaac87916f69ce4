"""Waiting for a condition that no fixture's own method waits for."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tests.support.resources import WAIT_LIMIT

Value = TypeVar("Value")


def wait_until(holds: Callable[[], bool], otherwise: str) -> None:
    """Wait until a condition holds.

    Args:
        holds: the condition.
        otherwise: what it means that it does not.

    Raises:
        TimeoutError: it does not hold in time.
    """
    deadline = time.monotonic() + WAIT_LIMIT
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.02)


async def wait_for(read: Callable[[], Awaitable[Value]], until: Callable[[Value], bool]) -> Value:
    """Read until the answer fits; returns it.

    Raises:
        TimeoutError: no answer fits in time; the message holds the last one.
    """
    deadline = time.monotonic() + WAIT_LIMIT
    while not until(found := await read()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the last answer was {found!r}")
        await asyncio.sleep(0.02)
    return found
