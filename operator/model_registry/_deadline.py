"""The time limit of one call."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import anyio

_CREATE_SHARE = 0.75
"""The part of the remaining time that a create may take. The rest is for looking up its outcome."""


class Deadline:
    """The time limit of a call, over all its attempts. The clock does not run while the call waits for a free slot.

    Args:
        seconds: How long the call may take in total.

    Attributes:
        remaining: Seconds that are left.
    """

    def __init__(self, seconds: float) -> None:
        self.remaining = seconds

    def attempt_timeout(self, *, is_idempotent: bool) -> float:
        """Return the seconds that the next attempt may take. A create leaves some for looking up its outcome."""
        return max(self.remaining if is_idempotent else self.remaining * _CREATE_SHARE, 0.0)

    @contextmanager
    def running(self, timeout: float) -> Iterator[None]:
        """Let the clock run during the block.

        Raises:
            TimeoutError: If the block takes more than `timeout` seconds.
        """
        started = time.monotonic()
        try:
            # anyio's, as inside httpx: asyncio's own loses its exception among older anyio's cancel scopes.
            with anyio.fail_after(timeout):
                yield
        finally:
            self.remaining -= time.monotonic() - started
