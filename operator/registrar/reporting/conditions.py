"""Writes conditions after kstatus: ``Ready`` always, ``Reconciling``, ``Stalled`` and ``Drifted`` only while True."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from registrar.api.conditions import Aspect, Condition, ConditionStatus, Reason

MOST_MESSAGE = 32768
"""Characters that metav1.Condition allows in a message."""


class ConditionWriter:
    """Writes the conditions of one resource at one moment.

    Args:
        current: the conditions that it has.
        generation: the generation that the new ones speak of.
        now: the moment.
    """

    def __init__(self, current: Iterable[Condition], generation: int, now: datetime) -> None:
        self._current = {one.type: one for one in current}
        self._generation = generation
        self._now = now

    def write(self, aspect: Aspect, status: ConditionStatus, reason: Reason, message: str) -> Condition:
        """One condition; its transition time is kept while its status is the same."""
        before = self._current.get(aspect)
        moved = before is None or before.status is not status
        return Condition(
            type=aspect,
            status=status,
            reason=reason,
            message=message[:MOST_MESSAGE],
            last_transition_time=self._now if before is None or moved else before.last_transition_time,
            observed_generation=self._generation,
        )
