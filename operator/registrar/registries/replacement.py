"""The mass-deletion guard: whether a registry is still the one that it was, by how many known entries it lacks.

A database that was reset, a backup that was restored or another address must not make the operator create thousands of
entries: an administrator has to confirm the new registry first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from registrar.api.bodies import RecordedId
from registrar.kinds.table import kind_of
from registrar.registries.registry import Registry

MAX_MISSING = 10
"""Entries that may be missing, however few exist."""
MAX_MISSING_SHARE = 0.2
"""The share of all entries that may be missing; the guard trips where both are exceeded."""
VALID_SECONDS = 2.0
"""How long a count is used: it looks at every resource."""

RecordedIds = Callable[[], Iterable[RecordedId]]
"""Returns the ID that each status records."""


class MassDeletionGuard:
    """Counts the entries that resources had and that the registry lacks.

    Args:
        recorded_ids: what the statuses record; it means little before the cache has synced.
        registry: the registry, whose view is loaded.
    """

    def __init__(self, recorded_ids: RecordedIds, registry: Registry) -> None:
        self._recorded_ids = recorded_ids
        self._registry = registry
        self._counted_at: float | None = None
        self._missing = 0
        self._all = 0

    def missing(self, now: float) -> tuple[int, int] | None:
        """Return how many entries are missing, of how many; None where the registry may still be the same.

        Args:
            now: monotonic seconds.
        """
        if self._counted_at is None or now - self._counted_at > VALID_SECONDS:
            self._count()
            self._counted_at = now
        if self._missing > MAX_MISSING and self._missing > MAX_MISSING_SHARE * self._all:
            return self._missing, self._all
        return None

    def _count(self) -> None:
        self._missing = self._all = 0
        for recorded in self._recorded_ids():
            self._all += 1
            entry = self._registry.view.by_id(kind_of(recorded.kind).entry, recorded.entry_id)
            # Without a creation time, only the same address proves that an ID is of this registry.
            is_same = recorded.created is not None or recorded.url == self._registry.url
            if entry is None or not is_same or recorded.created not in {None, entry.create_time_since_epoch}:
                self._missing += 1
