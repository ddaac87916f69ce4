"""The decision about one entry: from desired, observed and recorded state to an action."""

from __future__ import annotations

from dataclasses import replace

from model_registry.types import RegistryEntry
from registrar.api.conditions import Reason
from registrar.api.meta import OWNER_PROPERTY
from registrar.api.properties import Observed, opaque_names, resolve_properties
from registrar.api.v1alpha1 import AdoptionPolicy, DeletionPolicy, DriftPolicy
from registrar.kinds.base import Desired, FieldValue
from registrar.planning.actions import (
    Action,
    Archive,
    Change,
    Create,
    FieldSet,
    Leave,
    Patch,
    Policies,
    RecordedState,
    RecordOwnership,
    Refuse,
    owned_by,
)
from registrar.planning.fields import field_name, state_of
from registrar.planning.ownership import ForeignStamp, Origin, Stamp, any_stamp_of, stamp_of
from registrar.planning.problems import Disposition, Problem


def plan(
    desired: Desired, observed: RegistryEntry | None, recorded: RecordedState, policies: Policies, owner_id: str
) -> Action:
    """Return the action that brings one entry closer to its desired state.

    Args:
        desired: the desired state.
        observed: the entry at that place; None if none exists.
        recorded: what the status records of it.
        policies: how far to go.
        owner_id: this installation.
    """
    if observed is None:
        stamp = Stamp(Origin.CREATED, desired.reference)
        properties = {**resolve_properties(desired.properties, {}), OWNER_PROPERTY: stamp.text(owner_id)}
        return Create(desired.fields, properties, None if desired.kind.state_rule is None else desired.state or "LIVE")
    written = any_stamp_of(observed, owner_id)
    refusal = _refusal(desired, observed, written, recorded, policies)
    if refusal is not None:
        return Refuse(refusal)
    owned = owned_on(observed, desired, recorded, owner_id)
    patch = _difference(desired, observed, owned, written, owner_id)
    if not patch.fields and patch.properties is None and patch.state is None:
        return Leave(observed)
    if recorded.settled and patch.changes and policies.drift is not DriftPolicy.CORRECT:
        return Leave(observed, patch.changes if policies.drift is DriftPolicy.REPORT else ())
    if not owned.covers(owned_by(desired)):
        return RecordOwnership(observed, owned.on(observed) | owned_by(desired))
    return patch


def after_recording(recorded: RecordedState, action: RecordOwnership) -> RecordedState:
    """Return the recorded state once the status holds what `RecordOwnership` asked for."""
    return replace(recorded, entry_id=action.entry.id, owned=action.owned, had_entry=True)


def owned_on(observed: RegistryEntry, desired: Desired, recorded: RecordedState, owner_id: str) -> FieldSet:
    """Return what the resource has set on the entry: what is recorded, or what an unrecorded create has set.

    The status knows nothing of a create whose answer was lost in a crash. Our stamp, and an entry that nobody has
    changed since, prove such a create: this resource has set everything on the entry, whatever its spec says today.
    """
    stamp = stamp_of(observed, owner_id)
    if recorded.entry_id is not None or stamp != Stamp(Origin.CREATED, desired.reference):
        return recorded.owned
    if observed.last_update_time_since_epoch != observed.create_time_since_epoch:
        return recorded.owned
    return FieldSet(desired.kind.fields_on(observed), frozenset(observed.custom_properties or {}) - {OWNER_PROPERTY})


def plan_retirement(
    retired_state: str | None,
    observed: RegistryEntry,
    reference: str,
    recorded_id: str | None,
    deletion: DeletionPolicy | None,
    owner_id: str,
) -> Archive | None:
    """Return how to retire the entry of a resource that is being deleted; None leaves the entry alone.

    Args:
        retired_state: the state that stands for deletion; None if the entry has none.
        observed: the entry.
        reference: the resource, as the owner stamp writes it.
        recorded_id: the entry's ID if the status records it, which proves an entry without a stamp.
        deletion: the deletion policy; None archives what the resource created and leaves what it adopted.
        owner_id: this installation.
    """
    written = any_stamp_of(observed, owner_id)
    if isinstance(written, ForeignStamp) or (isinstance(written, Stamp) and written.reference != reference):
        return None
    if written is None and recorded_id != observed.id:
        return None
    origin = written.origin if written is not None else Origin.ADOPTED
    default = DeletionPolicy.ARCHIVE if origin is Origin.CREATED else DeletionPolicy.ORPHAN
    if retired_state is None or (deletion or default) is DeletionPolicy.ORPHAN or state_of(observed) == retired_state:
        return None
    return Archive(observed, retired_state)


def _refusal(
    desired: Desired,
    observed: RegistryEntry,
    written: Stamp | ForeignStamp | None,
    recorded: RecordedState,
    policies: Policies,
) -> Problem | None:
    what = f"{desired.kind.name} {desired.name!r} (id {observed.id})"
    if isinstance(written, ForeignStamp) and not policies.take_over:
        return Problem(
            Disposition.TERMINAL,
            Reason.OWNED_BY_OTHER,
            f"{what} carries the owner stamp {written.text!r} of another installation. Delete it there, or set the "
            'annotation model-registrar.dev/take-over: "true" here.',
        )
    if written is None and recorded.entry_id != observed.id and policies.adoption is AdoptionPolicy.FAIL:
        return Problem(
            Disposition.TERMINAL,
            Reason.ADOPTION_REFUSED,
            f"The registry already has {what}, and adoptionPolicy is Fail. Choose another {desired.name_setting}, or "
            "set adoptionPolicy to Adopt to manage that entry.",
        )
    if opaque := opaque_names(desired.properties, observed.custom_properties or {}):
        return Problem(
            Disposition.TERMINAL,
            Reason.REFUSED_BY_REGISTRY,
            f"{what} has the custom properties {', '.join(opaque)} of a type that the operator cannot write, so it "
            "does not overwrite them. Remove these names from spec.customProperties, or delete the properties in the "
            "registry.",
        )
    return None


def _difference(
    desired: Desired,
    observed: RegistryEntry,
    owned: FieldSet,
    written: Stamp | ForeignStamp | None,
    owner_id: str,
) -> Patch:
    stamp = Stamp(written.origin if isinstance(written, Stamp) else Origin.ADOPTED, desired.reference)
    cleared: dict[str, FieldValue] = {
        name: [] if isinstance(getattr(observed, name), list) else ""
        for name in owned.fields - desired.fields.keys()
        # The registry cannot clear an external ID, and an artifact without a URI is an upload: they are only released.
        if name not in {"external_id", "state", "uri"} and hasattr(observed, name)
    }
    fields = {
        name: value
        for name, value in {**desired.fields, **cleared}.items()
        if (getattr(observed, name) or None) != (value or None)
    }
    properties, property_changes = _property_difference(desired, observed, owned, stamp.text(owner_id))
    state = _wanted_state(desired, observed)
    changes = [_field_change(observed, name, value) for name, value in sorted(fields.items())]
    if state is not None and state != state_of(observed):
        changes.append(Change("state", state_of(observed), state))
    else:
        state = None
    return Patch(
        entry=observed,
        fields=fields,
        properties=properties,
        state=state,
        stamp=stamp,
        changes=(*changes, *property_changes),
        adopts=not isinstance(written, Stamp),
        restores=state is not None and state_of(observed) == desired.kind.retired_state,
    )


def _wanted_state(desired: Desired, observed: RegistryEntry) -> str | None:
    rule = desired.kind.state_rule
    state = None if rule is None else rule(desired.managed_state, state_of(observed))
    is_unfinished = desired.awaits_upload and not getattr(observed, "uri", None)
    return desired.state if state is not None and is_unfinished else state


def _field_change(observed: RegistryEntry, name: str, value: FieldValue) -> Change:
    return Change(field_name(type(observed), name), getattr(observed, name), value or None)


def _property_difference(
    desired: Desired, observed: RegistryEntry, owned: FieldSet, stamp: str
) -> tuple[dict[str, Observed] | None, list[Change]]:
    """Return the whole new map, or None to leave it alone; and the changes in it, the owner stamp left out."""
    before = dict(observed.custom_properties or {})
    wanted = {**resolve_properties(desired.properties, before), OWNER_PROPERTY: stamp}
    removed = owned.properties - wanted.keys()
    after: dict[str, Observed] = {**{name: value for name, value in before.items() if name not in removed}, **wanted}
    differing = [name for name in sorted(before.keys() | after.keys()) if not _same(before.get(name), after.get(name))]
    changes = [
        Change(f"customProperties.{name}", before.get(name), after.get(name))
        for name in differing
        if name != OWNER_PROPERTY
    ]
    return (after if differing else None), changes


def _same(left: Observed | None, right: Observed | None) -> bool:
    """Return equality in value and type: Python's True equals 1 and 1.0, the registry keeps three properties."""
    return type(left) is type(right) and left == right
