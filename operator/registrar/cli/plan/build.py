"""From what the dry run did to the changes of a plan: one for each write, and for each resource not in sync."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from model_registry.types import Artifact, RegistryEntry
from registrar.api.bodies import Body, ResourceKey
from registrar.api.conditions import Condition, ConditionStatus, ConditionType, Reason
from registrar.api.meta import OWNER_PROPERTY
from registrar.api.properties import TypedProperty
from registrar.cli.plan.anyway import Anyway
from registrar.cli.plan.change import (
    NOT_OF_THIS_CHANGE,
    Action,
    Cause,
    EntryName,
    FieldChange,
    PlannedChange,
    Value,
    is_same_value,
)
from registrar.cli.plan.fields import field_change
from registrar.cli.plan.population import Population
from registrar.cli.plan.provisional import without_provisional_ids
from registrar.kinds.base import AnyResource, Desired, EntryKind
from registrar.kinds.desired import desired_entry, desired_inline
from registrar.kinds.table import kind_of, kinds_above, resource_of
from registrar.planning.fields import field_name, state_of
from registrar.reconcile.resource import ManagedResource, read_resource
from registrar.registries.backend import RegistryBackend
from registrar.registries.provisional import is_provisional
from registrar.reporting.advice import REFUSALS
from registrar.reporting.outcome import OperationResult
from registrar.reporting.writes import EntryWrite

_ACTIONS = {
    OperationResult.CREATED: Action.CREATE,
    OperationResult.ADOPTED: Action.ADOPT,
    OperationResult.RESTORED: Action.RESTORE,
    OperationResult.UPDATED: Action.UPDATE,
    OperationResult.CORRECTED: Action.UPDATE,
    OperationResult.ARCHIVED: Action.ARCHIVE,
    OperationResult.RELEASED: Action.RELEASE,
}
_HIDDEN_ATTRIBUTES = {"name", "id", "custom_properties", "state", "artifact_type"}


@dataclass(slots=True)
class WriteLog:
    """Collects the writes of a dry run. See `registrar.reconcile.monitor.ReconcileMonitor`."""

    writes: list[EntryWrite] = field(default_factory=list)

    def ended(self, kind: str, result: str, seconds: float) -> None:
        """A plan does not report single reconciles."""

    def became_ready(self, kind: str, seconds: float) -> None:
        """Nor how long they took."""

    def found_drift(self, kind: str, *, corrected: bool) -> None:
        """The statuses and the writes have it."""

    def wrote(self, write: EntryWrite) -> None:
        """Keep a write."""
        self.writes.append(write)


@dataclass(frozen=True, slots=True)
class Builder:
    """Puts a plan into words.

    Attributes:
        population: the resources that the dry run began with.
        backend: the registry as the dry run left it.
        body: returns a resource as the dry run left it.
        anyway: what happens without the change; None while that is not known.
    """

    population: Population
    backend: RegistryBackend
    body: Callable[[ResourceKey], Body | None]
    anyway: Anyway | None = None

    async def of_write(self, write: EntryWrite) -> PlannedChange | None:
        """Return the change that a write makes; None for one of an entry that no resource represents."""
        key = resource_of(type(write.entry), write.reference)
        if key is None:
            return None
        action = _ACTIONS.get(write.operation)
        if action is None:
            is_ours = write.taken_from is not None and ":" not in write.taken_from
            action = Action.HAND_OVER if is_ours else Action.TAKE_OVER
        fields = tuple(self._fields(write, key))
        return PlannedChange(
            origin=self.population.manifests.origin(key),
            entry=await self._name(write.kind, write.entry, write.parent_id),
            action=action,
            cause=self._cause(action, write, key, fields),
            fields=fields,
            is_inline="#" in write.reference,
            message=None if write.taken_from is None else f"from {write.taken_from}",
        )

    def of_resource(self, key: ResourceKey) -> PlannedChange | None:
        """Return what keeps a resource from being in sync; None if nothing does, or if the base alone has it."""
        change = self._of_resource(key)
        return change if change is None or self.anyway is None else self.anyway.corrected(key, change)

    def _of_resource(self, key: ResourceKey) -> PlannedChange | None:
        body = self.body(key)
        if body is None:
            return None
        resource = read_resource(body)
        ready, drifted = (
            resource.status.condition(ConditionType.READY),
            resource.status.condition(ConditionType.DRIFTED),
        )
        change = PlannedChange(
            origin=self.population.manifests.origin(key),
            entry=_name_of(resource),
            action=Action.WAIT,
            cause=Cause.BASE if self.population.is_unchanged(key) else Cause.CHANGE,
        )
        if (refusal := self.population.refused_edit(key)) is not None:
            return _because(change, Action.REFUSE, Reason.INVALID_SPEC, refusal)
        if ready is not None and ready.status is not ConditionStatus.TRUE:
            stalled = resource.status.condition(ConditionType.STALLED)
            return _because(change, _blocked(stalled, ready), ready.reason, ready.message)
        if drifted is not None:
            return replace(_because(change, Action.LEAVE, drifted.reason, drifted.message), cause=Cause.DRIFT)
        aliases = resource.status.condition(ConditionType.ALIASES_RESOLVED)
        if aliases is not None and aliases.status is ConditionStatus.FALSE:
            return _because(change, Action.WAIT, aliases.reason, aliases.message)
        # Only a wait that is too short to be reported leaves no condition.
        return replace(change, message="it waits for another resource") if ready is None else None

    async def _name(self, kind: EntryKind, entry: RegistryEntry, parent_id: str) -> EntryName:
        names, above = [str(entry.name)], parent_id
        for parent_kind in reversed(kinds_above(kind)):
            if not above:
                above = self._parent_id(kind, entry)
            parent = await self.backend.get(parent_kind, above) if above else None
            if parent is None:
                break
            names.insert(0, str(parent.name))
            above = parent_kind.parent_id_of(parent)
        entry_id = str(entry.id)
        return EntryName(kind.name, tuple(names), None if is_provisional(entry_id) else entry_id)

    def _parent_id(self, kind: EntryKind, entry: RegistryEntry) -> str:
        """Return the ID of the entry above one; empty where it is not known."""
        if kind.parent_attribute is not None:
            return kind.parent_id_of(entry)
        return self.population.holders.get(str(entry.id), "") if issubclass(kind.family, Artifact) else ""

    def _cause(self, action: Action, write: EntryWrite, key: ResourceKey, fields: tuple[FieldChange, ...]) -> Cause:
        cause = self._declared_cause(action, write, key, fields)
        is_anyway = self.anyway is None or self.anyway.makes(write)
        return cause if is_anyway or cause not in NOT_OF_THIS_CHANGE else Cause.CHANGE

    def _declared_cause(
        self, action: Action, write: EntryWrite, key: ResourceKey, fields: tuple[FieldChange, ...]
    ) -> Cause:
        """Return why the operator makes a write, as far as base and manifest of its resource say so."""
        if write.operation is OperationResult.CORRECTED:
            return Cause.DRIFT
        if key in self.population.manifests.refused:
            return Cause.BASE
        if self.population.before(key) is not None and key in self.population.manifests.found:
            if action is Action.UPDATE and fields and all(change.is_drift for change in fields):
                return Cause.DRIFT
            if self.population.is_unchanged(key) and action is not Action.HAND_OVER:
                return Cause.BASE
        return Cause.ADOPTION if action is Action.ADOPT else Cause.CHANGE

    def _fields(self, write: EntryWrite, key: ResourceKey) -> Iterator[FieldChange]:
        if write.operation is OperationResult.CREATED:
            yield from _set_fields(write.entry, write.kind)
            return
        drift = self._same_as_base(write, key)
        for change in write.changes:
            yield field_change(change.path, change.observed, change.wanted, is_drift=change.path in drift)

    def _same_as_base(self, write: EntryWrite, key: ResourceKey) -> frozenset[str]:
        """Return the paths of a write that base and manifest declare alike, and that are written without the change."""
        applied = self.population.before(key)
        if applied is None or key not in self.population.manifests.found:
            return frozenset()
        before, now = (_declared(spec, key, write) for spec in (applied, self.population.manifests.spec(key)))
        if before is None or now is None:
            return frozenset()
        return frozenset(
            change.path
            for change in write.changes
            if _is_same(before.get(change.path), now.get(change.path))
            and (self.anyway is None or self.anyway.sets(write, change))
        )


def _name_of(resource: ManagedResource) -> EntryName:
    """Return the entry of a resource, by the name that its manifest gives."""
    entry_id = resource.status.id
    known = None if entry_id is None or is_provisional(entry_id) else entry_id
    return EntryName(resource.kind.entry.name, (resource.entry_name,), known)


def _because(change: PlannedChange, action: Action, reason: str, message: str) -> PlannedChange:
    return replace(change, action=action, reason=str(reason), message=without_provisional_ids(message))


def _blocked(stalled: Condition | None, ready: Condition) -> Action:
    if ready.reason == Reason.PAUSED:
        return Action.PAUSE
    return Action.REFUSE if stalled is not None or ready.reason in REFUSALS else Action.WAIT


def _declared(spec: Mapping[str, Any], key: ResourceKey, write: EntryWrite) -> dict[str, object] | None:
    """Return what a spec declares of the written entry, by path; None if it does not declare the entry."""
    metadata = {"name": key.name, "namespace": key.namespace}
    try:
        resource: AnyResource = kind_of(key.kind).resource.model_validate(
            {"kind": key.kind, "metadata": metadata, "spec": dict(spec), "status": {}}
        )
    except ValueError:
        return None
    entries = [desired_entry(resource, "", ""), *desired_inline(resource, "", "")]
    found = next((each for each in entries if each.reference == write.reference and each.kind is write.kind), None)
    return None if found is None else _by_path(found)


def _is_same(one: object, other: object) -> bool:
    if isinstance(one, TypedProperty) and isinstance(other, TypedProperty):
        return is_same_value(one.value, other.value)
    return is_same_value(one, other)


def _by_path(desired: Desired) -> dict[str, object]:
    fields: dict[str, object] = {field_name(desired.kind.entry, name): value for name, value in desired.fields.items()}
    properties = {desired.kind.property_path(name): value for name, value in desired.properties.items()}
    return {**fields, **properties, "state": desired.state}


def _set_fields(entry: RegistryEntry, kind: EntryKind) -> Iterator[FieldChange]:
    """Yield what a creation sets, the owner stamp left out."""
    kept = entry.model_dump(exclude_none=True, exclude=_HIDDEN_ATTRIBUTES)
    values: dict[str, Value] = {
        field_name(type(entry), name): value
        for name, value in sorted(kept.items())
        if not name.endswith(("_since_epoch", "model_id"))
    }
    state = state_of(entry)
    if state is not None:
        values["state"] = state
    properties = {name: value for name, value in (entry.custom_properties or {}).items() if name != OWNER_PROPERTY}
    values |= {kind.property_path(name): properties[name] for name in sorted(properties)}
    for path, value in values.items():
        yield field_change(path, None, value)
