"""Writes conditions after kstatus: ``Ready`` always, ``Reconciling``, ``Stalled`` and ``Drifted`` only while True."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from registrar.api.conditions import Condition, ConditionStatus

MAX_MESSAGE_LENGTH = 32768
"""Characters that metav1.Condition allows in a message."""


class ConditionWriter:
    """Writes the conditions of one resource at one moment.

    Args:
        current: its conditions so far.
        generation: the generation that the new ones describe.
        now: the moment.
    """

    def __init__(self, current: Iterable[Condition], generation: int, now: datetime) -> None:
        self._current = {condition.type: condition for condition in current}
        self._generation = generation
        self._now = now

    def recorded(self, condition_type: StrEnum) -> Iterable[Condition]:
        """Return one condition as it is, if the resource has it."""
        return [condition for condition in self._current.values() if condition.type == condition_type]

    def write(self, condition_type: StrEnum, status: ConditionStatus, reason: StrEnum, message: str) -> Condition:
        """Return one condition, which keeps its transition time while its status is the same."""
        before = self._current.get(condition_type)
        moved = before is None or before.status is not status
        return Condition(
            type=condition_type,
            status=status,
            reason=reason,
            message=message[:MAX_MESSAGE_LENGTH],
            last_transition_time=self._now if before is None or moved else before.last_transition_time,
            observed_generation=self._generation,
        )
