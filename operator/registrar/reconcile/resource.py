"""A resource, parsed once: no stage after this one reads a raw body.

Metadata, status and what a deletion needs of the spec are read leniently, so that they are always there. The strict
spec, or the problem that it has, is a field beside them: a spec that became invalid must not hold a deletion.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from registrar.api.bodies import Body, ResourceKey, key_of, uid_of
from registrar.api.conditions import ConditionStatus, ConditionType, Reason
from registrar.api.meta import FINALIZER, ObjectMeta
from registrar.api.v1alpha1 import DeletionPolicy
from registrar.api.v1alpha1.common import EntryStatus
from registrar.api.validation import describe
from registrar.kinds.base import AnyResource, ResourceKind
from registrar.kinds.table import kind_of
from registrar.planning.actions import Policies, RecordedState
from registrar.planning.claims import Claimant
from registrar.planning.fields import origin_from_status, owned_from_status
from registrar.planning.problems import Problem, ReconcileError, terminal
from registrar.settings import Settings

_DELETION_POLICIES = frozenset(DeletionPolicy)


@dataclass(frozen=True, slots=True)
class InlineName:
    """An inline entry that the spec names.

    Attributes:
        kind: the entry kind's name, such as ``doc-artifact``.
        name: its name.
    """

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class ManagedResource:
    """One resource.

    Attributes:
        key: what identifies it.
        kind: the row of its kind.
        metadata: its metadata.
        status: its status.
        raw_status: the status as the API server stores it, which a merge patch is computed from.
        entry_name: the name of its entry.
        deletion_policy: ``spec.deletionPolicy``, if it is set.
        inline: the inline entries that its spec names.
        declared: the resource with a valid spec, or why its spec is invalid.
    """

    key: ResourceKey
    kind: ResourceKind
    metadata: ObjectMeta
    status: EntryStatus
    raw_status: Mapping[str, Any]
    entry_name: str
    deletion_policy: DeletionPolicy | None
    inline: tuple[InlineName, ...]
    declared: AnyResource | Problem

    @property
    def has_finalizer(self) -> bool:
        """Whether our finalizer holds its deletion."""
        return FINALIZER in self.metadata.finalizers

    @property
    def other_finalizers(self) -> tuple[str, ...]:
        """The finalizers of others."""
        return tuple(name for name in self.metadata.finalizers if name != FINALIZER)

    @property
    def pending_request(self) -> str | None:
        """The reconcile request that the operator has not answered yet."""
        request = self.metadata.reconcile_requested_at
        return request if request != self.status.last_handled_reconcile_at else None

    @property
    def needs_read(self) -> bool:
        """Whether the view is not enough: the user asked for a reconcile, or the resource was paused until now."""
        ready = self.status.condition(ConditionType.READY)
        return self.pending_request is not None or (ready is not None and ready.reason == Reason.PAUSED)

    @property
    def is_ready(self) -> bool:
        """Whether Ready is True for the present spec."""
        ready = self.status.condition(ConditionType.READY)
        return (
            ready is not None
            and ready.status is ConditionStatus.TRUE
            and ready.observed_generation == self.metadata.generation
        )

    @property
    def is_settled(self) -> bool:
        """Whether the entry matched this very spec before, so that a difference is drift."""
        return self.status.synced_generation == self.metadata.generation

    def require_spec(self) -> AnyResource:
        """Return the resource with its valid spec.

        Raises:
            ReconcileError: ``InvalidSpec``, with what to change.
        """
        if isinstance(self.declared, Problem):
            raise ReconcileError(self.declared)
        return self.declared

    def claimant(self, artifact: str | None = None) -> Claimant:
        """Return the resource, or an inline artifact of it, as one that wants an entry."""
        metadata = self.metadata
        return Claimant(self.key, artifact, metadata.creation_timestamp, metadata.uid, metadata.terminating)

    def refreshed(self, body: Body | None) -> ManagedResource | None:
        """Return this resource with metadata and status from a later body, and the spec that was parsed.

        Returns:
            None if the body is None, or that of a successor of the same name.
        """
        if body is None or uid_of(body) != self.metadata.uid:
            return None
        if body["metadata"]["resourceVersion"] == self.metadata.resource_version:
            return self
        raw_status = body.get("status") or {}
        return replace(
            self,
            metadata=ObjectMeta.model_validate(body["metadata"]),
            status=self.kind.status.model_validate(raw_status),
            raw_status=raw_status,
        )


def declared_names(body: Body) -> Iterator[str]:
    """Yield the names of the entries that a resource and its inline artifacts may be, without parsing it."""
    spec = body.get("spec") or {}
    yield spec.get("name") or body["metadata"]["name"]
    for row in kind_of(body["kind"]).inline:
        for item in spec.get(row.field) or ():
            yield item["name"]


def read_resource(body: Body) -> ManagedResource:
    """Parse a resource.

    Nobody but the operator writes a status, so it is expected to match its schema.
    """
    kind = kind_of(body["kind"])
    spec, raw_status = body.get("spec") or {}, body.get("status") or {}
    metadata = ObjectMeta.model_validate(body["metadata"])
    status = kind.status.model_validate(raw_status)
    policy = spec.get("deletionPolicy")
    return ManagedResource(
        key=key_of(body),
        kind=kind,
        metadata=metadata,
        status=status,
        raw_status=raw_status,
        entry_name=spec.get("name") or metadata.name,
        deletion_policy=DeletionPolicy(policy) if policy in _DELETION_POLICIES else None,
        inline=tuple(
            InlineName(inline.entry.name, item["name"]) for inline in kind.inline for item in spec.get(inline.field, ())
        ),
        declared=_declared(kind, body, metadata, status),
    )


def _declared(kind: ResourceKind, body: Body, metadata: ObjectMeta, status: EntryStatus) -> AnyResource | Problem:
    # Metadata and status are valid already; pydantic takes instances of the fields' classes as they are.
    parts = {**body, "spec": body.get("spec") or {}, "metadata": metadata, "status": status}
    try:
        return kind.resource.model_validate(parts)
    except ValidationError as error:
        return terminal(Reason.INVALID_SPEC, f"{describe(error)}. Change the spec.").problem


def policies_of(declared: AnyResource, settings: Settings) -> Policies:
    """Return the resource's policies, with the operator's defaults where it states none."""
    spec = declared.spec
    return Policies(
        adoption=spec.adoption_policy or settings.adoption_policy,
        drift=spec.drift_policy or settings.drift_policy,
        deletion=deletion_policy(kind_of(declared.kind), spec.deletion_policy, settings),
        take_over=declared.metadata.take_over,
    )


def deletion_policy(kind: ResourceKind, declared: DeletionPolicy | None, settings: Settings) -> DeletionPolicy | None:
    """Return the policy for the entries of a deleted resource: what cannot be retired is left unchanged."""
    return declared or settings.deletion_policy if kind.can_retire else DeletionPolicy.ORPHAN


def recorded_state(resource: ManagedResource, known_id: str | None) -> RecordedState:
    """Return what the status records of the resource's own entry.

    Args:
        resource: the resource.
        known_id: the entry's ID, as far as it counts (`Registry.known_id`).
    """
    status = resource.status
    if known_id is None:
        return RecordedState(had_entry=status.id is not None)
    digest = vars(status).get("digest")
    owned = owned_from_status(resource.kind.entry.entry, status.owned_fields, status.owned_properties, digest)
    return RecordedState(
        entry_id=known_id,
        created=status.create_time_since_epoch,
        origin=origin_from_status(status.origin),
        owned=owned,
        settled=resource.is_settled,
        had_entry=True,
    )
