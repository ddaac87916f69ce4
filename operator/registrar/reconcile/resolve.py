"""Resolves references to parent entries: of resources from memory, of other entries by one look-up.

Waiting for a parent is no error. The child registers itself before the look-up, so that the parent's ID cannot slip
through in between; the reconcile that establishes the ID wakes the child.
"""

from __future__ import annotations

from pydantic.alias_generators import to_camel

from registrar.api.bodies import Body, ResourceKey, recorded_id
from registrar.api.conditions import Reason
from registrar.api.meta import Frozen
from registrar.kinds.base import AnyResource, Identity, ParentReference
from registrar.kinds.desired import desired_entry
from registrar.kinds.table import kind_of, lineage
from registrar.planning.actions import RecordedState
from registrar.planning.ownership import stamp_of
from registrar.planning.problems import ReconcileError, terminal, waiting
from registrar.reconcile.memory import Memory
from registrar.reconcile.observe import observe
from registrar.registries.registry import Registry

EXTERNAL_REQUEUE_SECONDS = 15.0
"""Until the operator looks again for an entry that no resource represents: no event announces it."""


def follow_parent(declared: AnyResource, memory: Memory) -> None:
    """Have a resource woken when its parent gets an entry, another one, or is permitted to have one again."""
    parent = parent_key(declared)
    if parent is not None:
        key = ResourceKey(declared.kind, declared.metadata.namespace, declared.metadata.name)
        memory.depend(key, parent)


async def resolve_parent(
    declared: AnyResource, known_parent_id: str | None, memory: Memory, registry: Registry
) -> Identity | None:
    """Return the parent entry of a resource, None for a kind at the root.

    The resource follows its parent already (`follow_parent`).

    Args:
        declared: the resource.
        known_parent_id: parent ID in the status, if this registry assigned it.
        memory: what is known of all resources.
        registry: the registry.

    Raises:
        ReconcileError: the parent does not exist yet, or ``ParentChanged``.
        RegistryError: the look-up of an external entry failed.
    """
    reference = kind_of(declared.kind).parent
    if reference is None:
        return None
    parent = parent_key(declared)
    if parent is None:
        found = await _find_external(declared, reference, registry)
    else:
        known = memory.dependencies.identity(parent)
        # What was proved before the registry's epoch ended has to be proved again, parents first.
        found = None if known is None or known.epoch != registry.epoch else known
        if found is None and known_parent_id is not None and memory.cache.get(parent) is None:
            # A vanished parent resource changes nothing for an entry that exists; for a new one it proves nothing.
            is_below = await _is_below(declared, known_parent_id, registry)
            kind = kind_of(reference.kind).entry
            found = Identity(registry.name, registry.epoch, kind, known_parent_id, None, None) if is_below else None
    if found is None:
        raise _waiting(declared, reference, parent, None if parent is None else memory.cache.get(parent))
    if known_parent_id not in {None, found.id} and await _is_below(declared, str(known_parent_id), registry):
        raise terminal(
            Reason.PARENT_CHANGED,
            f"The reference now leads to the entry {found.id}, but this entry belongs to {known_parent_id}, and the "
            "registry cannot move it. Set the reference back, or delete this resource and create another.",
        )
    return found


def parent_key(declared: AnyResource) -> ResourceKey | None:
    """Return the parent resource that a reference names; None for an external entry, or at the root."""
    parent = kind_of(declared.kind).parent
    name = None if parent is None else getattr(declared.spec, parent.attribute).name
    return None if parent is None or name is None else ResourceKey(parent.kind, declared.metadata.namespace, name)


def reference_field(reference: ParentReference) -> str:
    """Return the field of the spec that holds a reference, for messages."""
    return f"spec.{to_camel(reference.attribute)}"


def described_external(external: Frozen) -> str:
    """Return an entry as the ``external`` of a reference names it, such as ``id '42'``."""
    named = external.model_dump(by_alias=True, exclude_none=True).items()
    return ", ".join(f"{name} {value!r}" for name, value in named)


async def _find_external(declared: AnyResource, reference: ParentReference, registry: Registry) -> Identity | None:
    external = getattr(declared.spec, reference.attribute).external
    names = [str(getattr(external, attribute)) for attribute in reference.external_names]
    return await registry.external(lineage(kind_of(reference.kind)), external.id, [] if external.id else names)


async def _is_below(declared: AnyResource, parent_id: str, registry: Registry) -> bool:
    """Return whether the resource's entry still belongs to that parent; a registry that was reset has neither."""
    desired = desired_entry(declared, registry.name, parent_id)
    recorded = RecordedState(declared.status.id, declared.status.create_time_since_epoch)
    found = (await observe(desired, recorded, registry, force_read=False)).entry
    if found is None:
        return False
    # An artifact that was found by its name can be another one, in a database where the parent's ID is a stranger's.
    stamp = stamp_of(found, registry.owner_id)
    is_stamped = stamp is not None and stamp.reference == desired.reference
    return is_stamped or (found.id == recorded.entry_id and recorded.proves(found))


def _waiting(
    declared: AnyResource, reference: ParentReference, parent: ResourceKey | None, body: Body | None
) -> ReconcileError:
    reason = kind_of(declared.kind).entry.waiting or Reason.REGISTRY_UNAVAILABLE
    field = reference_field(reference)
    if parent is None:
        described = described_external(getattr(declared.spec, reference.attribute).external)
        return waiting(
            reason,
            f"The registry has no {reference.kind} with {described}. Check {field}, or create that entry.",
            requeue_after=EXTERNAL_REQUEUE_SECONDS,
        )
    if body is None:
        return waiting(reason, f"{parent} does not exist. Check {field}, or create it.")
    recorded = recorded_id(body)
    if recorded is None:
        return waiting(reason, f"Waiting for {parent} to get an ID; see its conditions.")
    return waiting(
        reason,
        f"Waiting for {parent}: the operator has not found its entry {recorded.entry_id} in the registry; see its "
        "conditions.",
    )
