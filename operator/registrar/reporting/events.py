"""Kubernetes Events about managed resources, as the API server takes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from registrar.api.bodies import ResourceKey
from registrar.api.meta import API_VERSION, ObjectMeta
from registrar.reporting.outcome import EventNote

COMPONENT = "model-registrar"
MAX_MESSAGE_LENGTH = 1024
"""Characters that the API server allows in an Event's message."""


def event_json(key: ResourceKey, metadata: ObjectMeta, kind: str, note: EventNote, now: datetime) -> dict[str, Any]:
    """Return one Event (core/v1) about a resource; ``kind`` is ``Normal`` or ``Warning``."""
    moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "metadata": {"generateName": f"{key.name[:240]}.", "namespace": key.namespace},
        "involvedObject": {
            "apiVersion": API_VERSION,
            "kind": key.kind,
            "name": key.name,
            "namespace": key.namespace,
            "uid": metadata.uid,
            "resourceVersion": metadata.resource_version,
        },
        "type": kind,
        "reason": note.reason,
        "message": note.message[:MAX_MESSAGE_LENGTH],
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "count": 1,
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
    }
