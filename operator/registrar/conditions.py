"""Conditions after kstatus: ``Ready`` always, ``Reconciling``, ``Stalled`` and ``Drifted`` only while True. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from registrar.api.meta import Condition, ConditionStatus

MOST_MESSAGE = 32768
"""Characters that metav1.Condition allows in a message."""


class Reason(StrEnum):
    """Why a condition is what it is; each says what to do (docs/conditions.md)."""

    SYNCED = "Synced"
    WAITING_FOR_REGISTERED_MODEL = "WaitingForRegisteredModel"
    WAITING_FOR_MODEL_VERSION = "WaitingForModelVersion"
    NAME_CONFLICT = "NameConflict"
    EXTERNAL_ID_CONFLICT = "ExternalIdConflict"
    OWNED_BY_OTHER = "OwnedByOther"
    PARENT_CHANGED = "ParentChanged"
    AMBIGUOUS_ENTRY = "AmbiguousEntry"
    INVALID_SPEC = "InvalidSpec"
    REFUSED_BY_REGISTRY = "RefusedByRegistry"
    REGISTRY_UNAVAILABLE = "RegistryUnavailable"
    UNAUTHORIZED = "Unauthorized"
    PAUSED = "Paused"
    ADOPTION_REFUSED = "AdoptionRefused"
    CHANGED_OUTSIDE = "ChangedOutside"
    CONTESTED = "Contested"
    REGISTRY_REPLACED = "RegistryReplaced"


class Aspect(StrEnum):
    """The conditions that exist."""

    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    DRIFTED = "Drifted"


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
