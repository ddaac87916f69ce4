"""The parts of a resource that can be read even when its spec cannot."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from model_registry.types import RegistryEntry
from registrar.api.bodies import Body, ResourceKey, key_of
from registrar.api.conditions import Reason
from registrar.api.meta import FINALIZER, ObjectMeta
from registrar.api.v1alpha1.common import EntryStatus
from registrar.api.validation import describe
from registrar.kinds.desired import AnyResource
from registrar.kinds.table import _STATUS_CLASSES, RESOURCE_CLASSES
from registrar.planning.actions import Memory, Policies
from registrar.planning.claims import Claimant
from registrar.planning.fields import owned_from_status
from registrar.planning.problems import terminal
from registrar.registries.registry import Registry
from registrar.settings import Settings


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
