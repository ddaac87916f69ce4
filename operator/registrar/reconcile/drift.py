"""Who keeps changing the same field: two writers that correct each other are told, not fed. Pure but for its memory."""

from __future__ import annotations

from collections.abc import Iterable

from registrar.kinds.base import Claim

MOST_CORRECTIONS = 3
"""Corrections of one field within `WINDOW` that are made; the next one is not."""
WINDOW = 600.0
"""Seconds."""


class Corrections:
    """When which field of which entry was corrected, for entries that drifted lately."""

    def __init__(self) -> None:
        self._times: dict[Claim, dict[str, list[float]]] = {}

    def record(self, claim: Claim, paths: Iterable[str], now: float) -> None:
        """Note that these fields were written back."""
        fields = self._times.setdefault(claim, {})
        for path in paths:
            fields[path] = [*self._recent(claim, path, now), now]

    def are_contested(self, claim: Claim, paths: Iterable[str], now: float) -> bool:
        """Whether one of these fields was written back too often for another time."""
        return any(len(self._recent(claim, path, now)) >= MOST_CORRECTIONS for path in paths)

    def forget(self, claim: Claim) -> None:
        """Begin anew with an entry: its resource was changed, or its user asked."""
        self._times.pop(claim, None)

    def forget_all(self) -> None:
        """Begin anew with every entry."""
        self._times.clear()

    def _recent(self, claim: Claim, path: str, now: float) -> list[float]:
        return [time for time in self._times.get(claim, {}).get(path, ()) if now - time < WINDOW]
