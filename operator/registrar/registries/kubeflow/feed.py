"""The change feed's arithmetic: from which time to ask, and when the registry went back.

The registry stamps an entry with its pod's clock before the transaction commits. So a change can appear in a list
later than its time says (a late commit), and two replicas' clocks differ. The overlap covers both up to its length;
the resync covers the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from model_registry.types import RegistryEntry
from registrar.registries.view import update_time

OVERLAP_MILLISECONDS = 30_000
"""How far each poll reaches back behind what was seen already."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far the feed of one family has been read. Times are milliseconds since the epoch.

    Attributes:
        highest: the latest update time seen; 0 before any.
        answered: the server's ``Date`` at the last poll's first answer; None if the answer had none.
    """

    highest: int = 0
    answered: int | None = None

    @property
    def since(self) -> int:
        """The time from which the next poll asks.

        It lies behind the last answer by the overlap, because a change that was stamped before it can still appear.
        It never lies after the latest time seen, so that an answer without that entry proves that the registry went
        back; while nothing changes, each poll returns that one entry. An entry whose time lies in the future of the
        server that answered (a replica with a fast clock wrote it) does not hide what others write until then.
        """
        if self.answered is None:
            return max(0, self.highest - OVERLAP_MILLISECONDS)
        return max(0, min(self.highest, self.answered - OVERLAP_MILLISECONDS))

    def raised(self, seen: int) -> Watermark:
        """Return the watermark after an update time in an answer outside the feed, such as that to a write."""
        return Watermark(max(self.highest, seen), self.answered)

    def advanced(self, entries: Iterable[RegistryEntry], answered: int | None) -> Watermark:
        """Return the watermark after a poll that returned these entries."""
        return Watermark(max([self.highest, *map(update_time, entries)]), answered)

    def went_back(self, entries: Iterable[RegistryEntry]) -> bool:
        """Return whether a poll lacks what was seen before: the database was reset, or restored from a backup.

        The server deletes nothing, and an update moves a time up. So every answer that reaches back behind the latest
        time seen contains it or a later one. (A replica with a slow clock that overwrites what a fast one wrote moves
        it down: a false alarm, which costs one load of the view.)
        """
        return max(map(update_time, entries), default=0) < self.highest
