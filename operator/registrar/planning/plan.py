"""What to do about one entry. Pure: (desired, observed, what we remember, policies) -> a plan."""

from __future__ import annotations

from model_registry.types import RegistryEntry
from registrar.api.conditions import Reason
from registrar.api.meta import OWNER_PROPERTY
from registrar.api.properties import Scalar, resolve_properties
from registrar.api.v1alpha1 import AdoptionPolicy, DeletionPolicy, DriftPolicy
from registrar.kinds.base import Desired, FieldValue
from registrar.planning.actions import Archive, Change, Create, Leave, Memory, Owned, Patch, Plan, Policies, Refuse
from registrar.planning.fields import camel_case
from registrar.planning.ownership import ForeignStamp, Origin, Stamp, read_stamp, stamp_of
from registrar.planning.problems import Problem, Severity


def plan(desired: Desired, observed: RegistryEntry | None, memory: Memory, policies: Policies, owner_id: str) -> Plan:
    """Decide about one entry.

    Args:
        desired: what it shall be.
        observed: the entry at that place; None if there is none.
        memory: what the status remembers.
        policies: how far to go.
        owner_id: this installation.
    """
    if observed is None:
        stamp = Stamp(Origin.CREATED, desired.reference)
        properties = {**resolve_properties(desired.properties, {}), OWNER_PROPERTY: stamp.text(owner_id)}
        return Create(desired.fields, properties, desired.state or "LIVE", stamp)
    written = read_stamp((observed.custom_properties or {}).get(OWNER_PROPERTY), owner_id)
    refusal = _refusal(desired, observed, written, memory, policies)
    if refusal is not None:
        return Refuse(refusal)
    origin = written.origin if isinstance(written, Stamp) else Origin.ADOPTED
    patch = _difference(desired, observed, memory.owned, Stamp(origin, desired.reference), owner_id)
    if not patch.fields and patch.properties is None and patch.state is None:
        return Leave(observed, origin)
    if memory.settled and patch.changes and policies.drift is not DriftPolicy.CORRECT:
        return Leave(observed, origin, patch.changes if policies.drift is DriftPolicy.REPORT else ())
    return patch


def plan_retirement(
    desired_state: str, observed: RegistryEntry, reference: str, memory: Memory, policies: Policies, owner_id: str
) -> Archive | None:
    """Decide about an entry whose resource is going; None leaves it as it is.

    Args:
        desired_state: the state that stands for deletion.
        observed: the entry.
        reference: who wanted it, as the owner stamp writes it.
        memory: what the status remembers.
        policies: how far to go.
        owner_id: this installation.
    """
    written = read_stamp((observed.custom_properties or {}).get(OWNER_PROPERTY), owner_id)
    if isinstance(written, ForeignStamp) or (isinstance(written, Stamp) and written.reference != reference):
        return None
    if written is None and memory.entry_id != observed.id:
        return None
    origin = written.origin if written is not None else Origin.ADOPTED
    default = DeletionPolicy.ARCHIVE if origin is Origin.CREATED else DeletionPolicy.ORPHAN
    if (policies.deletion or default) is DeletionPolicy.ORPHAN or _state(observed) == desired_state:
        return None
    return Archive(observed, desired_state)


def _refusal(
    desired: Desired,
    observed: RegistryEntry,
    written: Stamp | ForeignStamp | None,
    memory: Memory,
    policies: Policies,
) -> Problem | None:
    what = f"{desired.kind.NAME} {desired.name!r} (id {observed.id})"
    if isinstance(written, ForeignStamp) and not policies.take_over:
        return Problem(
            Severity.TERMINAL,
            Reason.OWNED_BY_OTHER,
            f"{what} carries the owner stamp {written.text!r} of another installation. Delete it there, or set the "
            'annotation model-registrar.dev/take-over: "true" here.',
        )
    if written is None and memory.entry_id != observed.id and policies.adoption is AdoptionPolicy.FAIL:
        return Problem(
            Severity.TERMINAL,
            Reason.ADOPTION_REFUSED,
            f"The registry already has {what}, and adoptionPolicy is Fail. Choose another spec.name, or set "
            "adoptionPolicy to Adopt to manage that entry.",
        )
    return None


def _difference(desired: Desired, observed: RegistryEntry, owned: Owned, stamp: Stamp, owner_id: str) -> Patch:
    cleared: dict[str, FieldValue] = {
        name: [] if isinstance(getattr(observed, name), list) else ""
        for name in owned.fields - desired.fields.keys()
        # The registry cannot clear an external ID: it is only let go.
        if name not in {"external_id", "state"} and hasattr(observed, name)
    }
    fields = {
        name: value
        for name, value in {**desired.fields, **cleared}.items()
        if (getattr(observed, name) or None) != (value or None)
    }
    properties, property_changes = _property_difference(desired, observed, owned, stamp.text(owner_id))
    state = desired.kind.state_to_keep(desired.state, _state(observed))
    changes = [_field_change(observed, name, value) for name, value in sorted(fields.items())]
    if state is not None and state != _state(observed):
        changes.append(Change("state", _state(observed), state))
    else:
        state = None
    return Patch(
        entry=observed,
        fields=fields,
        properties=properties,
        state=state,
        stamp=stamp,
        changes=(*changes, *property_changes),
        restores=state is not None and _state(observed) == desired.kind.RETIRED,
    )


def _field_change(observed: RegistryEntry, name: str, value: FieldValue) -> Change:
    return Change(camel_case(type(observed), name), getattr(observed, name), value or None)


def _property_difference(
    desired: Desired, observed: RegistryEntry, owned: Owned, stamp: str
) -> tuple[dict[str, Scalar] | None, list[Change]]:
    """The whole new map, or None if it is as it shall be; and the changes in it, the owner stamp left out."""
    before = dict(observed.custom_properties or {})
    wanted = {**resolve_properties(desired.properties, before), OWNER_PROPERTY: stamp}
    removed = owned.properties - wanted.keys()
    after = {**{name: value for name, value in before.items() if name not in removed}, **wanted}
    differing = [name for name in sorted(before.keys() | after.keys()) if not _same(before.get(name), after.get(name))]
    changes = [
        Change(f"customProperties.{name}", before.get(name), after.get(name))
        for name in differing
        if name != OWNER_PROPERTY
    ]
    return (after if differing else None), changes


def _same(one: Scalar | None, other: Scalar | None) -> bool:
    """Equal in value and type: to Python True is 1 and 1 is 1.0, to the registry they are three properties."""
    return type(one) is type(other) and one == other


def _state(entry: RegistryEntry) -> str | None:
    state = getattr(entry, "state", None)
    return None if state is None else str(state)


def owned_on(entry: RegistryEntry | None, desired: Desired, memory: Memory, owner_id: str) -> Owned:
    """What the resource has set on the entry: what is remembered, or what a create has left that nobody remembers.

    A create whose answer never came (a crash) tells nothing to the status. What it made shows by our stamp and by not
    having been changed since: all that stands on it was set by this resource, whatever its spec says by now.
    """
    stamp = stamp_of(entry, owner_id)
    if entry is None or memory.entry_id is not None or stamp != Stamp(Origin.CREATED, desired.reference):
        return memory.owned
    if entry.last_update_time_since_epoch != entry.create_time_since_epoch:
        return memory.owned
    return Owned(desired.kind.fields_on(entry), frozenset(entry.custom_properties or {}) - {OWNER_PROPERTY})
