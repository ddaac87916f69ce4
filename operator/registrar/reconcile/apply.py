"""Applies the planned action to one entry: at most one write to the registry."""

from __future__ import annotations

from typing import Any

from model_registry.exceptions import ConflictError, NotFound
from model_registry.types import RegistryEntry
from registrar.api.conditions import Reason
from registrar.kinds.base import Desired, EntryKind
from registrar.planning.actions import Create, Patch, Release
from registrar.planning.problems import terminal, transient
from registrar.registries.registry import Registry


async def create(desired: Desired, action: Create, registry: Registry) -> tuple[RegistryEntry, bool]:
    """Create the entry, unless one of that name exists already.

    Returns:
        The entry, and whether this call created it.

    Raises:
        ConflictError: another entry holds the external ID, or the registry takes another name for this one.
        ReconcileError: the parent is gone, or the registry cannot store the entry.
        RegistryError: the registry could not answer, or refused.
    """
    unsupported = registry.backend.unsupported(desired)
    if unsupported is not None:
        raise terminal(Reason.INVALID_SPEC, f"The registry cannot store this entry: {unsupported}.")
    entry: Any = desired.kind.entry(
        desired.name, **action.fields, **_state(action.state), custom_properties=dict(action.properties)
    )
    try:
        return await registry.create(desired, entry), True
    except ConflictError:
        existing = await registry.find(desired.kind, desired.name, desired.parent_id)
        if existing is None:
            raise
        return existing, False
    except NotFound as missing:
        message = f"The parent {desired.parent_id} of {desired.name!r} no longer exists in the registry."
        raise transient(desired.kind.waiting or Reason.REGISTRY_UNAVAILABLE, message) from missing


async def patch(desired: Desired, action: Patch, registry: Registry) -> RegistryEntry:
    """Change the entry.

    Raises:
        ConflictError: another entry holds the external ID.
        RegistryError: the registry could not answer, or refused.
    """
    entry: Any = desired.kind.entry(
        desired.name,
        id=action.entry.id,
        **action.fields,
        **_state(action.state),
        custom_properties=None if action.properties is None else dict(action.properties),
    )
    return await registry.update(desired.kind, entry)


async def release(kind: EntryKind, action: Release, registry: Registry) -> None:
    """Release the entry of a resource that is being deleted. Raises RegistryError."""
    entry: Any = kind.entry(
        action.entry.name, id=action.entry.id, **_state(action.state), custom_properties=dict(action.properties)
    )
    await registry.update(kind, entry)


def _state(state: str | None) -> dict[str, str]:
    """Return the state as a field to write: types of entries without a state refuse the field."""
    return {} if state is None else {"state": state}
