"""The time of one call."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import anyio

_SHARE_OF_A_CREATE = 0.75


class Budget:
    """The seconds that a call may still take, over all its tries; waiting for a free slot is not counted.

    Args:
        seconds: What it may take altogether.

    Attributes:
        left: What is left.
    """

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    def share(self, *, is_repeatable: bool) -> float:
        """Return the seconds that the next try may take; a create leaves some for looking up what became of it."""
        return max(self.left if is_repeatable else self.left * _SHARE_OF_A_CREATE, 0.0)

    @contextmanager
    def spend(self, limit: float) -> Iterator[None]:
        """Take the time that the block takes.

        Raises:
            TimeoutError: If that is more than `limit` seconds.
        """
        began = time.monotonic()
        try:
            # anyio's, as inside httpx: asyncio's own loses its exception among older anyio's cancel scopes.
            with anyio.fail_after(limit):
                yield
        finally:
            self.left -= time.monotonic() - began
