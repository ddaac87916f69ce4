"""The lanes of the work queue: which keys wait for a worker, and which is next.

There are two lanes. What a user waits for is urgent; resyncs and retries are the background. So an edit does not wait
behind ten thousand resources that are only compared. The background never stands still either: while both lanes are
full, it gets every ninth turn. A key that had a turn already, and could only wait for another resource, goes to the
front: behind everything that came since, a chain of three would wait three times, and its status would report that.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

URGENT_IN_A_ROW = 8
"""Urgent turns after which a key of the background gets one, if any waits."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Turn(Generic[Key]):
    """A key whose turn has come.

    Attributes:
        key: the key.
        since: when it was first enqueued.
        urgent: its lane.
        front: whether it waits before all other urgent keys.
    """

    key: Key
    since: float
    urgent: bool
    front: bool = False


class Lanes(Generic[Key]):
    """Keys that wait, each once; a lane is first come, first served, behind the keys at its front."""

    def __init__(self) -> None:
        # A plain dictionary takes ever longer to find its first key as keys leave at its front.
        self._urgent: OrderedDict[Key, float] = OrderedDict()
        self._background: OrderedDict[Key, float] = OrderedDict()
        self._in_a_row = 0

    def __len__(self) -> int:
        return len(self._urgent) + len(self._background)

    def __contains__(self, key: Key) -> bool:
        return key in self._urgent or key in self._background

    def add(self, key: Key, now: float, *, urgent: bool, front: bool = False) -> bool:
        """Add a key, or move it to the urgent lane; returns whether it is new.

        Args:
            key: the key.
            now: the time, in seconds.
            urgent: its lane.
            front: before all other urgent keys; of no effect in the background.
        """
        is_new = self._put(key, now, urgent=urgent)
        if front and key in self._urgent:
            self._urgent.move_to_end(key, last=False)
        return is_new

    def _put(self, key: Key, now: float, *, urgent: bool) -> bool:
        if key in self._urgent:
            return False
        since = self._background.get(key)
        if since is not None and not urgent:
            return False
        if since is not None:
            del self._background[key]
        (self._urgent if urgent else self._background)[key] = now if since is None else since
        return since is None

    def withdraw(self, key: Key) -> Turn[Key] | None:
        """Remove a key; returns the turn that it would have had, or None if it does not wait."""
        for lane in (self._urgent, self._background):
            since = lane.pop(key, None)
            if since is not None:
                return Turn(key, since, lane is self._urgent)
        return None

    def take(self) -> Turn[Key]:
        """Remove and return the next key. Raises KeyError if none waits."""
        is_urgent = bool(self._urgent) and (self._in_a_row < URGENT_IN_A_ROW or not self._background)
        # Urgent turns count only while they pass over something.
        self._in_a_row = self._in_a_row + 1 if is_urgent and self._background else 0
        key, since = (self._urgent if is_urgent else self._background).popitem(last=False)
        return Turn(key, since, is_urgent)
