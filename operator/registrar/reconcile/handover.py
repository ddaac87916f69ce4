"""Hands an entry over to another resource that wants it, instead of retiring it.

A move or a rename deletes one resource and applies another, in any order and within one apply. So an entry that loses
its resource waits for a moment before it is retired (``--handover-grace``). A successor usually claims the entry by its
place under its parent's ID. One that has not had its turn, or whose own parent has no ID yet, cannot: it is recognized
by the names from the root.
"""

from __future__ import annotations

from collections.abc import Sequence

from model_registry.types import RegistryEntry
from registrar.api.bodies import ResourceKey, is_terminating, key_of
from registrar.cluster.api import ClusterAPI
from registrar.cluster.cache import ResourceCache
from registrar.kinds.base import EntryKind
from registrar.kinds.table import kind_of, kinds_above, lineage
from registrar.planning.ownership import stamp_of
from registrar.planning.problems import Problem
from registrar.reconcile.conflicts import still_wants
from registrar.reconcile.memory import Memory
from registrar.reconcile.resolve import parent_key
from registrar.reconcile.resource import InlineName, ManagedResource, declared_names, read_resource
from registrar.reconcile.targets import Target
from registrar.reconcile.tenancy import may_want
from registrar.registries.registry import Registry


def grace_left(resource: ManagedResource, artifact: str | None, grace: float, memory: Memory) -> float:
    """Return the seconds for which an entry still waits for a successor; 0 or less means that it waits no longer.

    They count from when this process noticed that the entry loses its resource: the deletionTimestamp is of the API
    server's clock, which may differ. After a restart they count again.
    """
    return grace - memory.leaving(resource.key, artifact)


async def is_claimed(target: Target, key: ResourceKey, memory: Memory, kube: ClusterAPI, registry: Registry) -> bool:
    """Return whether another resource has the entry, or claims it and stays.

    Two that are deleted together must not wait for each other.

    Raises:
        KubernetesError: the API server did not answer.
    """
    claim = target.claim(registry)
    stamp = stamp_of(registry.view.by_id(target.kind, target.entry_id), registry.owner_id)
    if stamp is not None and stamp.reference != target.reference:
        return True
    for rival in memory.rivals(claim, key):
        if await still_wants(rival.key, rival.reference, claim, memory.cache, kube, registry):
            return True
    return False


def is_inherited(target: Target, own: Target | None, key: ResourceKey, memory: Memory, registry: Registry) -> bool:
    """Return whether a resource that claims the version declares an inline artifact of it too.

    It claims the artifact only once it has the version, so the artifact must not be retired in between.

    Args:
        target: the artifact, or any other entry.
        own: the version that is lost together with it; None if it stays.
        key: the resource that loses them.
        memory: what is known of all resources.
        registry: the registry.
    """
    if own is None or target.artifact is None:
        return False
    name = InlineName(target.kind.name, target.name)
    bodies = (memory.cache.get(rival.key) for rival in memory.rivals(own.claim(registry), key))
    return any(name in read_resource(body).inline for body in bodies if body is not None and not is_terminating(body))


async def is_named(target: Target, key: ResourceKey, memory: Memory, registry: Registry) -> bool:
    """Return whether another resource declares the entry, and has not claimed it yet.

    One that has an entry keeps it, so that alone decides; any other is compared by the names from the root down.

    Raises:
        RegistryError: the registry could not answer.
    """
    rivals = [
        read_resource(body)
        for body in memory.unclaimed()
        # Cheap checks first: after a start, no resource has claimed its entry yet.
        if target.name in declared_names(body)
        and not is_terminating(body)
        and memory.holding(key_of(body)).yielded is None
    ]
    rivals = [
        rival
        for rival in rivals
        if rival.key != key
        and _declares(rival, target)
        and await may_want(rival, target.claim(registry), memory.cache, registry)
    ]
    known_ids = [registry.known_id(rival.status) for rival in rivals]
    for rival, known_id in zip(rivals, known_ids, strict=True):
        if known_id is not None and known_id == (target.entry_id if _is_own(rival, target) else target.parent_id):
            return True
    without_entry = [rival for rival, known_id in zip(rivals, known_ids, strict=True) if known_id is None]
    names = await _names_of(target, registry) if without_entry else None
    if names is None:
        return False
    for rival in without_entry:
        if await _names_below(rival, target, memory.cache, registry) == names:
            return True
    return False


def _declares(resource: ManagedResource, target: Target) -> bool:
    """Return whether a resource declares an entry of that kind and name, in whatever parent."""
    if _is_own(resource, target):
        return resource.entry_name == target.name
    return InlineName(target.kind.name, target.name) in resource.inline


def _is_own(resource: ManagedResource, target: Target) -> bool:
    """Return whether the resource would have the entry as its own, and not as an inline artifact."""
    return resource.kind.entry.name == target.kind.name


async def _names_below(
    resource: ManagedResource, target: Target, cache: ResourceCache, registry: Registry
) -> tuple[str, ...] | None:
    """Return the names of the entry that a resource declares, from the root down; None while a parent is unknown."""
    above = await _names_above(resource, cache, registry)
    if above is None:
        return None
    own = *above, resource.entry_name
    return own if _is_own(resource, target) else (*own, target.name)


async def _names_above(resource: ManagedResource, cache: ResourceCache, registry: Registry) -> tuple[str, ...] | None:
    """Return the names of the parent entry from the root down, as the resources above declare them.

    Returns:
        None where a resource above does not exist or is invalid, or where an external reference gives an unknown ID.
    """
    declared, reference = resource.declared, resource.kind.parent
    if reference is None:
        return ()
    if isinstance(declared, Problem):
        return None
    key = parent_key(declared)
    if key is None:
        external = getattr(declared.spec, reference.attribute).external
        if external.id is not None:
            return await _names_by_id(lineage(kind_of(reference.kind)), external.id, registry)
        return tuple(getattr(external, attribute) for attribute in reference.external_names)
    body = cache.get(key)
    if body is None:
        return None
    parent = read_resource(body)
    above = await _names_above(parent, cache, registry)
    return None if above is None else (*above, parent.entry_name)


async def _names_of(target: Target, registry: Registry) -> tuple[str, ...] | None:
    """Return the names of an entry from the root down; None where a parent is unknown."""
    above = await _names_by_id(kinds_above(target.kind), target.parent_id, registry)
    return None if above is None else (*above, target.name)


async def _names_by_id(kinds: Sequence[EntryKind], entry_id: str, registry: Registry) -> tuple[str, ...] | None:
    """Return the names of an entry from the root down; None where it, or an entry above it, is unknown.

    Args:
        kinds: the kinds from the root down to the entry's.
        entry_id: its ID.
        registry: the registry.
    """
    names: list[str] = []
    for kind in reversed(kinds):
        entry = await _entry(kind, entry_id, registry) if entry_id else None
        if entry is None or entry.name is None:
            return None
        names.insert(0, entry.name)
        entry_id = kind.parent_id_of(entry)
    return tuple(names)


async def _entry(kind: EntryKind, entry_id: str, registry: Registry) -> RegistryEntry | None:
    known = registry.view.by_id(kind, entry_id)
    return known if known is not None else await registry.get(kind, entry_id)
