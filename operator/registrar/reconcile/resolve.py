"""References to parent entries: of resources from memory, of entries made elsewhere by one look-up.

Waiting for a parent is no error. The child registers itself before it looks, so that the parent's ID cannot slip
through between; whoever establishes that ID wakes it.
"""

from __future__ import annotations

from registrar.api import v1alpha1
from registrar.api.bodies import ResourceKey
from registrar.api.conditions import Reason
from registrar.api.meta import Frozen
from registrar.cluster.cache import ResourceStore
from registrar.kinds.base import Identity
from registrar.kinds.desired import AnyResource, desired_entry
from registrar.planning.actions import Memory
from registrar.planning.problems import ReconcileError, terminal, waiting
from registrar.reconcile.observe import observe
from registrar.registries.registry import Registry

EXTERNAL_RECHECK = 15.0
"""Seconds until an entry that is made elsewhere is looked for again: nothing tells of its making."""
NO_PARENT = Identity("", None)
"""The parent of a registered model."""


async def resolve_parent(
    resource: AnyResource, known_parent_id: str | None, resources: ResourceStore, registry: Registry
) -> Identity:
    """The parent entry of a resource.

    Args:
        resource: the resource.
        known_parent_id: parent ID in the status, if it is of this registry.
        resources: all resources.
        registry: the registry.

    Raises:
        ReconcileError: waiting for the parent, or ``ParentChanged``.
        StoreError: the look-up of an entry made elsewhere failed.
    """
    match resource:
        case v1alpha1.RegisteredModel():
            return NO_PARENT
        case v1alpha1.ModelVersion():
            reference = resource.spec.registered_model_ref
            name, found = reference.name, None
            if reference.external is not None:
                found = await registry.external_model(entry_id=reference.external.id, name=reference.external.name)
            parent_kind, reason = v1alpha1.RegisteredModel.KIND, Reason.WAITING_FOR_REGISTERED_MODEL
        case v1alpha1.ModelArtifact():
            name, found = resource.spec.model_version_ref.name, None
            if (external := resource.spec.model_version_ref.external) is not None:
                found = await registry.external_version(
                    entry_id=external.id, model=external.registered_model_name or "", name=external.name or ""
                )
            parent_kind, reason = v1alpha1.ModelVersion.KIND, Reason.WAITING_FOR_MODEL_VERSION
    key = ResourceKey(resource.kind, resource.metadata.namespace, resource.metadata.name)
    if name is not None:
        parent = ResourceKey(parent_kind, key.namespace, name)
        resources.depend(key, parent)
        found = resources.identity(parent)
        if found is None and resources.get(parent) is None and known_parent_id is not None:
            # A vanished parent resource changes nothing for an entry that is there; for a new one it is no proof.
            found = Identity(known_parent_id, None) if await _is_there(resource, known_parent_id, registry) else None
    if found is None:
        raise _waiting(resource, reason, name, parent_kind, resources)
    if known_parent_id not in {None, found.id} and await _is_there(resource, str(known_parent_id), registry):
        raise terminal(
            Reason.PARENT_CHANGED,
            f"The reference now leads to the entry {found.id}, but this entry belongs to {known_parent_id}, and the "
            "registry cannot move it. Set the reference back, or delete this resource and create another.",
        )
    return found


async def _is_there(resource: AnyResource, parent_id: str, registry: Registry) -> bool:
    """Whether the resource's entry is still under that parent; a registry that was reset lacks both."""
    desired = desired_entry(resource, parent_id)
    return (await observe(desired, Memory(resource.status.id), registry, look=False)).entry is not None


def _waiting(
    resource: AnyResource, reason: Reason, name: str | None, parent_kind: str, resources: ResourceStore
) -> ReconcileError:
    if name is None:
        external = _describe_external(resource)
        return waiting(
            reason,
            f"The registry has no {parent_kind} with {external}. Check the reference, or have that entry made.",
            recheck=EXTERNAL_RECHECK,
        )
    parent = ResourceKey(parent_kind, resource.metadata.namespace, name)
    if resources.get(parent) is None:
        return waiting(reason, f"There is no {parent}. Check the reference, or create it; this goes on by itself then.")
    return waiting(reason, f"{parent} has no ID yet; see its conditions. This goes on by itself when it has one.")


def _describe_external(resource: AnyResource) -> str:
    match resource:
        case v1alpha1.ModelVersion():
            external: Frozen | None = resource.spec.registered_model_ref.external
        case v1alpha1.ModelArtifact():
            external = resource.spec.model_version_ref.external
        case _:
            external = None
    named = {} if external is None else external.model_dump(by_alias=True, exclude_none=True)
    return ", ".join(f"{name} {value!r}" for name, value in named.items())
