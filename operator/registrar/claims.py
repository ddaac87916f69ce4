"""Which resource may have an entry when several want it. Pure but for the index itself.

The order (design, "Who wins"): a resource that is not terminating, then the one that the entry's stamp names, then
the older, then the smaller uid.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from registrar.resources import ResourceKey


@dataclass(frozen=True, slots=True)
class Claim:
    """The place of one entry in the registry: no two entries can have the same.

    Attributes:
        kind: the entry's kind, such as ``ModelVersion`` or ``doc-artifact``.
        parent_id: the ID of the parent entry; empty for registered models.
        name: the entry's name.
    """

    kind: str
    parent_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Claimant:
    """A resource, or one inline artifact of it, that wants an entry.

    Attributes:
        key: the resource.
        artifact: the inline artifact's name; None where the resource itself is the entry.
        created: the resource's creation time (RFC 3339, UTC, so that text order is time order).
        uid: the resource's uid.
        terminating: whether the resource is being deleted.
    """

    key: ResourceKey
    artifact: str | None
    created: str
    uid: str
    terminating: bool

    @property
    def reference(self) -> str:
        """The claimant as the owner stamp writes it: ``namespace/name`` or ``namespace/name#artifact``."""
        return self.key.path if self.artifact is None else f"{self.key.path}#{self.artifact}"


def winner(claimants: Iterable[Claimant], stamped: str | None) -> Claimant:
    """Choose among claimants (at least one).

    Args:
        claimants: all who want the entry.
        stamped: the reference that the entry's own stamp names; None where there is no entry or no stamp of ours.
    """
    return min(claimants, key=lambda c: (c.terminating, c.reference != stamped, c.created, c.uid))


class ClaimIndex:
    """Who claims which entry, as far as references could be resolved."""

    def __init__(self) -> None:
        self._claimants: dict[Claim, dict[tuple[ResourceKey, str | None], Claimant]] = {}
        self._claims: dict[ResourceKey, set[Claim]] = {}

    def register(self, claim: Claim, claimant: Claimant) -> None:
        """Add a claim, or renew what is known of its claimant."""
        self._claimants.setdefault(claim, {})[claimant.key, claimant.artifact] = claimant
        self._claims.setdefault(claimant.key, set()).add(claim)

    def claimants(self, claim: Claim) -> tuple[Claimant, ...]:
        """All who want this entry."""
        return tuple(self._claimants.get(claim, {}).values())

    def keep_only(self, key: ResourceKey, claims: frozenset[Claim]) -> frozenset[ResourceKey]:
        """Give up every other claim of a resource; returns the resources that claimed the same entries."""
        freed: set[ResourceKey] = set()
        for claim in self._claims.get(key, set()) - claims:
            rivals = {place: one for place, one in self._claimants[claim].items() if place[0] != key}
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
