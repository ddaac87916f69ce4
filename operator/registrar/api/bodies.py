"""What can be read off a resource as the API server sends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registrar.api.meta import RECONCILE_REQUEST_MAX_LENGTH, RECONCILE_REQUESTED_ANNOTATION

Body = Mapping[str, Any]
"""A resource as the API server sends it (JSON)."""


@dataclass(frozen=True, slots=True, order=True)
class ResourceKey:
    """What names one resource of ours in the cluster."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

    @property
    def path(self) -> str:
        """``namespace/name``, as the owner stamp writes it."""
        return f"{self.namespace}/{self.name}"


def key_of(body: Body) -> ResourceKey:
    """The key of a resource body."""
    metadata = body["metadata"]
    return ResourceKey(body["kind"], metadata["namespace"], metadata["name"])


def resource_version(body: Body) -> int:
    """The resource version of a resource or a list.

    Those of one kind can be compared as numbers (Kubernetes API concepts, since 1.35).
    """
    return int(body["metadata"]["resourceVersion"])


def ready_status(body: Body) -> str:
    """``True`` or ``False`` as the Ready condition says; ``Unknown`` if none speaks of what is written now."""
    generation = body["metadata"].get("generation")
    for condition in (body.get("status") or {}).get("conditions") or ():
        if condition["type"] == "Ready" and condition.get("observedGeneration") == generation:
            return str(condition["status"])
    return "Unknown"


def is_unanswered(body: Body) -> bool:
    """Whether the status says nothing yet about what is written, or about what was asked."""
    metadata, status = body["metadata"], body.get("status") or {}
    request = (metadata.get("annotations") or {}).get(RECONCILE_REQUESTED_ANNOTATION)
    return (
        "deletionTimestamp" in metadata
        or status.get("observedGeneration") != metadata.get("generation")
        or (request is not None and request[:RECONCILE_REQUEST_MAX_LENGTH] != status.get("lastHandledReconcileAt"))
    )


def is_awaited(body: Body) -> bool:
    """Whether somebody waits for this resource: it is unanswered, or has no entry yet."""
    return is_unanswered(body) or (body.get("status") or {}).get("id") is None


def entry_name(body: Body) -> str:
    """The name of a resource's entry, read from an unparsed body."""
    name: str = body.get("spec", {}).get("name") or body["metadata"]["name"]
    return name
