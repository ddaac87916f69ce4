"""The cluster that a plan starts from: the manifests as resources, with what the operator would remember of them.

With a cluster, that is what its resources say. With a base, its manifests count as applied: an entry that carries the
stamp of a resource of the base has the fields that the base declares set by it, and matched them. Without either, only
the stamps are remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from model_registry.types import RegistryEntry
from registrar.api.bodies import Body, ResourceKey, as_deleted, edited, is_same_json, recorded_id, spec_of
from registrar.api.meta import FINALIZER, ObjectMeta
from registrar.api.v1alpha1.aliases import AliasStatus, property_of
from registrar.api.v1alpha1.common import EntryResource
from registrar.cli.plan.bodies import NEW, OLD, head, identified, metadata, parsed
from registrar.cli.plan.edits import changes_digest, has_refused_digest, refused_edit
from registrar.cli.plan.manifests import Manifests, switches_of
from registrar.kinds.base import AnyResource, Desired, EntryKind
from registrar.kinds.desired import declared_aliases, desired_entry, desired_inline
from registrar.kinds.table import kind_of, kind_order
from registrar.planning.actions import RecordedState, owned_by
from registrar.planning.fields import origin_to_status, owned_to_status, state_of
from registrar.planning.ownership import Origin, any_stamp_of, held, stamp_of
from registrar.planning.plan import origin_of, owned_on
from registrar.reconcile.inline_artifacts import Statuses, with_artifact
from registrar.reconcile.resolve import parent_key
from registrar.registries.registry import Registry
from registrar.reporting.outcome import Facts, Outcome
from registrar.reporting.status import as_json, next_status

Known = Callable[[Desired, RegistryEntry], RecordedState]
"""Returns origin and fields of an entry as a status would have them."""

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Population:
    """Resources as the API server would have them once the manifests are applied.

    Attributes:
        manifests: the manifests.
        base: those of the base; none without a base.
        registry: the registry, whose view is loaded.
        holders: the version that holds each artifact, by their IDs, as far as it was read.
        cluster: the resources that exist; None where no cluster is known.
        homeless: artifacts of which no version is known.
        refused_edits: why the API server refuses what manifests change; known before anything is written.
        corrigible: the resources of the base, where no cluster is known, of which the operator refuses a digest.
        waiting: the aliases of models of the base, where no cluster is known, that still wait for their versions.
        unapplied: the resources that came from elsewhere, where no cluster is known, and have no entry here.
    """

    manifests: Manifests
    base: Manifests
    registry: Registry
    holders: Mapping[str, str]
    cluster: Mapping[ResourceKey, Body] | None = None
    homeless: list[str] = field(default_factory=list)
    refused_edits: dict[ResourceKey, str | None] = field(default_factory=dict)
    corrigible: set[ResourceKey] = field(default_factory=set)
    waiting: dict[ResourceKey, frozenset[str]] = field(default_factory=dict)
    unapplied: set[ResourceKey] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Note what is unapplied before a dry run writes."""
        if self.cluster is None:
            elsewhere = (key for key in self.manifests.accepted() if key in self.base.elsewhere)
            self.unapplied.update(key for key in elsewhere if not self._has_entry(key))

    def bodies(self) -> Iterator[Body]:
        """Yield the resources that the API server has then, those that only the base has as deleted ones."""
        accepted, kept, departed = self.manifests.accepted(), self.kept(), self.departed()
        for key in accepted:
            yield self._present(key) if self.refused_edit(key) is None else self._applied(key)
        for key in kept:
            yield self._applied(key)
        for key in departed:
            yield as_deleted(self._applied(key), NEW)
        known = {*accepted, *kept, *departed}
        yield from (body for key, body in (self.cluster or {}).items() if key not in known)

    def kept(self) -> list[ResourceKey]:
        """Return the resources that stay as in the base, because the API server refuses what they become."""
        if self.cluster is not None:
            return [key for key in self.cluster if self.manifests.is_rejected(key)]
        return [key for key in self.base.reached() if self.manifests.is_rejected(key)]

    def departed(self) -> list[ResourceKey]:
        """Return the resources that only the base has, and that may exist.

        What is wrong with them by now need not have kept them out of the cluster.
        """
        gone = (key for key in sorted(self.base.found, key=kind_order) if key not in self.manifests.found)
        return [key for key in gone if self.cluster is None or key in self.cluster]

    def applied(self) -> list[Body]:
        """Return the resources as the operator left them, before the change: those of the cluster, or of the base."""
        if self.cluster is not None:
            return list(self.cluster.values())
        return [self._applied(key) for key in self.base.reached()]

    def digest_edits(self) -> list[ResourceKey]:
        """Return the resources of the base that get another digest, where no cluster knows whether they may."""
        if self.cluster is not None:
            return []
        both = (key for key in self.base.reached() if key in self.manifests.found and key not in self.manifests.refused)
        return [key for key in both if changes_digest(kind_of(key.kind), self.base.spec(key), self.manifests.spec(key))]

    def before(self, key: ResourceKey) -> Mapping[str, Any] | None:
        """Return the spec that was applied before; None if none was, or if that is not known."""
        if self.cluster is not None:
            found = self.cluster.get(key)
            return None if found is None else spec_of(found)
        return self.base.spec(key) if key in self.base.found and not self.base.is_rejected(key) else None

    def in_doubt(self) -> Iterator[ResourceKey]:
        """Yield the resources that have an entry, and of which the base does not say what was applied.

        The API server refuses what the base has of them, or leaves a part of it out.
        """
        for key in self.manifests.accepted() if self.cluster is None else ():
            if key in self.base.found and self.before(key) is None and self._stamped_status(key):
                yield key

    def refused_edit(self, key: ResourceKey) -> str | None:
        """Return why the API server refuses what a manifest changes; None if it accepts that."""
        if key not in self.refused_edits:
            self.refused_edits[key] = self._refused_edit(key)
        return self.refused_edits[key]

    def _refused_edit(self, key: ResourceKey) -> str | None:
        before = self.before(key)
        if before is None or key not in self.manifests.found:
            return None
        after = self.manifests.spec(key)
        if is_same_json(before, after):
            return None
        kind, applied = kind_of(key.kind), self._applied(key)
        names = {spec.get("name") or key.name for spec in (before, after)}
        if len(names) > 1 and recorded_id(applied) is not None:
            return EntryResource.RULES[0].message
        corrects_digest = key in self.corrigible or has_refused_digest(applied)
        return refused_edit(kind, before, after, corrects_digest=corrects_digest)

    def is_unchanged(self, key: ResourceKey) -> bool:
        """Return whether a resource has the spec that it had before, and is neither paused nor taken over otherwise.

        One that came from elsewhere and has no entry here was for another registry before.
        """
        if key in self.unapplied:
            return False
        before = self.base.switches(key) if self.cluster is None else switches_of(self.cluster.get(key))
        return before == self.manifests.switches(key) and is_same_json(self.before(key), self.manifests.spec(key))

    def _has_entry(self, key: ResourceKey) -> bool:
        resource = parsed(key, self.manifests)
        return resource is not None and self.entry_of(resource) is not None

    def _present(self, key: ResourceKey) -> Body:
        """Return a resource as the API server has it once its manifest is applied."""
        spec = self.manifests.spec(key)
        if self.before(key) is None:
            meta = metadata(key, self.manifests, NEW)
            return {**head(key), "metadata": meta, "spec": spec, "status": self._stamped_status(key)}
        removed = self.base.annotations(key) if key in self.base.found else {}
        return edited(self._applied(key), spec, self.manifests.annotations(key), removed)

    def _applied(self, key: ResourceKey) -> Body:
        """Return a resource as the operator left it."""
        if self.cluster is not None and key in self.cluster:
            return self.cluster[key]
        meta = {**metadata(key, self.base, OLD), "finalizers": [FINALIZER]}
        return {**head(key), "metadata": meta, "spec": self.base.spec(key), "status": self._status(key)}

    def _status(self, key: ResourceKey) -> dict[str, Any]:
        """Return the status that a resource of the base has: empty if its entry does not exist.

        A version without one of its artifacts never matched its spec, so what differs is not drift.
        """

        def applied(desired: Desired, entry: RegistryEntry) -> RecordedState:
            return RecordedState(origin=self._origin(entry), owned=owned_by(desired))

        facts = self._facts(key, self.base, applied)
        if facts is None:
            return {}
        spec = self.base.spec(key)
        if len(facts.artifacts) < sum(len(spec.get(inline.field) or ()) for inline in kind_of(key.kind).inline):
            return identified(key, facts)
        meta = ObjectMeta.model_validate(metadata(key, self.base, OLD))
        return as_json(next_status(meta, kind_of(key.kind).status.model_validate({}), Outcome(facts), _LONG_AGO))

    def _stamped_status(self, key: ResourceKey) -> dict[str, Any]:
        """Return what the stamps alone say of a resource that may exist outside of the base; nothing of a new one.

        It is new if the cluster lacks it, or if the base does and the entry is one that a deleted resource has kept.
        """
        if self.cluster is not None:
            return {}

        def unrecorded(desired: Desired, entry: RegistryEntry) -> RecordedState:
            nothing, owner_id = RecordedState(), self.registry.owner_id
            origin = origin_of(any_stamp_of(entry, owner_id), nothing)
            return RecordedState(origin=origin, owned=owned_on(entry, desired, nothing, owner_id))

        facts = self._facts(key, self.manifests, unrecorded)
        if facts is None or (self.base.found and self._is_kept(kind_of(key.kind).entry, str(facts.id))):
            return {}
        return identified(key, facts)

    def _is_kept(self, kind: EntryKind, entry_id: str) -> bool:
        stamp = stamp_of(self.registry.view.by_id(kind, entry_id), self.registry.owner_id)
        return stamp is not None and stamp.origin is Origin.KEPT

    def _facts(self, key: ResourceKey, manifests: Manifests, known: Known) -> Facts | None:
        """Return what a status records of a manifest's entries: None if its own does not exist.

        Args:
            key: the resource.
            manifests: what declares it.
            known: returns what is known of an entry.
        """
        resource = parsed(key, manifests)
        if resource is None:
            return None
        desired = desired_entry(resource, self.registry.name, "")
        entry = self.stamped_entry(desired.kind, desired.reference, desired.name)
        if entry is None:
            return None
        own = known(desired, entry)
        fields, properties = owned_to_status(desired.kind.entry, own.owned)
        artifacts: Statuses = ()
        for inline in desired_inline(resource, self.registry.name, str(entry.id)):
            artifact = self.stamped_entry(inline.kind, inline.reference, inline.name)
            if artifact is not None:
                of = known(inline, artifact)
                artifacts = with_artifact(artifacts, inline, artifact, of.origin or Origin.CREATED, of.owned)
        return Facts(
            id=entry.id,
            create_time_since_epoch=entry.create_time_since_epoch,
            origin=origin_to_status(own.origin or Origin.CREATED),
            parent_id=self._parent_id(resource, desired.kind, entry),
            state=state_of(entry),
            registry_url=self.registry.url,
            managed_by=self.registry.holder,
            owned_fields=fields,
            owned_properties=properties,
            digest=own.owned.digest,
            artifacts=artifacts,
            aliases=tuple(self._aliases(key, declared_aliases(resource), entry)),
        )

    def _aliases(self, key: ResourceKey, declared: Mapping[str, str], entry: RegistryEntry) -> Iterator[AliasStatus]:
        """Yield what a status reports of the aliases: of one that waits, what the registry has."""
        for alias, version in declared.items():
            known = (entry.custom_properties or {}).get(property_of(alias))
            if known:
                yield AliasStatus(name=alias, version=str(known) if alias in self.waiting.get(key, ()) else version)

    def entry_of(self, resource: AnyResource) -> RegistryEntry | None:
        """Return the entry that a resource has by its stamp, as `stamped_entry` does."""
        desired = desired_entry(resource, self.registry.name, "")
        return self.stamped_entry(desired.kind, desired.reference, desired.name)

    def stamped_entry(self, kind: EntryKind, reference: str, name: str) -> RegistryEntry | None:
        """Return the entry of that name that a resource has by its stamp; None if it has none, or several."""
        stamped = self.registry.view.stamped(kind, reference)
        named = [entry for entry in stamped if type(entry) is kind.entry and entry.name == name]
        found = held(named, self.registry.owner_id)
        return found[0] if len(found) == 1 else None

    def _parent_id(self, resource: AnyResource, kind: EntryKind, entry: RegistryEntry) -> str | None:
        if kind.parent_attribute is not None:
            parent_id: str | None = getattr(entry, kind.parent_attribute)
            return parent_id
        parent = parent_key(resource)
        if parent is None and kind_of(resource.kind).parent is None:
            return None
        # An artifact does not say which version holds it: a list of the version does, or the stamp of its resource.
        known = self.holders.get(str(entry.id))
        if known is None and parent is not None:
            version = kind_of(parent.kind).entry
            stamped = [each for each in self.registry.view.stamped(version, parent.path) if type(each) is version.entry]
            versions = held(stamped, self.registry.owner_id)
            known = str(versions[0].id) if len(versions) == 1 else None
        if known is None:
            self.homeless.append(str(entry.id))
        return known

    def _origin(self, entry: RegistryEntry) -> Origin:
        stamp = stamp_of(entry, self.registry.owner_id)
        return Origin.ADOPTED if stamp is not None and stamp.origin is Origin.ADOPTED else Origin.CREATED
