"""The mass-deletion guard: whether a registry is still the one that it was, by how many known entries it lacks.

A database that was reset, a backup that was restored or another address must not make the operator create thousands of
entries: an administrator has to confirm the new registry first.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from registrar.api.bodies import RecordedId
from registrar.api.registry_url import normalized_url
from registrar.kinds.table import kind_of
from registrar.registries.registry import Registry

logger = logging.getLogger(__name__)

MAX_MISSING = 10
"""Entries that may be missing, however few exist."""
MAX_MISSING_SHARE = 0.2
"""The share of all entries that may be missing; the guard trips where both are exceeded."""
VALID_SECONDS = 2.0
"""How long a count is used: it looks at every resource."""

RecordedIds = Callable[[], Iterable[RecordedId]]
"""Returns the ID that each status records."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """Why a registry seems to be another one.

    Attributes:
        missing: how many entries it lacks.
        all: of how many.
        former: another address that a missing entry was at; None where all were at this one.
    """

    missing: int
    all: int
    former: str | None = None


class MassDeletionGuard:
    """Counts the entries that resources had and that the registry lacks.

    Args:
        recorded_ids: what the statuses record; it means little before the cache has synced.
        registry: the registry, whose view is loaded.

    Attributes:
        found: what the last count has shown; None where the registry may still be the same.
        counted_at: when that was (monotonic seconds); None before the first count.
        accepted: the word by which the latest replacement was accepted; None without one.
        is_recreating: so many entries of an accepted replacement are still missing that it would have to be accepted.
    """

    def __init__(self, recorded_ids: RecordedIds, registry: Registry) -> None:
        self._recorded_ids = recorded_ids
        self._registry = registry
        self._given_up: frozenset[RecordedId] = frozenset()
        self._same: frozenset[str] = frozenset()
        self._epoch = 0
        self._load = -1
        self.found: Replacement | None = None
        self.counted_at: float | None = None
        self.accepted: str | None = None
        self.is_recreating = False

    @property
    def is_current(self) -> bool:
        """Whether the last count was of the view as it was loaded last: any load can show another database."""
        return self._load == self._registry.loads

    def replacement(self, now: float, valid_seconds: float = VALID_SECONDS) -> Replacement | None:
        """Return why the registry seems to be another one; None where it may still be the same.

        While the view is not loaded, it shows what there was before, and the last count stands.

        Args:
            now: monotonic seconds.
            valid_seconds: how old the last count may be.
        """
        is_old = self.counted_at is None or not self.is_current or now - self.counted_at > valid_seconds
        if self._registry.loaded and is_old:
            self._count(now)
        return self.found

    def newest_missing(self) -> int:
        """Return when the newest missing entry was created (milliseconds since the epoch); 0 if none is missing."""
        missing, _ = self._missing()
        return max(map(_created, missing - self._given_up), default=0)

    def accept(self, word: str, until: int, now: float) -> None:
        """Take what is missing now for lost: it may be created again. What gets lost later counts again.

        Args:
            word: what it was accepted by.
            until: when the newest entry was created that was missing then (milliseconds since the epoch). What was
                created again since is younger.
            now: monotonic seconds.
        """
        missing, _ = self._missing()
        self._given_up = frozenset(recorded for recorded in missing if _created(recorded) <= until)
        self.accepted = word
        self._count(now)

    def _count(self, now: float) -> None:
        if self._epoch != self._registry.epoch:
            self._epoch, self._same = self._registry.epoch, frozenset()
        self.counted_at, self._load = now, self._registry.loads
        missing, present = self._missing()
        # An entry proves by its ID and creation time that this is the database that its status was written for. That is
        # remembered, because the status gets this address now.
        self._same |= {normalized_url(url) for url in {recorded.url for recorded in present} if url is not None}
        # What was created again is known by another ID or time, so the rest of an acceptance counts for nothing else.
        self._given_up &= missing
        before, self.found = self.found, self._judge(missing - self._given_up, present)
        if self.found is not None and before is None:
            logger.warning(
                "%d of %d entries are no longer in the registry %s: it was reset, restored or replaced, or its address "
                "leads to another one. Nothing is created or released there until that is solved (RegistryReplaced).",
                self.found.missing,
                self.found.all,
                self._registry.url,
            )
        self.is_recreating = bool(self._given_up) and self._judge(missing, present) is not None

    def _missing(self) -> tuple[frozenset[RecordedId], list[RecordedId]]:
        """Return what is recorded and missing, and the rest."""
        missing: list[RecordedId] = []
        present: list[RecordedId] = []
        for recorded in self._recorded_ids():
            (present if self._has(recorded) else missing).append(recorded)
        return frozenset(missing), present

    def _has(self, recorded: RecordedId) -> bool:
        entry = self._registry.view.by_id(kind_of(recorded.kind).entry, recorded.entry_id)
        # Without a creation time, only the same address proves that an ID is of this registry.
        is_same = recorded.created is not None or recorded.url == self._registry.url
        return entry is not None and is_same and recorded.created in {None, entry.create_time_since_epoch}

    def _judge(self, missing: frozenset[RecordedId], present: Sequence[RecordedId]) -> Replacement | None:
        total = len(missing) + len(present)
        here = normalized_url(self._registry.url)
        urls = [
            recorded.url for recorded in missing if recorded.url is not None and normalized_url(recorded.url) != here
        ]
        if len(missing) > MAX_MISSING and len(missing) > MAX_MISSING_SHARE * total:
            return Replacement(len(missing), total, min(urls, default=None))
        # The flags have no other address without a restart, and their setting accepts it there.
        if self._registry.ref is None:
            return None
        lost = Counter(map(normalized_url, urls))
        # One status that is out of date, as a restored backup has it, proves nothing against all others.
        limit = min(MAX_MISSING, MAX_MISSING_SHARE * total)
        others = {former for former, number in lost.items() if former not in self._same and number > limit}
        former = min((url for url in urls if normalized_url(url) in others), default=None)
        return None if former is None else Replacement(len(missing), total, former)


def _created(recorded: RecordedId) -> int:
    return int(recorded.created or 0)
