"""Which resource may have an entry when several want it.

The order (design, "Who wins"): a resource that is not terminating, then the one that the entry's stamp names, then
the older, then the smaller uid.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from registrar.api.bodies import ResourceKey


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
        """Return the claimant as the owner stamp writes it: ``namespace/name`` or ``namespace/name#artifact``."""
        return self.key.path if self.artifact is None else f"{self.key.path}#{self.artifact}"


def winner(claimants: Iterable[Claimant], stamped: str | None) -> Claimant:
    """Return the claimant that may have the entry.

    Args:
        claimants: all that want the entry, at least one.
        stamped: the reference that the entry's own stamp names; None without an entry, or without a stamp of ours.
    """
    return min(claimants, key=lambda c: (c.terminating, c.reference != stamped, c.created, c.uid))
