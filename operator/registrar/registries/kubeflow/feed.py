"""The change feed's arithmetic: from which time to ask, and when the registry went back.

The registry stamps an entry with its pod's clock before the transaction commits. So a change can appear in a list
later than its time says (a late commit), and two replicas' clocks differ. The overlap covers both up to its length;
the resync covers the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model_registry.types import RegistryEntry
from registrar.registries.view import update_time

OVERLAP_MILLISECONDS = 30_000
"""How far each poll reaches back behind what was seen already."""


@dataclass(frozen=True, slots=True)
class Witness:
    """The entry with the highest update time of a poll: every later poll returns it again.

    Nothing is ever deleted, and an update moves a time up. So a poll without its witness proves that the registry is
    another one, or an older one. Times alone prove less: one newer write would hide a reset.

    Attributes:
        entry_type, id, name, created: what identifies the entry; an ID alone can be given again.
        updated: its update time then (milliseconds since the epoch).
    """

    entry_type: type[RegistryEntry]
    id: str | None
    name: str | None
    created: str | None
    updated: int

    @classmethod
    def of(cls, entry: RegistryEntry) -> Witness:
        """Return an entry as a witness."""
        return cls(type(entry), entry.id, entry.name, entry.create_time_since_epoch, update_time(entry))

    def is_entry(self, entry: RegistryEntry) -> bool:
        """Return whether an entry is this one, at whatever update time."""
        return (type(entry), entry.id, entry.name, entry.create_time_since_epoch) == (
            self.entry_type,
            self.id,
            self.name,
            self.created,
        )


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far the feed of one family has been read. Times are milliseconds since the epoch.

    Attributes:
        witness: what the next poll has to return; None before any entry was seen.
        answered: the server's ``Date`` at the last poll's first answer; None if the answer had none.
    """

    witness: Witness | None = None
    answered: int | None = None

    @property
    def since(self) -> int:
        """The time from which the next poll asks.

        It lies behind the last answer by the overlap, because a change that was stamped before it can still appear.
        It never lies after the witness, so that each poll returns it; while nothing changes, it is all that a poll
        returns. An entry whose time lies in the future of the server that answered (a replica with a fast clock wrote
        it) does not hide what others write until then.
        """
        highest = 0 if self.witness is None else self.witness.updated
        if self.answered is None:
            return max(0, highest - OVERLAP_MILLISECONDS)
        return max(0, min(highest, self.answered - OVERLAP_MILLISECONDS))

    def advanced(self, entries: Sequence[RegistryEntry], answered: int | None) -> Watermark:
        """Return the watermark after a poll that returned these entries."""
        latest = max(entries, key=update_time, default=None)
        return Watermark(self.witness if latest is None else Witness.of(latest), answered)

    def went_back(self, entries: Sequence[RegistryEntry], own_latest: int) -> bool:
        """Return whether a poll lacks what was seen before: the database was reset, or restored from a backup.

        A slow clock can move the witness's time down, behind the time of the poll: a false alarm, which costs one load
        of the view.

        Args:
            entries: what the poll returned.
            own_latest: the latest update time in an answer to this operator before the poll; 0 without one. It is no
                witness, because only a poll shows that a list contains it, but a registry without any entry lacks it.
        """
        if self.witness is None:
            return own_latest > 0 and not entries
        return not any(self.witness.is_entry(entry) for entry in entries)
