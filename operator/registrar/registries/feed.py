"""The change feed's arithmetic: from which time to ask, what is news, and when the registry went back. Pure.

The registry stamps an entry with its pod's clock before the transaction commits. So a change can appear in a list
later than its time says (a late commit), and two replicas' clocks differ. The overlap covers both up to its length;
the resync covers the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from model_registry.types import RegistryEntry

OVERLAP = 30_000
"""Milliseconds by which each poll reaches back behind what was seen already."""

_TIMES = {"create_time_since_epoch", "last_update_time_since_epoch"}


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far the feed of one kind of entry has been read. Times are milliseconds since the epoch.

    Attributes:
        highest: the latest update time seen; 0 before any.
        answered: the server's ``Date`` at the last poll's first answer; None if it told none.
    """

    highest: int = 0
    answered: int | None = None

    @property
    def since(self) -> int:
        """The time from which the next poll asks.

        Behind the last answer by the overlap, because what was stamped before it can still appear. And never after the
        latest time seen, so that an answer without it tells that the registry went back; where nothing changes, that
        one entry is all that is told again. An entry whose time lies in the future of the server that answered (a
        replica with a fast clock wrote it) does not hide what the others write until then.
        """
        if self.answered is None:
            return max(0, self.highest - OVERLAP)
        return max(0, min(self.highest, self.answered - OVERLAP))

    def raised(self, seen: int) -> Watermark:
        """The watermark after an update time was seen elsewhere than in the feed, such as in the answer to a write."""
        return Watermark(max(self.highest, seen), self.answered)

    def advanced(self, entries: Iterable[RegistryEntry], answered: int | None) -> Watermark:
        """The watermark after a poll that returned these entries."""
        return Watermark(max([self.highest, *map(update_time, entries)]), answered)

    def went_back(self, entries: Iterable[RegistryEntry]) -> bool:
        """Whether a poll lacks what was seen before: then the database was reset, or restored from a backup.

        Nothing is ever deleted, and an update moves a time up: so the latest time seen, or a later one, is in every
        answer that reaches back behind it. (A replica with a slow clock that overwrites what a fast one wrote moves it
        down: a false alarm, which costs one reading of everything.)
        """
        return max(map(update_time, entries), default=0) < self.highest


def update_time(entry: RegistryEntry) -> int:
    """When the entry was last updated, in milliseconds since the epoch."""
    return int(entry.last_update_time_since_epoch or 0)


def same_content(one: RegistryEntry, other: RegistryEntry) -> bool:
    """Whether two answers tell the same of an entry; times are no content, because every write moves them."""
    return type(one) is type(other) and one.model_dump(exclude=_TIMES) == other.model_dump(exclude=_TIMES)
