"""The decision about one entry: from desired, observed and recorded state to an action."""

from __future__ import annotations

from dataclasses import replace

from model_registry.types import RegistryEntry
from registrar.api.meta import OWNER_PROPERTY
from registrar.api.properties import Observed, resolve_properties
from registrar.api.v1alpha1 import DeletionPolicy, DriftPolicy
from registrar.api.v1alpha1.digests import DIGEST_PROPERTY, is_digest
from registrar.kinds.base import Desired, EntryKind, FieldValue
from registrar.planning.actions import (
    Action,
    Change,
    Create,
    FieldSet,
    Leave,
    Patch,
    Policies,
    RecordedState,
    RecordOwnership,
    Refuse,
    Release,
    owned_by,
)
from registrar.planning.fields import field_name, state_of
from registrar.planning.ownership import ForeignStamp, Origin, Stamp, any_stamp_of, stamp_of
from registrar.planning.refusals import refusal


def plan(
    desired: Desired, observed: RegistryEntry | None, recorded: RecordedState, policies: Policies, owner_id: str
) -> Action:
    """Return the action that brings one entry closer to its desired state.

    Args:
        desired: the desired state.
        observed: the entry at that place; None if none exists.
        recorded: what the status records of it; a record of another entry than the observed one counts for nothing.
        policies: how far to go.
        owner_id: this installation.
    """
    recorded = recorded.for_observed(observed)
    if observed is None:
        stamp = Stamp(_stamped_origin(Origin.CREATED, policies.deletion), desired.reference)
        # A new model has no version that an alias could name.
        declared = {name: value for name, value in desired.properties.items() if name not in desired.aliases.names}
        properties = {**resolve_properties(declared, {}), OWNER_PROPERTY: stamp.text(owner_id)}
        return Create(desired.fields, properties, None if desired.kind.state_rule is None else desired.state or "LIVE")
    written = any_stamp_of(observed, owner_id)
    problem = refusal(desired, observed, written, recorded, policies)
    if problem is not None:
        return Refuse(problem)
    origin = origin_of(written, recorded)
    owned = owned_on(observed, desired, recorded, owner_id)
    stamp = Stamp(_stamped_origin(origin, policies.deletion), desired.reference)
    adopts = _adopts(written, recorded)
    resumes = adopts or (isinstance(written, Stamp) and written.origin is Origin.RELEASED)
    patch = _difference(desired, observed, owned, stamp, owner_id, resumes=resumes)
    patch = replace(patch, origin=origin, adopts=adopts)
    if not patch.fields and patch.properties is None and patch.state is None:
        return Leave(observed, origin)
    if recorded.settled and policies.drift is not DriftPolicy.CORRECT and (patch.changes or written is None):
        left = _left_alone(patch, desired, written, policies, owner_id)
        if not isinstance(left, Patch) or owned.properties >= desired.aliases.pending - desired.aliases.waiting:
            return left
        patch = left
    if not owned.covers(owned_by(desired)):
        return RecordOwnership(observed, origin, owned.on(observed) | owned_by(desired))
    return patch


def origin_of(written: Stamp | ForeignStamp | None, recorded: RecordedState) -> Origin:
    """Return how an entry came under management: the status knows it better than a property that anyone can replace.

    Args:
        written: the entry's stamp.
        recorded: what the status records of this very entry.
    """
    if recorded.origin is not None:
        return recorded.origin
    is_ours = isinstance(written, Stamp) and written.origin in {Origin.CREATED, Origin.RELEASED}
    return Origin.CREATED if is_ours else Origin.ADOPTED


def _stamped_origin(origin: Origin, deletion: DeletionPolicy | None) -> Origin:
    return Origin.KEPT if deletion is DeletionPolicy.ORPHAN else origin


def _adopts(written: Stamp | ForeignStamp | None, recorded: RecordedState) -> bool:
    is_lost_stamp = written is None and recorded.entry_id is not None and not recorded.adopting
    return not isinstance(written, Stamp) and not is_lost_stamp


def _left_alone(
    patch: Patch, desired: Desired, written: Stamp | ForeignStamp | None, policies: Policies, owner_id: str
) -> Leave | Patch:
    """Return what the drift policies that correct nothing do: report or not, and guard the entry where they report.

    An entry without our stamp is open to every other installation, so Report restores the stamp. Apart from it, only
    aliases are written whose version did not exist before: they are no drift.
    """
    reports = policies.drift is DriftPolicy.REPORT
    pending = {desired.kind.property_path(name): name for name in desired.aliases.pending}
    news = tuple(change for change in patch.changes if change.path in pending)
    drift = tuple(change for change in patch.changes if change.path not in pending) if reports else ()
    guard = {OWNER_PROPERTY: patch.stamp.text(owner_id)} if reports and written is None else {}
    if not news and not guard:
        return Leave(patch.entry, patch.origin, drift)
    moved = resolve_properties({pending[change.path]: desired.properties[pending[change.path]] for change in news}, {})
    properties = {**(patch.entry.custom_properties or {}), **moved, **guard}
    return replace(patch, fields={}, properties=properties, state=None, changes=news, restores=False, drift=drift)


def after_recording(recorded: RecordedState, action: RecordOwnership) -> RecordedState:
    """Return the recorded state once the status holds what `RecordOwnership` asked for."""
    return RecordedState(
        entry_id=action.entry.id,
        created=action.entry.create_time_since_epoch,
        origin=action.origin,
        owned=action.owned,
        settled=recorded.settled and recorded.proves(action.entry),
        had_entry=True,
        adopting=not recorded.proves(action.entry),
    )


def owned_on(observed: RegistryEntry, desired: Desired, recorded: RecordedState, owner_id: str) -> FieldSet:
    """Return what the resource has set on the entry: what is recorded, or what an unrecorded create has set.

    The status knows nothing of a create whose answer was lost in a crash. Our stamp, and an entry that nobody has
    changed since, prove such a create: this resource has set everything on the entry, whatever its spec says today.
    """
    stamp = stamp_of(observed, owner_id)
    created = {Stamp(origin, desired.reference) for origin in (Origin.CREATED, Origin.KEPT)}
    if recorded.entry_id is not None or stamp not in created:
        return recorded.owned
    if observed.last_update_time_since_epoch != observed.create_time_since_epoch:
        return recorded.owned
    properties = observed.custom_properties or {}
    digest = properties.get(DIGEST_PROPERTY) if desired.kind.has_digest else None
    names = frozenset(properties) - {OWNER_PROPERTY}
    return FieldSet(desired.kind.fields_on(observed), names, str(digest) if is_digest(digest) else None)


def plan_release(
    kind: EntryKind,
    observed: RegistryEntry,
    reference: str,
    recorded: RecordedState,
    deletion: DeletionPolicy | None,
    owner_id: str,
) -> Release | None:
    """Return how to release the entry of a resource that is being deleted; None leaves the entry alone.

    An entry that the operator created is archived, an adopted one only loses its stamp, so that any other resource or
    installation may have it; a deletion policy decides otherwise.

    Args:
        kind: its kind.
        observed: the entry.
        reference: the resource, as the owner stamp writes it.
        recorded: what the status records of it, which proves an entry without a stamp.
        deletion: the deletion policy; None archives what the resource created and leaves what it adopted.
        owner_id: this installation.
    """
    written = any_stamp_of(observed, owner_id)
    if isinstance(written, ForeignStamp) or (isinstance(written, Stamp) and written.reference != reference):
        return None
    if written is None and not recorded.proves(observed):
        return None
    properties = {name: value for name, value in (observed.custom_properties or {}).items() if name != OWNER_PROPERTY}
    origin = origin_of(written, recorded.for_observed(observed))
    default = DeletionPolicy.ARCHIVE if origin is Origin.CREATED else DeletionPolicy.ORPHAN
    if (deletion or default) is DeletionPolicy.ORPHAN or kind.retired_state is None:
        return None if written is None else Release(observed, None, properties)
    released = Stamp(Origin.RELEASED, reference)
    if state_of(observed) == kind.retired_state and written == released:
        return None
    return Release(observed, kind.retired_state, {**properties, OWNER_PROPERTY: released.text(owner_id)})


def _difference(
    desired: Desired,
    observed: RegistryEntry,
    owned: FieldSet,
    stamp: Stamp,
    owner_id: str,
    *,
    resumes: bool,
) -> Patch:
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
    state = _wanted_state(desired, observed, resumes=resumes)
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
        origin=stamp.origin,
        adopts=False,
        restores=state is not None and state_of(observed) == desired.kind.retired_state,
    )


def _wanted_state(desired: Desired, observed: RegistryEntry, *, resumes: bool) -> str | None:
    """Return the state that an existing entry must have; None leaves it alone.

    Args:
        desired: the desired state.
        observed: the entry.
        resumes: the entry had no resource until now, so a deletion of it counts no longer.
    """
    if desired.awaits_upload and not resumes:
        # The upload job decides, also that it gave up.
        return None
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
    # A digest that was declared once stays, so that no other one takes its place.
    lasting = frozenset({DIGEST_PROPERTY}) if desired.kind.has_digest else frozenset()
    removed = owned.properties - wanted.keys() - desired.aliases.waiting - lasting
    after: dict[str, Observed] = {**{name: value for name, value in before.items() if name not in removed}, **wanted}
    differing = [name for name in sorted(before.keys() | after.keys()) if not _same(before.get(name), after.get(name))]
    changes = [
        Change(desired.kind.property_path(name), before.get(name), after.get(name))
        for name in differing
        if name != OWNER_PROPERTY
    ]
    return (after if differing else None), changes


def _same(left: Observed | None, right: Observed | None) -> bool:
    """Return equality in value and type: Python's True equals 1 and 1.0, the registry keeps three properties."""
    return type(left) is type(right) and left == right
