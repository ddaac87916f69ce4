"""Kubernetes Events about our resources. Pure but for the one POST."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from registrar.api.bodies import Body
from registrar.cluster.client import KubernetesError
from registrar.reconcile.context import Context
from registrar.reporting.outcome import Note

logger = logging.getLogger(__name__)

COMPONENT = "model-registrar"
MOST_MESSAGE = 1024
"""Characters that the API server allows in an Event's message."""


def event_json(body: Body, kind: str, note: Note, now: datetime) -> dict[str, Any]:
    """One Event (core/v1) about a resource; ``kind`` is ``Normal`` or ``Warning``."""
    metadata = body["metadata"]
    moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "metadata": {"generateName": f"{metadata['name'][:240]}.", "namespace": metadata["namespace"]},
        "involvedObject": {
            "apiVersion": body["apiVersion"],
            "kind": body["kind"],
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
        },
        "type": kind,
        "reason": note.reason,
        "message": note.message[:MOST_MESSAGE],
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "count": 1,
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
    }


async def tell(body: Body, told: Iterable[tuple[str, Note]], context: Context) -> None:
    """Post Events; one that cannot be posted (in a namespace that is going, say) is only logged."""
    for kind, note in told:
        event = event_json(body, kind, note, context.now())
        try:
            await context.kube.create_event(event, body["metadata"]["namespace"])
        except KubernetesError as error:
            logger.warning("The Event %r about %s was not posted: %s", note.reason, body["metadata"]["name"], error)
