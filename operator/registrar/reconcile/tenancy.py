"""Finds out what a resource uses of its registry, so that `registrar.planning.tenancy` can judge it.

The name of the registered model mostly follows from the manifests. Only a reference to an entry by its ID, and a parent
resource that is gone, need the registry for that: it is asked once, and never for a namespace that may not use it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from model_registry.types import RegistryEntry
from registrar.api.conditions import Reason
from registrar.api.tenants import admits
from registrar.cluster.cache import ResourceCache
from registrar.kinds.base import Claim, EntryKind, Identity
from registrar.kinds.table import ENTRY_KINDS, entry_kind, kind_of, kinds_above, lineage
from registrar.planning.ownership import stamp_of
from registrar.planning.problems import Problem, ReconcileError, waiting
from registrar.planning.refusals import predates
from registrar.planning.resolution import described
from registrar.planning.tenancy import EVERYTHING, External, Permit, Use, judge
from registrar.reconcile.resolve import described_external, parent_key, reference_field
from registrar.reconcile.resource import ManagedResource, read_resource
from registrar.reconcile.targets import Target
from registrar.registries.registry import Registry


@dataclass(frozen=True, slots=True)
class _Root:
    """The model to which a resource's references lead.

    Attributes:
        name: its name, as far as the manifests say it.
        external: the reference that leads out of the resources of the namespace; None if none does.
        kinds: without a name, the kinds from the root down to the entry from which the registry can find it.
        entry_id: the ID of that entry; None if nothing leads to the model.
        field: the field that says its name; empty where that cannot change.
    """

    name: str | None = None
    external: External | None = None
    kinds: Sequence[EntryKind] = ()
    entry_id: str | None = None
    field: str = "spec.name"


async def permit_of(resource: ManagedResource, cache: ResourceCache, registry: Registry) -> Permit | Problem:
    """Return what a resource may do in its registry, or why it may do nothing there.

    Raises:
        ReconcileError: the registry has to be asked for the model's name, and is not available.
        RegistryError: it could not answer.
    """
    if registry.tenants is None:
        return EVERYTHING
    root = _root_of(resource, cache, registry)
    use = _use(resource, root, registry)
    verdict = judge(use, registry.tenants)
    if isinstance(verdict, Problem) or root.entry_id is None:
        return verdict
    use = replace(use, is_looked_up=True)
    absent = judge(replace(use, is_absent=True), registry.tenants)
    if isinstance(absent, Permit):
        # Any model will do.
        return verdict
    registry.ensure_available()
    name = await registry.root_name(root.kinds, root.entry_id)
    return absent if name is None else judge(replace(use, root=name), registry.tenants)


async def require_permit(resource: ManagedResource, cache: ResourceCache, registry: Registry) -> Permit:
    """Return what a resource may do in its registry.

    Raises:
        ReconcileError: ``RegistryNotPermitted``, or as `permit_of`.
        RegistryError: as `permit_of`.
    """
    verdict = await permit_of(resource, cache, registry)
    if isinstance(verdict, Problem):
        raise ReconcileError(verdict)
    return verdict


async def confirm_permit(
    resource: ManagedResource, parent: Identity | None, cache: ResourceCache, registry: Registry
) -> None:
    """Make sure that a resource may use the model of the parent entry that its reference has led to.

    Raises:
        ReconcileError: ``RegistryNotPermitted``.
        RegistryError: the registry could not answer.
    """
    if registry.tenants is None or parent is None:
        return
    name = await registry.root_name(kinds_above(resource.kind.entry), parent.id)
    verdict = _judge_at(resource, name, cache, registry)
    if isinstance(verdict, Problem):
        raise ReconcileError(verdict)


def ensure_in_force(permit: Permit, namespace: str, registry: Registry) -> None:
    """Make sure directly before a write that the judgement still counts: who may do what can change in between.

    Raises:
        ReconcileError: it does not; the next run judges again.
    """
    if not permit.is_in_force(namespace, registry.tenants):
        message = "Who may use the registry has changed; the operator judges again."
        raise waiting(Reason.REGISTRY_UNAVAILABLE, message, requeue_after=0.0)


def is_left_to_other(resource: ManagedResource, registry: Registry) -> bool:
    """Return whether another installation manages a resource whose namespace may not use this registry."""
    holder = resource.status.managed_by
    if holder is None or holder.owner_id == registry.owner_id:
        return False
    return not admits(resource.key.namespace, registry.tenants)


async def permit_to_retire(
    resource: ManagedResource, target: Target, observed: RegistryEntry, cache: ResourceCache, registry: Registry
) -> Permit | None:
    """Return the permit for the model of an entry that a resource loses, whatever manifest and status refer to.

    Whoever may edit a status could write the ID of any entry into it, so the entry itself has to lead to its model. An
    artifact does not report its version: without a recorded one, only the stamp proves that it is the resource's.

    Args:
        resource: the resource.
        target: the entry, as the resource refers to it.
        observed: the entry, as the registry has it.
        cache: the resources above the resource.
        registry: the registry.

    Returns:
        None if the resource may not use it.

    Raises:
        RegistryError: the registry could not answer.
    """
    if registry.tenants is None:
        return EVERYTHING
    kind, stamp = target.kind, stamp_of(observed, registry.owner_id)
    parent_id = target.parent_id if kind.parent_attribute is None else kind.parent_id_of(observed)
    name = await _root_at(kind, str(observed.name), parent_id, registry)
    is_stamped = stamp is not None and stamp.reference == target.reference
    if name is None and (kind.reports_parent or not is_stamped):
        return None
    verdict = _judge_at(resource, name, cache, registry)
    if not isinstance(verdict, Permit):
        return None
    is_unproved = not verdict.may_adopt and predates(observed, resource.metadata.creation_timestamp)
    return verdict if is_stamped or not is_unproved else None


async def may_want(resource: ManagedResource, claim: Claim, cache: ResourceCache, registry: Registry) -> bool:
    """Return whether a resource may have the entry at a place: others need not wait for one that may not.

    Raises:
        RegistryError: the registry could not answer.
    """
    if registry.tenants is None:
        return True
    name = await _root_at(ENTRY_KINDS[claim.kind], claim.name, claim.parent_id, registry)
    return isinstance(_judge_at(resource, name, cache, registry), Permit)


async def may_use_entry(namespace: str, entry: RegistryEntry, registry: Registry) -> bool:
    """Return whether a namespace may use the model of an entry that none of its resources declares.

    An artifact does not report its version, so it counts as that of the namespace that its stamp names.

    Raises:
        RegistryError: the registry could not answer.
    """
    if registry.tenants is None:
        return True
    kind, stamp = entry_kind(type(entry)), stamp_of(entry, registry.owner_id)
    if kind is None or not kind.reports_parent:
        is_own = stamp is not None and stamp.namespace == namespace
        return is_own and isinstance(judge(Use(namespace, None), registry.tenants), Permit)
    name = await _root_at(kind, str(entry.name), kind.parent_id_of(entry), registry)
    return name is not None and isinstance(judge(Use(namespace, name), registry.tenants), Permit)


async def _root_at(kind: EntryKind, name: str, parent_id: str, registry: Registry) -> str | None:
    """Return the name of the model of an entry; None where it is not known."""
    above = kinds_above(kind)
    if not above:
        return name
    return await registry.root_name(above, parent_id) if parent_id else None


def _judge_at(
    resource: ManagedResource, name: str | None, cache: ResourceCache, registry: Registry
) -> Permit | Problem:
    use = _use(resource, _root_of(resource, cache, registry), registry)
    if name is None or name == use.root:
        return judge(use, registry.tenants)
    return judge(replace(use, root=name, is_looked_up=True), registry.tenants)


def _use(resource: ManagedResource, root: _Root, registry: Registry) -> Use:
    spec = None if isinstance(resource.declared, Problem) else resource.declared.spec
    owner = None if spec is None or resource.kind.parent is not None else vars(spec).get("owner")
    return Use(
        resource.key.namespace, root.name, root.external, owner, field=root.field, registry=described(registry.name)
    )


def _root_of(resource: ManagedResource, cache: ResourceCache, registry: Registry, of: str = "") -> _Root:
    """Return the model to which a resource's references lead, without asking the registry.

    Args:
        resource: the resource.
        cache: the resources above it.
        registry: the registry.
        of: what a message adds to the name of a field of this resource.
    """
    reference, declared = resource.kind.parent, resource.declared
    if reference is None:
        return _Root(resource.entry_name, field=f"spec.name{of}" if resource.status.id is None else "")
    parent_kinds = lineage(kind_of(reference.kind))
    if not isinstance(declared, Problem):
        parent = parent_key(declared)
        if parent is None:
            external = getattr(declared.spec, reference.attribute).external
            described = f"{reference.kind} with {described_external(external)}"
            shown = External(f"{reference_field(reference)}{of}", described, has_id=external.id is not None)
            if external.id is not None:
                return _Root(None, shown, parent_kinds, external.id)
            return _Root(str(getattr(external, reference.external_names[0])), shown)
        body = cache.get(parent)
        if body is not None:
            return _root_of(read_resource(body), cache, registry, f" of {parent}")
    known_id = registry.known_id(resource.status)
    return _Root(kinds=parent_kinds, entry_id=None if known_id is None else resource.status.parent_entry_id)
