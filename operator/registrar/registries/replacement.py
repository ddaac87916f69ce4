"""Whether this is still the registry that it was: how many of the known entries it lacks.

A database that was reset, a backup that was put back or another address must not be answered by creating thousands
of entries: somebody has to say first that the new registry is meant.
"""

from __future__ import annotations

from registrar.cluster.cache import ResourceStore
from registrar.kinds.base import Claim
from registrar.kinds.desired import ENTRY_KINDS
from registrar.registries.registry import Registry

MOST_MISSING = 10
"""So many entries may be missing, however few there are in all."""
MOST_MISSING_SHARE = 0.2
"""And such a share of all."""
VALID_FOR = 2.0
"""Seconds for which a count is used again: it looks at every resource."""


class Census:
    """Counts the entries that resources had and that the registry lacks.

    Args:
        resources: all resources; the count means little before the first list of them is complete.
        registry: the registry, whose view is loaded.
    """

    def __init__(self, resources: ResourceStore, registry: Registry) -> None:
        self._resources = resources
        self._registry = registry
        self._counted_at: float | None = None
        self._noticed: dict[Claim, float] = {}
        self._missing = 0
        self._all = 0

    def notice(self, claim: Claim, now: float) -> float:
        """Note that an entry is missing; returns when that was noticed first (monotonic seconds)."""
        return self._noticed.setdefault(claim, now)

    def forget(self, claim: Claim) -> None:
        """The entry is there, or is made anew."""
        self._noticed.pop(claim, None)

    def missing(self, now: float) -> tuple[int, int] | None:
        """How many entries are missing, of how many; None if that can happen to a registry that is still the same.

        Args:
            now: monotonic seconds.
        """
        if self._counted_at is None or now - self._counted_at > VALID_FOR:
            self._count()
            self._counted_at = now
        if self._missing > MOST_MISSING and self._missing > MOST_MISSING_SHARE * self._all:
            return self._missing, self._all
        return None

    def _count(self) -> None:
        self._missing = self._all = 0
        for key in self._resources:
            status = (self._resources.get(key) or {}).get("status") or {}
            entry_id = status.get("id")
            if entry_id is None:
                continue
            self._all += 1
            is_ours = status.get("registryUrl") == self._registry.url
            if not is_ours or self._registry.view.by_id(ENTRY_KINDS[key.kind].ENTRY, entry_id) is None:
                self._missing += 1
