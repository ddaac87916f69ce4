"""Losses: entries that the registry lacks although a resource had them, until it is clear what happened to them."""

from __future__ import annotations

from registrar.kinds.base import Claim


class Losses:
    """Since when which entry is missing. A resource that goes on without its entry must not leave its loss behind."""

    def __init__(self) -> None:
        self._noticed: dict[Claim, float] = {}

    def __contains__(self, claim: Claim) -> bool:
        return claim in self._noticed

    def notice(self, claim: Claim, now: float) -> float:
        """Note that an entry is missing; returns when that was first noted (monotonic seconds)."""
        return self._noticed.setdefault(claim, now)

    def forget(self, claim: Claim) -> None:
        """Drop an entry that exists, is about to be created, or is wanted no longer."""
        self._noticed.pop(claim, None)
