"""How long ago the API server was asked for each kind of resource: all that kopf lets one see of its watches. Pure.

A watch that lives is asked for anew every few minutes, because the API server is told to end it by then, and because
one that says nothing for a while, not even a bookmark, is given up. So one that is not asked for any more has died.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

SERVER_TIMEOUT = 300
"""Seconds after which the API server shall end a watch."""
CLIENT_TIMEOUT = 330.0
"""Seconds after which a watch is ended here, should the API server not have done it."""
INACTIVITY_TIMEOUT = 70.0
"""Seconds without an event after which a watch is taken for half-open; the API server sends a bookmark every minute."""


class Watches:
    """When the resources of each place were asked for last, be it by a list or a watch, and answered or not.

    Args:
        monotonic: seconds that never go back.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._asked: dict[str, float] = {}

    def expect(self, paths: Iterable[str]) -> None:
        """Begin to count for these paths of the API."""
        self._asked = dict.fromkeys(paths, self._monotonic())

    def asked(self, path: str) -> None:
        """Note a request for a list or a watch of that path."""
        if path in self._asked:
            self._asked[path] = self._monotonic()

    def longest_silence(self) -> tuple[str, float]:
        """The path that has not been asked for for longest, and for how many seconds; ("", 0) if none is expected."""
        path = min(self._asked, key=lambda one: self._asked[one], default="")
        return path, self._monotonic() - self._asked[path] if path else 0.0
