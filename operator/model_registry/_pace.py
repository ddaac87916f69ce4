"""When the next request may be sent: so many per second, and none for as long as the server asks to wait."""

import asyncio
import time


class Pace:
    """Lets requests of one event loop through, in the order of their coming.

    A request that comes later than it could have been sent leaves no more than one place to catch up: in no second are
    there two requests more than allowed. One waits at a time and the others behind it, so that nobody is passed by and
    a call that is given up costs no place.

    Args:
        per_second: How many to let through; None for any number.
    """

    def __init__(self, per_second: float | None) -> None:
        self._gap = 0.0 if per_second is None else 1 / per_second
        self._next = 0.0
        self._held_until = 0.0
        self._line = asyncio.Lock()

    async def turn(self) -> None:
        """Wait until a request may be sent."""
        async with self._line:
            while (wait := max(self._next, self._held_until) - time.monotonic()) > 0:  # noqa: ASYNC110 - time has to pass
                await asyncio.sleep(wait)
            self._next = max(self._next + self._gap, time.monotonic())

    def hold(self, seconds: float) -> None:
        """Let nothing through for so long."""
        self._held_until = max(self._held_until, time.monotonic() + seconds)
