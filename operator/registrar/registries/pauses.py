"""How long to wait before the registry is asked again, where asking once was not enough."""

from __future__ import annotations

FIRST_PAUSE = 1.0
"""Seconds before the second attempt; the pause doubles with each further one."""
MAX_PAUSE = 30.0
"""Seconds: the longest pause."""
STEADY_SECONDS = 10 * MAX_PAUSE
"""Without the end of an epoch after which the next one is new, and the view is loaded again at once."""


class Pauses:
    """Pauses between attempts in a row: none before the first one, then doubling ones."""

    def __init__(self) -> None:
        self._attempts = 0

    def next(self) -> float:
        """Return the seconds until the next attempt."""
        pause = 0.0 if self._attempts == 0 else min(MAX_PAUSE, FIRST_PAUSE * 2 ** min(self._attempts - 1, 20))
        self._attempts += 1
        return pause

    def reset(self) -> None:
        """Have the next attempt count as the first one."""
        self._attempts = 0


class EpochPauses:
    """Pauses before the view is loaded again, because an epoch of the registry has ended.

    Two databases behind one address, or a replica that is behind, end one epoch after the other. Each load has all
    resources compared, so it must not follow the last one at once.
    """

    def __init__(self) -> None:
        self._pauses = Pauses()
        self._epoch = 1
        self._ended_at = 0.0

    def before(self, epoch: int, now: float) -> float:
        """Return the seconds until the view may be loaded for this epoch; none when it is asked for that again.

        Args:
            epoch: the registry's epoch.
            now: monotonic seconds.
        """
        if epoch == self._epoch:
            return 0.0
        if now - self._ended_at > STEADY_SECONDS:
            self._pauses.reset()
        self._epoch, self._ended_at = epoch, now
        return self._pauses.next()
