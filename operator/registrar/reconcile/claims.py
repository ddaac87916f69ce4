"""The index of claims: which resources want which entry."""

from __future__ import annotations

from registrar.api.bodies import ResourceKey
from registrar.kinds.base import Claim
from registrar.planning.claims import Claimant


class ClaimIndex:
    """Who claims which entry, as far as references could be resolved."""

    def __init__(self) -> None:
        self._claimants: dict[Claim, dict[tuple[ResourceKey, str | None], Claimant]] = {}
        self._claims: dict[ResourceKey, set[Claim]] = {}

    def __contains__(self, key: ResourceKey) -> bool:
        return key in self._claims

    def register(self, claim: Claim, claimant: Claimant) -> None:
        """Add a claim, or replace what is known of its claimant."""
        self._claimants.setdefault(claim, {})[claimant.key, claimant.artifact] = claimant
        self._claims.setdefault(claimant.key, set()).add(claim)

    def claimants(self, claim: Claim) -> tuple[Claimant, ...]:
        """Return all that want this entry."""
        return tuple(self._claimants.get(claim, {}).values())

    def claims_of(self, key: ResourceKey) -> frozenset[Claim]:
        """Return the entries that a resource claims."""
        return frozenset(self._claims.get(key, ()))

    def keep_only(self, key: ResourceKey, claims: frozenset[Claim]) -> frozenset[ResourceKey]:
        """Release every other claim of a resource; returns the resources that claimed the same entries."""
        freed: set[ResourceKey] = set()
        for claim in self._claims.get(key, set()) - claims:
            rivals = {place: rival for place, rival in self._claimants[claim].items() if place[0] != key}
            freed.update(place[0] for place in rivals)
            if rivals:
                self._claimants[claim] = rivals
            else:
                del self._claimants[claim]
        remaining = self._claims.get(key, set()) & claims
        if remaining:
            self._claims[key] = remaining
        else:
            self._claims.pop(key, None)
        return frozenset(freed)
