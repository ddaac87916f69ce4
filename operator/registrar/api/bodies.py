"""What can be read off a resource as the API server sends it, before it is parsed.

The watch, the cache and the queue need no more than this of thousands of resources; a reconcile parses the one that it
works on (`registrar.reconcile.resource`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registrar.api.conditions import ConditionType, Reason
from registrar.api.meta import (
    FINALIZER,
    LAST_APPLIED_ANNOTATION,
    RECONCILE_REQUEST_MAX_LENGTH,
    RECONCILE_REQUESTED_ANNOTATION,
)
from registrar.api.nesting import read_shallow

Body = Mapping[str, Any]
"""A resource as the API server sends it (JSON)."""


@dataclass(frozen=True, slots=True, order=True)
class ResourceKey:
    """What identifies a managed resource in the cluster; one of the whole cluster has no namespace."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.path if self.namespace else self.name}"

    @property
    def path(self) -> str:
        """``namespace/name``, as the owner stamp writes it."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class RecordedId:
    """An entry as a status records it.

    Attributes:
        kind: the resource's kind.
        entry_id: the entry's ID.
        created: when the registry created it (milliseconds since the epoch), if the status records that.
        url: the address of the registry.
        parent_id: the ID of the parent entry, if the status records that.
    """

    kind: str
    entry_id: str
    created: str | None
    url: str | None
    parent_id: str | None = None


def key_of(body: Body) -> ResourceKey:
    """Return the key of a resource."""
    metadata = body["metadata"]
    return ResourceKey(body["kind"], metadata["namespace"], metadata["name"])


def declared_registry_of(body: Body) -> tuple[str, str] | None:
    """Return kind and name of the registry that the spec names; None if it names none."""
    return _reference((body.get("spec") or {}).get("registryRef"))


def pinned_registry_of(body: Body) -> tuple[str, str] | None:
    """Return kind and name of the registry that the status names; None if it names none."""
    return _reference((body.get("status") or {}).get("registryRef"))


def _reference(found: Mapping[str, str] | None) -> tuple[str, str] | None:
    return None if found is None else (found["kind"], found["name"])


def parent_name_of(body: Body, field: str) -> str | None:
    """Return the name of the resource to which a field of the spec refers; None if it refers to none."""
    found = ((body.get("spec") or {}).get(field) or {}).get("name")
    return None if found is None else str(found)


def entry_name_of(body: Body) -> str:
    """Return the name of the entry that a resource represents."""
    return str((body.get("spec") or {}).get("name") or body["metadata"]["name"])


def uid_of(body: Body) -> str:
    """Return the resource's uid, by which a successor of the same name differs."""
    return str(body["metadata"]["uid"])


def resource_version(body: Body) -> int:
    """Return the resource version of a resource or a list.

    Those of one kind can be compared as numbers (Kubernetes API concepts, since 1.35).
    """
    return int(body["metadata"]["resourceVersion"])


def written_generation(body: Body) -> tuple[str, int]:
    """Return what a user's change of the spec changes: uid and generation."""
    return uid_of(body), body["metadata"].get("generation", 0)


def ready_status(body: Body) -> str:
    """Return ``True`` or ``False`` as Ready says of the present generation; ``Unknown`` if it says nothing of it."""
    return ready_state(body)[0]


def ready_state(body: Body) -> tuple[str, str]:
    """Return status and reason of Ready; both ``Unknown`` if it says nothing of the present generation."""
    generation = body["metadata"].get("generation")
    for condition in (body.get("status") or {}).get("conditions") or ():
        if condition["type"] == "Ready" and condition.get("observedGeneration") == generation:
            return str(condition["status"]), str(condition["reason"])
    return "Unknown", "Unknown"


def reports_outage(body: Body) -> bool:
    """Return whether the status says that the registry is unavailable, or refuses the operator."""
    reasons = {Reason.REGISTRY_UNAVAILABLE, Reason.UNAUTHORIZED}
    conditions = (body.get("status") or {}).get("conditions") or ()
    return any(found["type"] == ConditionType.READY and found["reason"] in reasons for found in conditions)


def has_entry(body: Body) -> bool:
    """Return whether the status has the ID of an entry."""
    return bool((body.get("status") or {}).get("id"))


def may_have_entry(body: Body) -> bool:
    """Return whether the status has an ID, or our finalizer says that an entry may exist."""
    return has_entry(body) or has_finalizer(body)


def has_finalizer(body: Body) -> bool:
    """Return whether a resource has our finalizer."""
    return FINALIZER in body["metadata"].get("finalizers", ())


def is_terminating(body: Body) -> bool:
    """Return whether a resource was deleted and waits for its finalizers."""
    return body["metadata"].get("deletionTimestamp") is not None


def shown_to_others(body: Body) -> tuple[object, ...]:
    """Return what those that refer to a resource by its entry compare: its generation, status, and deletion."""
    return written_generation(body), body.get("status"), is_terminating(body)


def as_deleted(body: Body, at: str) -> Body:
    """Return a body as it would show a deletion at that time (RFC 3339)."""
    return {**body, "metadata": {**body["metadata"], "deletionTimestamp": at}}


def spec_of(body: Body) -> Mapping[str, Any]:
    """Return the spec; empty without one."""
    found: Mapping[str, Any] = body.get("spec") or {}
    return found


def annotations_of(body: Body) -> Mapping[str, str]:
    """Return the annotations; empty without any."""
    found: Mapping[str, str] = body["metadata"].get("annotations") or {}
    return found


def is_same_json(left: object, right: object) -> bool:
    """Return whether the API server takes two values for the same: Python's True equals 1, in JSON they differ."""
    match left, right:
        case Mapping(), Mapping():
            return left.keys() == right.keys() and all(is_same_json(left[name], right[name]) for name in left)
        case list(), list():
            return len(left) == len(right) and all(map(is_same_json, left, right))
    return isinstance(left, bool) is isinstance(right, bool) and left == right


def edited(body: Body, spec: Mapping[str, Any], annotations: Mapping[str, str], before: Mapping[str, str]) -> Body:
    """Return a body as the API server would have it once a user has applied another manifest.

    Args:
        body: the resource.
        spec: the manifest's spec.
        annotations: the manifest's annotations.
        before: the annotations of the manifest that was applied before, as far as that is known beyond kubectl's own
            record: those that are not in the manifest any more are removed.
    """
    metadata = body["metadata"]
    generation = metadata.get("generation", 0) + (not is_same_json(spec_of(body), spec))
    known = metadata.get("annotations") or {}
    applied = {**_last_applied(known), **before}
    kept = {name: value for name, value in known.items() if name not in applied}
    return {
        **body,
        "metadata": {**metadata, "generation": generation, "annotations": {**kept, **annotations}},
        "spec": spec,
    }


def _last_applied(annotations: Mapping[str, str]) -> Mapping[str, str]:
    """Return the annotations that kubectl applied before, client-side."""
    try:
        record = read_shallow(annotations.get(LAST_APPLIED_ANNOTATION, "{}"))
        found: dict[str, str] = dict(record["metadata"]["annotations"])
    except (ValueError, LookupError, TypeError):  # anyone may write anything into an annotation
        return {}
    return found


def in_registry(body: Body, owner_id: str, url: str) -> Body:
    """Return a body whose status names a registry by this address, where this installation manages the resource.

    One registry has one address in the cluster and another one outside.
    """
    status = body.get("status") or {}
    if (status.get("managedBy") or {}).get("ownerId") != owner_id:
        return body
    return {**body, "status": {**status, "registryUrl": url, "managedBy": {"ownerId": owner_id, "registryUrl": url}}}


def managing_owner(body: Body) -> str | None:
    """Return the owner ID of the installation that manages a resource, as its status says."""
    holder = (body.get("status") or {}).get("managedBy") or {}
    found = holder.get("ownerId")
    return None if found is None else str(found)


def was_never_finalized(body: Body) -> bool:
    """Return whether a body shows our finalizer and no deletion: an object that is gone has left its entries behind.

    The API server may delete an object whose finalizer came while it was being deleted.
    """
    return has_finalizer(body) and not is_terminating(body)


def recorded_id(body: Body) -> RecordedId | None:
    """Return the entry that the status records; None if it records none."""
    status = body.get("status") or {}
    if status.get("id") is None:
        return None
    return RecordedId(
        kind=body["kind"],
        entry_id=status["id"],
        created=status.get("createTimeSinceEpoch"),
        url=status.get("registryUrl"),
        parent_id=status.get("parentId"),
    )


def is_unanswered(body: Body) -> bool:
    """Return whether the status says nothing yet about the present spec, a deletion, or a reconcile request."""
    metadata, status = body["metadata"], body.get("status") or {}
    request = (metadata.get("annotations") or {}).get(RECONCILE_REQUESTED_ANNOTATION)
    return (
        "deletionTimestamp" in metadata
        or status.get("observedGeneration") != metadata.get("generation")
        or (request is not None and request[:RECONCILE_REQUEST_MAX_LENGTH] != status.get("lastHandledReconcileAt"))
    )


def is_synced(body: Body) -> bool:
    """Return whether the entries of a resource matched its present spec before."""
    return bool((body.get("status") or {}).get("syncedGeneration") == body["metadata"].get("generation", 0))


def is_awaited(body: Body) -> bool:
    """Return whether someone waits for this resource: it is unanswered, or has no entry yet."""
    return is_unanswered(body) or (body.get("status") or {}).get("id") is None


def is_edited(before: Body, after: Body) -> bool:
    """Return whether a user changed the resource in between, and not only its status or finalizers."""
    changed_by_users = ("uid", "generation", "annotations", "deletionTimestamp")
    return any(before["metadata"].get(name) != after["metadata"].get(name) for name in changed_by_users)
