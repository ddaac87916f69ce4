"""The parts of a resource that can be read even when its spec cannot."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from model_registry.types import RegistryEntry
from registrar.api import v1alpha1
from registrar.api.meta import (
    FINALIZER,
    RECONCILE_REQUEST_MAX_LENGTH,
    RECONCILE_REQUESTED_ANNOTATION,
    ObjectMeta,
)
from registrar.api.problems import describe
from registrar.api.v1alpha1.common import EntryStatus
from registrar.claims import Claimant
from registrar.conditions import Reason
from registrar.config import Settings
from registrar.errors import terminal
from registrar.kinds.desired import AnyResource
from registrar.names import owned_from_status
from registrar.plan import Memory, Policies
from registrar.registry import Registry
from registrar.resources import Body, ResourceKey, key_of

RESOURCE_CLASSES: dict[str, type[AnyResource]] = {
    v1alpha1.RegisteredModel.KIND: v1alpha1.RegisteredModel,
    v1alpha1.ModelVersion.KIND: v1alpha1.ModelVersion,
    v1alpha1.ModelArtifact.KIND: v1alpha1.ModelArtifact,
}
_STATUS_CLASSES: dict[str, type[EntryStatus]] = {
    v1alpha1.RegisteredModel.KIND: v1alpha1.RegisteredModelStatus,
    v1alpha1.ModelVersion.KIND: v1alpha1.ModelVersionStatus,
    v1alpha1.ModelArtifact.KIND: v1alpha1.ModelArtifactStatus,
}


@dataclass(frozen=True, slots=True)
class Head:
    """Metadata and status of a resource, typed; the body for what else is needed.

    Attributes:
        key: what names it.
        body: as the API server sent it.
        metadata: the metadata.
        status: the status.
    """

    key: ResourceKey
    body: Body
    metadata: ObjectMeta
    status: EntryStatus

    @property
    def has_finalizer(self) -> bool:
        """Whether our finalizer holds its deletion."""
        return FINALIZER in self.metadata.finalizers

    @property
    def pending_request(self) -> str | None:
        """The reconcile request that has not been answered yet."""
        request = self.metadata.reconcile_requested_at
        return request if request != self.status.last_handled_reconcile_at else None

    @property
    def is_settled(self) -> bool:
        """Whether the entry was brought to this very spec before, so that a difference is drift."""
        return self.status.synced_generation == self.metadata.generation

    def known_id(self, registry: Registry) -> str | None:
        """The ID in the status, if this registry assigned it."""
        return self.status.id if self.status.registry_url == registry.url else None

    def claimant(self, artifact: str | None = None) -> Claimant:
        """The resource, or an inline artifact of it, as one who wants an entry."""
        created = self.body["metadata"]["creationTimestamp"]
        return Claimant(self.key, artifact, created, self.metadata.uid, self.metadata.terminating)


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


def read_head(body: Body) -> Head:
    """Read metadata and status. A status that nobody but the operator writes is believed to fit its schema."""
    status = _STATUS_CLASSES[body["kind"]].model_validate(body.get("status") or {})
    return Head(key_of(body), body, ObjectMeta.model_validate(body["metadata"]), status)


def parse(body: Body) -> AnyResource:
    """The whole resource.

    Raises:
        ReconcileError: ``InvalidSpec``, with what to change.
    """
    try:
        return RESOURCE_CLASSES[body["kind"]].model_validate(body)
    except ValidationError as error:
        raise terminal(Reason.INVALID_SPEC, f"{describe(error)}. Change the spec.") from error


def policies_of(resource: AnyResource, settings: Settings) -> Policies:
    """The resource's policies, with the operator's defaults where it states none."""
    spec = resource.spec
    return Policies(
        adoption=spec.adoption_policy or settings.adoption_policy,
        drift=spec.drift_policy or settings.drift_policy,
        deletion=spec.deletion_policy or settings.deletion_policy,
        take_over=resource.metadata.take_over,
    )


def memory_of(head: Head, registry: Registry, entry_type: type[RegistryEntry]) -> Memory:
    """What the status remembers of the resource's own entry; the IDs of another registry are forgotten."""
    entry_id = head.known_id(registry)
    if entry_id is None:
        return Memory(had_entry=head.status.id is not None)
    owned = owned_from_status(entry_type, head.status.owned_fields, head.status.owned_properties)
    return Memory(entry_id, owned, head.is_settled, had_entry=True)
