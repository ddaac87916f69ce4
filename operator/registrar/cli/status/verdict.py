"""How one resource is, by itself: after kstatus, and with what kstatus does not say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from registrar.api.conditions import Condition, ConditionStatus, ConditionType, Reason
from registrar.api.meta import FINALIZER, PAUSED_ANNOTATION
from registrar.cli.status.resources import Observed
from registrar.reporting.advice import ADVICE, REFUSALS

CHECK_OPERATOR = "Check that an operator is running and that it watches the namespace (--namespace)."
WAIT_OR_CHECK = f"Wait a moment. If this stays: {CHECK_OPERATOR[0].lower()}{CHECK_OPERATOR[1:]}"
ASK_OTHERS = "Find the controllers that set these finalizers."
SEE_MESSAGE = "See the message."

NOT_SEEN, BEHIND, TERMINATING = "NotSeen", "GenerationBehind", "Terminating"
"""Reasons that no condition has: the operator cannot report that it did not run."""

_SHARED = {NOT_SEEN, BEHIND, Reason.REGISTRY_UNAVAILABLE, Reason.UNAUTHORIZED, Reason.REGISTRY_REPLACED}
"""Reasons that lie with the operator or the registry, so that all resources with one of them have one cause."""


class Health(StrEnum):
    """How a resource is."""

    READY = "Ready"
    WAITING = "Waiting"
    STALLED = "Stalled"
    PAUSED = "Paused"
    TERMINATING = "Terminating"
    BEHIND = "Behind"
    NOT_SEEN = "NotSeen"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a resource is, and what to do about it.

    Attributes:
        health: how it is.
        reason: that of the ``Ready`` condition, or one of this module's.
        message: what is the case, in a sentence.
        advice: what to do.
        needs_person: nothing will happen until a person acts.
    """

    health: Health
    reason: str
    message: str
    advice: str
    needs_person: bool = False

    @property
    def is_refused(self) -> bool:
        """Whether the resource does not get what it asks for, and does not merely wait for it."""
        return self.health is Health.STALLED or self.reason in REFUSALS

    @property
    def is_shared(self) -> bool:
        """Whether the reason lies with the operator or the registry, and not with this resource."""
        return self.reason in _SHARED


def judge(resource: Observed, last_report: datetime | None = None) -> Verdict:
    """Return how a resource is. A status that describes an earlier generation counts for nothing.

    Args:
        resource: the resource.
        last_report: when the operator last reported on a resource of its namespace; None if it never did.
    """
    metadata, status = resource.metadata, resource.status
    ready = status.condition(ConditionType.READY)
    if metadata.terminating:
        return _deletion(resource, ready)
    if metadata.paused:
        return _pause(ready)
    if ready is None or status.observed_generation < 0:
        return _unseen(resource, last_report)
    if status.observed_generation != metadata.generation or ready.reason == Reason.PAUSED:
        return Verdict(Health.BEHIND, BEHIND, "The operator has not processed the last edit yet.", WAIT_OR_CHECK)
    if ready.status is ConditionStatus.TRUE:
        return _of(Health.READY, ready)
    is_stalled = status.condition(ConditionType.STALLED) is not None
    return _of(Health.STALLED, ready, needs_person=True) if is_stalled else _of(Health.WAITING, ready)


def advice_for(reason: str) -> str:
    """Return what to do about a reason; a newer operator may report one that is unknown here."""
    return ADVICE.get(Reason(reason), SEE_MESSAGE) if reason in set(Reason) else SEE_MESSAGE


def _of(health: Health, condition: Condition, *, needs_person: bool = False) -> Verdict:
    return Verdict(health, condition.reason, condition.message, advice_for(condition.reason), needs_person)


def _unseen(resource: Observed, last_report: datetime | None) -> Verdict:
    """Return the verdict on a resource without a report, which may just be behind others in the operator's queue."""
    created = resource.metadata.creation_timestamp
    if last_report is None or not created or last_report <= datetime.fromisoformat(created):
        return Verdict(Health.NOT_SEEN, NOT_SEEN, "No operator has seen it.", CHECK_OPERATOR)
    message = "The operator has not processed it yet, and has reported on others since its creation."
    return Verdict(Health.NOT_SEEN, NOT_SEEN, message, WAIT_OR_CHECK)


def _pause(ready: Condition | None) -> Verdict:
    if ready is not None and ready.reason == Reason.PAUSED:
        return _of(Health.PAUSED, ready, needs_person=True)
    message = f"The annotation {PAUSED_ANNOTATION} is set."
    return Verdict(Health.PAUSED, Reason.PAUSED, message, ADVICE[Reason.PAUSED], needs_person=True)


def _deletion(resource: Observed, ready: Condition | None) -> Verdict:
    metadata = resource.metadata
    others = [name for name in metadata.finalizers if name != FINALIZER]
    if FINALIZER not in metadata.finalizers:
        if not others:
            return Verdict(Health.TERMINATING, TERMINATING, "The API server is deleting it.", WAIT_OR_CHECK)
        message = f"The deletion waits for the finalizers of other controllers: {', '.join(others)}."
        return Verdict(Health.TERMINATING, TERMINATING, message, ASK_OTHERS, needs_person=True)
    is_reported = ready is not None and ready.observed_generation == metadata.generation
    if ready is not None and is_reported and ready.status is ConditionStatus.FALSE:
        return _of(Health.TERMINATING, ready)
    message = "The operator has not processed the deletion yet."
    return Verdict(Health.TERMINATING, TERMINATING, message, WAIT_OR_CHECK)
