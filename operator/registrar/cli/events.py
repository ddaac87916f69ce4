"""Events about a resource, as kubectl lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """One Event (core/v1) about a resource.

    Attributes:
        last_seen: RFC 3339 in UTC.
        type: ``Normal`` or ``Warning``.
        reason: UpperCamel.
        message: a sentence.
        count: how often it happened.
    """

    last_seen: str
    type: str
    reason: str
    message: str
    count: int


def event_of(event: Any) -> Event:
    """Return an Event as the package ``kubernetes`` has it."""
    moment = event.last_timestamp or event.event_time or event.metadata.creation_timestamp
    last_seen = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Event(last_seen, event.type or "", event.reason or "", event.message or "", event.count or 1)
