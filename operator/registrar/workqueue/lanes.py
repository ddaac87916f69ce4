"""Who waits for a worker, and who is next. Pure.

Two lanes: what a user waits for is urgent; comparing everything, and trying again, is the background. So an edit is
not behind ten thousand resources that are only looked at. Nor does the background ever stand still: while both lanes
are full it has every ninth turn. Who had a turn already, and could only wait for somebody else, goes first: to put it
behind all that has come since would make a chain of three wait three times, and be told so in its status.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

URGENT_IN_A_ROW = 8
"""Urgent turns after which one of the background follows, if any waits there."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Turn(Generic[Key]):
    """A key whose turn has come.

    Attributes:
        key: the key.
        since: when it was first enqueued.
        urgent: the lane that it came from.
    """

    key: Key
    since: float
    urgent: bool


class Lanes(Generic[Key]):
    """Keys that wait, each once; within a lane first come, first served, after those that go first."""

    def __init__(self) -> None:
        # Ordered dictionaries: a plain one takes ever longer to find its first key as keys leave at its front.
        self._urgent: OrderedDict[Key, float] = OrderedDict()
        self._background: OrderedDict[Key, float] = OrderedDict()
        self._in_a_row = 0

    def __len__(self) -> int:
        return len(self._urgent) + len(self._background)

    def __contains__(self, key: Key) -> bool:
        return key in self._urgent or key in self._background

    def add(self, key: Key, now: float, *, urgent: bool, front: bool = False) -> bool:
        """Have a key wait; tells whether it is new here. One that is not changes lanes where it has become urgent.

        Args:
            key: the key.
            now: when this is.
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

    def take(self) -> Turn[Key]:
        """The next key, which waits no longer. Raises KeyError if there is none."""
        is_urgent = bool(self._urgent) and (self._in_a_row < URGENT_IN_A_ROW or not self._background)
        self._in_a_row = self._in_a_row + 1 if is_urgent else 0
        key, since = (self._urgent if is_urgent else self._background).popitem(last=False)
        return Turn(key, since, is_urgent)
