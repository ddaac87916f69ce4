"""Carries out what was planned for one entry: at most one write to the registry."""

from __future__ import annotations

from typing import Any

from model_registry.exceptions import ConflictError, NotFound
from model_registry.types import RegistryEntry
from registrar.api.conditions import Reason
from registrar.kinds.base import Desired, EntryKind
from registrar.planning.actions import Archive, Create, Patch
from registrar.planning.problems import ReconcileError, terminal, transient
from registrar.registries.registry import Registry


async def create(desired: Desired, planned: Create, registry: Registry) -> tuple[RegistryEntry, bool]:
    """Make the entry, unless one of that name is there already.

    Returns:
        The entry, and whether it was made just now.

    Raises:
        ReconcileError: another entry holds the external ID, or the parent is gone.
        StoreError: the registry could not answer, or refused.
    """
    entry: Any = desired.kind.ENTRY(
        desired.name, **planned.fields, custom_properties=dict(planned.properties), state=planned.state
    )
    try:
        made = await desired.kind.create(registry.client, entry, desired.parent_id)
    except ConflictError as conflict:
        existing = await desired.kind.find(registry.client, desired)
        if existing is not None:
            return existing, False
        raise _conflict(desired, conflict) from conflict
    except NotFound as missing:
        message = f"The registry has no model version {desired.parent_id}, which {desired.name!r} belongs to: {missing}"
        raise transient(Reason.WAITING_FOR_MODEL_VERSION, message) from missing
    registry.view.keep(made)
    return made, True


async def patch(desired: Desired, planned: Patch, registry: Registry) -> RegistryEntry:
    """Change the entry. Raises as `create`."""
    entry: Any = desired.kind.ENTRY(
        desired.name,
        id=planned.entry.id,
        **planned.fields,
        custom_properties=None if planned.properties is None else dict(planned.properties),
        state=planned.state,
    )
    try:
        changed = await desired.kind.update(registry.client, entry)
    except ConflictError as conflict:
        raise _conflict(desired, conflict) from conflict
    registry.view.keep(changed)
    return changed


async def archive(kind: EntryKind, planned: Archive, registry: Registry) -> None:
    """Take the entry out of use."""
    entry: Any = kind.ENTRY(planned.entry.name, id=planned.entry.id, state=planned.state)
    registry.view.keep(await kind.update(registry.client, entry))


def _conflict(desired: Desired, conflict: ConflictError) -> ReconcileError:
    """The name is free at this very place: then the external ID is taken, or the database ignores case."""
    holder: Any = conflict.holder
    external_id = desired.fields.get("external_id")
    if holder is not None and external_id is not None and holder.external_id == external_id:
        return terminal(
            Reason.EXTERNAL_ID_CONFLICT,
            f"The external ID {external_id!r} is held by the {type(holder).__name__} {holder.name!r} (id {holder.id}, "
            f"{holder.state}). Choose another externalId, or change that entry's first.",
        )
    if external_id is not None and holder is None:
        return terminal(
            Reason.EXTERNAL_ID_CONFLICT,
            f"The registry says that the name {desired.name!r} or the external ID {external_id!r} is taken, and does "
            "not show by which entry. Choose another externalId.",
        )
    return terminal(
        Reason.NAME_CONFLICT,
        f"The registry says that the name {desired.name!r} is taken, but holds no entry of exactly that name here: its "
        "database takes names that differ in case or accents for the same. Choose another spec.name.",
    )
