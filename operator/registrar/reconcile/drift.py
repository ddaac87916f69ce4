"""Contested fields: two writers that correct each other are reported, not fed."""

from __future__ import annotations

from collections.abc import Iterable

from registrar.kinds.base import Claim

MAX_CORRECTIONS = 3
"""Corrections of one field within `WINDOW_SECONDS`; the next one is not made."""
WINDOW_SECONDS = 600.0


class Corrections:
    """When the operator corrected which field of which entry, for entries that drifted lately."""

    def __init__(self) -> None:
        self._times: dict[Claim, dict[str, list[float]]] = {}

    def __contains__(self, claim: Claim) -> bool:
        return claim in self._times

    def record(self, claim: Claim, paths: Iterable[str], now: float) -> None:
        """Note that the operator corrected these fields."""
        fields = self._times.setdefault(claim, {})
        for path in paths:
            fields[path] = [*self._recent(claim, path, now), now]

    def are_contested(self, claim: Claim, paths: Iterable[str], now: float) -> bool:
        """Return whether one of these fields was corrected too often for another correction."""
        return any(len(self._recent(claim, path, now)) >= MAX_CORRECTIONS for path in paths)

    def forget(self, claim: Claim) -> None:
        """Start again with an entry: its resource changed, or its user asked."""
        self._times.pop(claim, None)

    def forget_all(self) -> None:
        """Start again with every entry."""
        self._times.clear()

    def _recent(self, claim: Claim, path: str, now: float) -> list[float]:
        return [time for time in self._times.get(claim, {}).get(path, ()) if now - time < WINDOW_SECONDS]
