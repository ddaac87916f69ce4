"""A resource as the command reads it: leniently, because an invalid spec is one of the things that it reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic.alias_generators import to_camel

from registrar.api.bodies import Body, ResourceKey, key_of
from registrar.api.conditions import Condition, ConditionStatus, ConditionType
from registrar.api.meta import ObjectMeta
from registrar.api.v1alpha1.aliases import AliasStatus
from registrar.api.v1alpha1.common import EntryStatus
from registrar.api.v1alpha1.model_version import InlineArtifactStatus
from registrar.kinds.base import ResourceKind
from registrar.kinds.table import kind_of


@dataclass(frozen=True, slots=True)
class Parent:
    """What a resource refers to as its parent.

    Attributes:
        kind: the parent's kind, such as ``RegisteredModel``.
        key: the resource; None for an entry of the registry that no resource of the namespace manages.
        external: that entry, as the reference describes it, such as ``name 'churn'``; empty for a resource.
    """

    kind: str
    key: ResourceKey | None
    external: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """One resource.

    Attributes:
        key: what identifies it.
        kind: the row of its kind.
        metadata: its metadata.
        status: its status.
        entry_name: the name of its entry in the registry.
        parent: what it refers to as its parent; None at the root.
    """

    key: ResourceKey
    kind: ResourceKind
    metadata: ObjectMeta
    status: EntryStatus
    entry_name: str
    parent: Parent | None

    @property
    def artifacts(self) -> tuple[InlineArtifactStatus, ...]:
        """The artifacts inside of it that the status reports."""
        return getattr(self.status, "artifacts", None) or ()

    @property
    def waiting_aliases(self) -> Condition | None:
        """The condition that says which aliases wait for their version; None if none waits."""
        aliases = self.status.condition(ConditionType.ALIASES_RESOLVED)
        return aliases if aliases is not None and aliases.status is ConditionStatus.FALSE else None

    @property
    def aliases(self) -> tuple[AliasStatus, ...]:
        """The aliases that the status reports."""
        return getattr(self.status, "aliases", None) or ()

    @property
    def concern(self) -> Condition | None:
        """What is wrong with a resource that is ready all the same; None if nothing is."""
        return self.status.condition(ConditionType.DRIFTED) or self.waiting_aliases


def observe(body: Body) -> Observed:
    """Return a resource as the API server sends it; the rest of its spec is not parsed."""
    kind = kind_of(body["kind"])
    spec = body.get("spec") or {}
    metadata = ObjectMeta.model_validate(body["metadata"])
    return Observed(
        key=key_of(body),
        kind=kind,
        metadata=metadata,
        status=kind.status.model_validate(body.get("status") or {}),
        entry_name=spec.get("name") or metadata.name,
        parent=_parent(kind, metadata, spec),
    )


def ancestors(resource: Observed, known: Mapping[ResourceKey, Observed]) -> Iterator[Observed]:
    """Yield the resources above this one, the nearest first."""
    parent = resource.parent
    while parent is not None and parent.key is not None and parent.key in known:
        above = known[parent.key]
        yield above
        parent = above.parent


def _parent(kind: ResourceKind, metadata: ObjectMeta, spec: dict[str, Any]) -> Parent | None:
    row = kind.parent
    if row is None:
        return None
    reference = spec.get(to_camel(row.attribute)) or {}
    if name := reference.get("name"):
        return Parent(row.kind, ResourceKey(row.kind, metadata.namespace, name))
    external = reference.get("external") or {}
    return Parent(row.kind, None, ", ".join(f"{name} {value!r}" for name, value in external.items()))
