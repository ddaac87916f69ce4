"""When the next request may be sent: at most so many per second, and none while the server asks for a pause."""

import asyncio
import time


class RateLimiter:
    """Limits the requests of one event loop, first come, first served.

    Late requests make up for at most one place, so no second has more than two requests beyond the limit. Only the
    first request in the queue sleeps; the others wait behind it. So no request overtakes another, and a cancelled
    call uses up no place.

    Args:
        requests_per_second: The limit, or None for no limit.
    """

    def __init__(self, requests_per_second: float | None) -> None:
        self._interval = 0.0 if requests_per_second is None else 1 / requests_per_second
        self._next_at = 0.0
        self._blocked_until = 0.0
        self._queue = asyncio.Lock()

    async def acquire(self) -> None:
        """Wait until a request may be sent."""
        async with self._queue:
            while (wait := max(self._next_at, self._blocked_until) - time.monotonic()) > 0:  # noqa: ASYNC110 - time has to pass
                await asyncio.sleep(wait)
            self._next_at = max(self._next_at + self._interval, time.monotonic())

    def block_for(self, seconds: float) -> None:
        """Hold all requests back for this long."""
        self._blocked_until = max(self._blocked_until, time.monotonic() + seconds)
