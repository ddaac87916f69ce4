"""Watch liveness: how long ago kopf asked the API server for each kind, which is all that kopf shows of its watches.

A live watch is opened again every few minutes, because the API server is asked to end it by then, and because kopf
gives up a watch that stays silent for a while, without even a bookmark. So a watch that is not opened again has died.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

SERVER_TIMEOUT_SECONDS = 300
"""After which the API server is asked to end a watch."""
CLIENT_TIMEOUT_SECONDS = 330.0
"""After which kopf ends a watch that the API server has not ended."""
INACTIVITY_TIMEOUT_SECONDS = 70.0
"""Without an event after which kopf treats a watch as half-open; the API server sends a bookmark every minute."""


class WatchLiveness:
    """When each path was last asked for, by a list or a watch, and whether or not it was answered.

    Args:
        monotonic: a clock in seconds that never goes back.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._requested: dict[str, float] = {}

    def expect(self, paths: Iterable[str]) -> None:
        """Start to measure these paths of the API."""
        self._requested = dict.fromkeys(paths, self._monotonic())

    def requested(self, path: str) -> None:
        """Note a request for a list or a watch of that path."""
        if path in self._requested:
            self._requested[path] = self._monotonic()

    def longest_silence(self) -> tuple[str, float]:
        """Return the path that was asked for longest ago, and the seconds since; ("", 0) if none is expected."""
        path = min(self._requested, key=self._requested.__getitem__, default="")
        return path, self._monotonic() - self._requested[path] if path else 0.0
