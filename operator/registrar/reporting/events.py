"""Kubernetes Events about what the operator serves, as the API server takes them, and aggregated as client-go does.

The same Event again raises the count of the first. More than ten similar ones within ten minutes become one that says
so. A resource that has many Events gets 25 at once, then one every five minutes.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from registrar.api.bodies import ResourceKey
from registrar.api.meta import API_VERSION, ObjectMeta
from registrar.reporting.outcome import EventNote

COMPONENT = "model-registrar"
CLUSTER_NAMESPACE = "default"
"""Where the API server takes Events about objects without a namespace."""
MAX_MESSAGE_LENGTH = 1024
"""Characters that the API server allows in an Event's message."""
MAX_SIMILAR = 10
"""Different messages of one reason that a resource gets before they are combined."""
SIMILAR_FOR = timedelta(minutes=10)
"""How long messages of one reason count as similar, from the last one."""
BURST = 25
"""Events of one resource at once."""
REFILL_SECONDS = 300.0
"""Until a resource that used up its burst gets another Event."""
KEPT_FOR = timedelta(hours=1)
"""How long an Event is raised instead of posted again; the API server keeps Events for as long by default."""
MAX_RESOURCES = 4096
"""Resources whose last Events are remembered."""


@dataclass(frozen=True, slots=True)
class EventWrite:
    """One request that posts an Event, or raises the count of an earlier one.

    Attributes:
        name: the Event's name.
        event: the whole Event.
        patch: what to change where the Event exists already; None for a new one.
    """

    name: str
    event: dict[str, Any]
    patch: dict[str, Any] | None


@dataclass(slots=True)
class _Posted:
    name: str
    first: datetime
    last: datetime
    count: int = 0


@dataclass(slots=True)
class _Recent:
    """What one resource got lately.

    Attributes:
        tokens: how many Events it may get now.
        refilled: when that was last computed.
        similar: the messages of each reason, and when the last one came.
        posted: the Events by reason and message.
    """

    tokens: float
    refilled: datetime
    similar: dict[str, tuple[set[str], datetime]] = field(default_factory=dict)
    posted: dict[tuple[str, str], _Posted] = field(default_factory=dict)


class EventCorrelator:
    """Decides which Events are posted, and which only raise the count of an earlier one."""

    def __init__(self) -> None:
        self._recent: OrderedDict[ResourceKey, _Recent] = OrderedDict()

    def correlate(self, key: ResourceKey, metadata: ObjectMeta, note: EventNote, now: datetime) -> EventWrite | None:
        """Return what to send for a note; None for one of a resource that got too many.

        Args:
            key: the resource; without a namespace for one of the whole cluster.
            metadata: its metadata.
            note: what to report.
            now: the time, in UTC.
        """
        recent = self._recent.setdefault(key, _Recent(BURST, now))
        self._recent.move_to_end(key)
        if len(self._recent) > MAX_RESOURCES:
            self._recent.popitem(last=False)
        if not _take_token(recent, now):
            return None
        message = note.message[:MAX_MESSAGE_LENGTH]
        place = note.reason, message
        if _is_one_of_many(recent, note.reason, message, now):
            message = f"(combined from similar events): {note.message}"[:MAX_MESSAGE_LENGTH]
            place = note.reason, ""
        for old in [old for old, posted in recent.posted.items() if now - posted.last > KEPT_FOR]:
            del recent.posted[old]
        is_new = place not in recent.posted
        # Named as client-go names them: unique for each moment of a resource.
        posted = recent.posted.setdefault(
            place, _Posted(f"{key.name[:230]}.{int(now.timestamp() * 1e6):x}", first=now, last=now)
        )
        posted.count += 1
        posted.last = now
        event = _event_json(key, metadata, note, message, posted)
        patch = {name: event[name] for name in ("message", "lastTimestamp", "count")}
        return EventWrite(posted.name, event, None if is_new else patch)

    def forget(self, key: ResourceKey) -> None:
        """Drop a resource that is gone."""
        self._recent.pop(key, None)


def _take_token(recent: _Recent, now: datetime) -> bool:
    elapsed = (now - recent.refilled).total_seconds()
    recent.tokens = min(BURST, recent.tokens + elapsed / REFILL_SECONDS)
    recent.refilled = now
    if recent.tokens < 1:
        return False
    recent.tokens -= 1
    return True


def _is_one_of_many(recent: _Recent, reason: str, message: str, now: datetime) -> bool:
    messages, last = recent.similar.get(reason, (set(), now))
    if now - last > SIMILAR_FOR:
        messages = set()
    is_known = message in messages
    if len(messages) < MAX_SIMILAR:
        messages.add(message)
    recent.similar[reason] = messages, now
    return not is_known and message not in messages


def _event_json(
    key: ResourceKey, metadata: ObjectMeta, note: EventNote, message: str, posted: _Posted
) -> dict[str, Any]:
    place = {"namespace": key.namespace} if key.namespace else {}
    return {
        "metadata": {"name": posted.name, "namespace": key.namespace or CLUSTER_NAMESPACE},
        "involvedObject": {
            "apiVersion": API_VERSION,
            "kind": key.kind,
            "name": key.name,
            **place,
            "uid": metadata.uid,
            "resourceVersion": metadata.resource_version,
        },
        "type": "Warning" if note.is_warning else "Normal",
        "reason": note.reason,
        "message": message,
        "firstTimestamp": posted.first.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "lastTimestamp": posted.last.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "count": posted.count,
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
    }
