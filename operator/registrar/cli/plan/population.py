"""The cluster that a plan starts from: the manifests as resources, with what the operator would remember of them.

With a base, its manifests count as applied: an entry that carries the stamp of a resource of the base has the fields
that the base declares set by it, and matched them. Without a base, only the stamps are remembered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from model_registry.types import RegistryEntry
from registrar.api.bodies import Body, ResourceKey
from registrar.api.meta import API_VERSION, FINALIZER, ObjectMeta
from registrar.cli.plan.manifests import Manifests
from registrar.kinds.base import AnyResource, Desired, EntryKind
from registrar.kinds.desired import desired_entry, desired_inline
from registrar.kinds.table import kind_of
from registrar.planning.actions import owned_by
from registrar.planning.fields import origin_to_status, owned_to_status, state_of
from registrar.planning.ownership import Origin, stamp_of
from registrar.reconcile.inline_artifacts import Statuses, with_artifact
from registrar.registries.registry import Registry
from registrar.reporting.outcome import Facts, Outcome
from registrar.reporting.status import as_json, next_status

APPLIED, EDITED = 1, 2
"""Generations: of a spec that is as in the base, and of one that differs from it."""
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_OLD, _NEW = "2000-01-01T00:00:00Z", "2000-01-02T00:00:00Z"
"""Creation times: of resources of the base, and of those that the change adds."""


@dataclass(frozen=True, slots=True)
class Population:
    """Resources as the API server would have them once the manifests are applied.

    Attributes:
        manifests: the manifests.
        base: those of the base; none without a base.
        registry: the registry, whose view is loaded.
        holders: the version that holds each artifact, by their IDs.
    """

    manifests: Manifests
    base: Manifests
    registry: Registry
    holders: Mapping[str, str]

    def bodies(self) -> Iterator[Body]:
        """Yield the resources that the API server has then, those that only the base has as deleted ones."""
        for key in self.manifests.accepted():
            yield self._applied(key) if self.is_renamed(key) else self._present(key)
        for key in self.kept():
            yield self._applied(key)
        for key in self.departed():
            yield self._applied(key, deletion=_NEW)

    def kept(self) -> list[ResourceKey]:
        """Return the resources that stay as in the base, because the API server refuses what they become."""
        return [key for key in self.base.accepted() if self.manifests.is_rejected(key)]

    def departed(self) -> list[ResourceKey]:
        """Return the resources that only the base has."""
        return [key for key in self.base.accepted() if key not in self.manifests.found]

    def is_renamed(self, key: ResourceKey) -> bool:
        """Return whether the API server refuses a manifest, because an entry that exists cannot be renamed."""
        if key not in self.base.found or key in self.base.refused:
            return False
        before, now = self.base.found[key].manifest, self.manifests.found[key].manifest
        is_same = before is None or now is None or before.entry_name == now.entry_name
        return not is_same and "id" in self._status(key)

    def is_unchanged(self, key: ResourceKey) -> bool:
        """Return whether a resource has the spec of the base."""
        return key in self.base.found and self.base.spec(key) == self.manifests.spec(key)

    def _present(self, key: ResourceKey) -> Body:
        if key not in self.base.found or key in self.base.refused:
            return {**_head(key), "metadata": _metadata(key, self.manifests, _NEW), "spec": self.manifests.spec(key)}
        generation = APPLIED if self.is_unchanged(key) else EDITED
        metadata = {**_metadata(key, self.manifests, _OLD), "generation": generation, "finalizers": [FINALIZER]}
        status = self._status(key)
        return {**_head(key), "metadata": metadata, "spec": self.manifests.spec(key), "status": status}

    def _applied(self, key: ResourceKey, deletion: str | None = None) -> Body:
        """Return a resource of the base as the operator left it."""
        metadata = {**_metadata(key, self.base, _OLD), "finalizers": [FINALIZER]}
        if deletion is not None:
            metadata["deletionTimestamp"] = deletion
        return {**_head(key), "metadata": metadata, "spec": self.base.spec(key), "status": self._status(key)}

    def _status(self, key: ResourceKey) -> dict[str, Any]:
        """Return the status that a resource of the base has: empty if its entry does not exist."""
        kind, metadata = kind_of(key.kind), _metadata(key, self.base, _OLD)
        try:
            resource: AnyResource = kind.resource.model_validate(
                {**_head(key), "metadata": metadata, "spec": self.base.spec(key), "status": {}}
            )
        except ValidationError:
            return {}
        desired = desired_entry(resource, self.registry.name, "")
        entry = self._stamped(desired.kind, desired.reference, desired.name)
        if entry is None:
            return {}
        outcome = Outcome(self._facts(resource, desired, entry))
        status = kind.status.model_validate({})
        return as_json(next_status(ObjectMeta.model_validate(metadata), status, outcome, _LONG_AGO))

    def _facts(self, resource: AnyResource, desired: Desired, entry: RegistryEntry) -> Facts:
        fields, properties = owned_to_status(desired.kind.entry, owned_by(desired))
        artifacts: Statuses = ()
        for inline in desired_inline(resource, self.registry.name, str(entry.id)):
            artifact = self._stamped(inline.kind, inline.reference, inline.name)
            if artifact is not None:
                artifacts = with_artifact(artifacts, inline, artifact, self._origin(artifact), owned_by(inline))
        return Facts(
            id=entry.id,
            create_time_since_epoch=entry.create_time_since_epoch,
            origin=origin_to_status(self._origin(entry)),
            parent_id=self._parent_id(desired.kind, entry),
            state=state_of(entry),
            registry_url=self.registry.url,
            managed_by=self.registry.holder,
            owned_fields=fields,
            owned_properties=properties,
            artifacts=artifacts,
        )

    def _stamped(self, kind: EntryKind, reference: str, name: str) -> RegistryEntry | None:
        """Return the entry of that name that carries a resource's stamp; None if none does, or several do."""
        stamped = self.registry.view.stamped(kind, reference)
        found = [entry for entry in stamped if type(entry) is kind.entry and entry.name == name]
        return found[0] if len(found) == 1 else None

    def _parent_id(self, kind: EntryKind, entry: RegistryEntry) -> str | None:
        if kind.parent_attribute is not None:
            parent_id: str | None = getattr(entry, kind.parent_attribute)
            return parent_id
        # An artifact does not say which version holds it.
        return self.holders.get(str(entry.id))

    def _origin(self, entry: RegistryEntry) -> Origin:
        stamp = stamp_of(entry, self.registry.owner_id)
        return Origin.ADOPTED if stamp is not None and stamp.origin is Origin.ADOPTED else Origin.CREATED


def _head(key: ResourceKey) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": key.kind}


def _metadata(key: ResourceKey, manifests: Manifests, created: str) -> dict[str, Any]:
    manifest = manifests.found[key].manifest
    return {
        "name": key.name,
        "namespace": key.namespace,
        "annotations": {} if manifest is None else manifest.metadata.get("annotations") or {},
        "uid": str(key),
        "generation": APPLIED,
        "resourceVersion": "1",
        "creationTimestamp": created,
    }
