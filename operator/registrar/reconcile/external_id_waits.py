"""The index of resources that wait for an external ID: which entry holds it, and who runs again once it is let go."""

from __future__ import annotations

from dataclasses import dataclass

from model_registry.types import RegistryEntry
from registrar.api.bodies import ResourceKey


@dataclass(frozen=True, slots=True)
class ExternalIdWait:
    """A resource that wants an external ID which the entry of another one holds.

    Attributes:
        waiter: the resource that waits.
        artifact: its inline artifact that wants the external ID; None for its own entry.
        holder: the resource whose entry holds it.
        held_by: the inline artifact of the holder; None for its own entry.
        entry_id: the ID of the entry that holds it.
        external_id: the external ID.
    """

    waiter: ResourceKey
    artifact: str | None
    holder: ResourceKey
    held_by: str | None
    entry_id: str
    external_id: str

    def is_over(self, entry: RegistryEntry) -> bool:
        """Return whether the holder's entry, as it is now, no longer holds the external ID."""
        return (entry.id, entry.external_id) != (self.entry_id, self.external_id)


class ExternalIdWaits:
    """Who waits for an external ID of whom; a resource waits for one at a time."""

    def __init__(self) -> None:
        self._waits: dict[ResourceKey, ExternalIdWait] = {}
        self._waiters: dict[ResourceKey, set[ResourceKey]] = {}

    def __contains__(self, key: ResourceKey) -> bool:
        return key in self._waits or key in self._waiters

    def begin(self, wait: ExternalIdWait) -> bool:
        """Add a wait, which replaces the former one of that waiter; returns whether it is another one."""
        if self._waits.get(wait.waiter) == wait:
            return False
        self.end(wait.waiter)
        self._waits[wait.waiter] = wait
        self._waiters.setdefault(wait.holder, set()).add(wait.waiter)
        return True

    def end(self, waiter: ResourceKey) -> None:
        """Drop the wait of a resource, if it has one."""
        wait = self._waits.pop(waiter, None)
        if wait is not None:
            waiters = self._waiters[wait.holder]
            waiters.discard(waiter)
            if not waiters:
                del self._waiters[wait.holder]

    def circle(self, waiter: ResourceKey) -> tuple[ResourceKey, ...]:
        """Return the other resources of the circle in which each waits for the next; empty if there is none."""
        others: list[ResourceKey] = []
        wait = first = self._waits.get(waiter)
        while wait is not None and first is not None:
            following = self._waits.get(wait.holder)
            if following is None or following.artifact != wait.held_by:
                return ()
            if following is first:
                return tuple(others)
            if following.waiter in others:
                return ()
            others.append(following.waiter)
            wait = following
        return ()

    def let_go(self, holder: ResourceKey, held_by: str | None, entry: RegistryEntry | None) -> frozenset[ResourceKey]:
        """Drop and return the waiters of one entry of a resource.

        Args:
            holder: the resource.
            held_by: its inline artifact; None for its own entry.
            entry: the entry as it is now, whose external ID ends those waits that wanted another; None ends all.
        """
        waits = [self._waits[waiter] for waiter in self._waiters.get(holder, ())]
        over = {wait.waiter for wait in waits if wait.held_by == held_by and (entry is None or wait.is_over(entry))}
        for waiter in over:
            self.end(waiter)
        return frozenset(over)

    def forget(self, key: ResourceKey) -> frozenset[ResourceKey]:
        """Drop what a resource waits for, and drop and return its waiters."""
        self.end(key)
        waiters = frozenset(self._waiters.get(key, ()))
        for waiter in waiters:
            self.end(waiter)
        return waiters
