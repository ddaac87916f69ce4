"""The status of a ClusterRegistry: what its conditions say, and what of that has to be written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registrar.api.bodies import ResourceKey
from registrar.api.conditions import Condition, ConditionStatus
from registrar.api.meta import ObjectMeta
from registrar.api.v1alpha1.cluster_registry import (
    MAX_URL_LENGTH,
    ClusterRegistryStatus,
    RegistryConditionType,
    RegistryReason,
)
from registrar.api.v1alpha1.registry_marks import ABANDON_ANNOTATION, IN_USE_FINALIZER, AcceptedReplacement
from registrar.reporting.conditions import ConditionWriter
from registrar.reporting.outcome import EventNote
from registrar.reporting.status import merge_patch

MAX_USERS = 10
"""Resources that ``InUse`` names."""
ADVICE: Mapping[RegistryReason, str] = {
    RegistryReason.CONNECTED: "No action is needed.",
    RegistryReason.NOT_TRIED: "No action is needed.",
    RegistryReason.UNREACHABLE: (
        "Check spec.url or spec.serviceRef, and that the registry runs and the operator reaches it."
    ),
    RegistryReason.UNAUTHORIZED: "Check the token, its audience and its permissions.",
    RegistryReason.NOT_A_REGISTRY: "Check spec.url or spec.serviceRef.",
    RegistryReason.CERTIFICATE_NOT_TRUSTED: "Set spec.ca to the authorities that issued the certificate.",
    RegistryReason.CREDENTIALS_MISSING: "Create the object that the message names, or correct its name and key.",
    RegistryReason.CREDENTIALS_FORBIDDEN: "Grant the operator the right that the message names: it has the commands.",
    RegistryReason.CREDENTIALS_REFUSED: (
        "Use a token that the API server does not accept, and never one of the operator's own account."
    ),
    RegistryReason.REGISTRY_REPLACED: (
        "Restore the entries, or correct spec.url or spec.serviceRef. To have the entries created again, run the "
        "command that the message ends with."
    ),
    RegistryReason.INVALID_SPEC: "Change the field that the message names.",
    RegistryReason.IN_USE: (
        "Delete the resources that the message names, or give the ClusterRegistry the annotation "
        'model-registrar.dev/abandon: "true".'
    ),
}
"""What an administrator does about each reason; docs/conditions.md has the same sentences."""


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the operator reaches a registry, and why not.

    Attributes:
        reason: the reason of ``Ready``.
        message: the same in a sentence.
    """

    reason: RegistryReason
    message: str

    @property
    def status(self) -> ConditionStatus:
        """The status of ``Ready``."""
        match self.reason:
            case RegistryReason.CONNECTED:
                return ConditionStatus.TRUE
            case RegistryReason.NOT_TRIED:
                return ConditionStatus.UNKNOWN
        return ConditionStatus.FALSE


def next_status(
    metadata: ObjectMeta,
    current: ClusterRegistryStatus,
    url: str,
    health: Health,
    users: Sequence[ResourceKey] | None,
    accepted: AcceptedReplacement | None,
    now: datetime,
) -> ClusterRegistryStatus:
    """Return the whole status of a ClusterRegistry.

    Args:
        metadata: its metadata.
        current: its status today.
        url: the root URL of the registry; empty if it is not known.
        health: whether the operator reaches the registry.
        users: the resources that use it; None while they are not all known, and what the status says of them stays.
        accepted: what was accepted of the registry.
        now: the time, in UTC.
    """
    writer = ConditionWriter(current.conditions or (), metadata.generation, now)
    return ClusterRegistryStatus(
        observed_generation=metadata.generation,
        url=url[:MAX_URL_LENGTH] or None,
        resources=current.resources if users is None else len(users),
        accepted_replacement=accepted,
        conditions=(*_conditions(health, writer), *_in_use(metadata, current, users, writer)),
    )


def _conditions(health: Health, writer: ConditionWriter) -> Iterable[Condition]:
    yield writer.write(RegistryConditionType.READY, health.status, health.reason, health.message)
    if health.reason is RegistryReason.INVALID_SPEC:
        yield writer.write(RegistryConditionType.STALLED, ConditionStatus.TRUE, health.reason, health.message)
    elif health.status is not ConditionStatus.TRUE:
        yield writer.write(RegistryConditionType.RECONCILING, ConditionStatus.TRUE, health.reason, health.message)


def _in_use(
    metadata: ObjectMeta,
    current: ClusterRegistryStatus,
    users: Sequence[ResourceKey] | None,
    writer: ConditionWriter,
) -> Iterable[Condition]:
    if users is None:
        yield from (each for each in current.conditions or () if each.type == RegistryConditionType.IN_USE)
    elif metadata.terminating and users:
        reason = RegistryReason.IN_USE
        yield writer.write(RegistryConditionType.IN_USE, ConditionStatus.TRUE, reason, _named(users))


def _named(users: Sequence[ResourceKey]) -> str:
    hidden = len(users) - MAX_USERS
    named = ", ".join(map(str, sorted(users)[:MAX_USERS])) + (f" and {hidden} more" if hidden > 0 else "")
    number = "a resource that uses" if len(users) == 1 else f"{len(users)} resources that use"
    return (
        f"The deletion waits for {number} this registry: {named}. Delete them first, which archives entries that the "
        f'operator has created. With the annotation {ABANDON_ANNOTATION}: "true" on the ClusterRegistry, it does not '
        "wait, and all entries are left as they are."
    )


def patch_of(raw: Mapping[str, Any], wanted: ClusterRegistryStatus) -> dict[str, Any]:
    """Return the JSON merge patch that makes a status of another one, as the API server stores it; empty for none."""
    return merge_patch(raw, wanted.model_dump(mode="json", by_alias=True, exclude_none=True))


def events_for(current: ClusterRegistryStatus, wanted: ClusterRegistryStatus) -> list[EventNote]:
    """Return the Events to post: where the status or reason of ``Ready`` has changed, or a deletion begins to wait.

    That a new ClusterRegistry has not been tried yet has none.
    """
    notes: list[EventNote] = []
    ready, known = _ready(wanted), _ready(current)
    is_tried = ready is not None and ready.reason != RegistryReason.NOT_TRIED
    if ready is not None and is_tried and _state(known) != _state(ready):
        notes.append(EventNote(ready.reason, ready.message, is_warning=ready.status is not ConditionStatus.TRUE))
    in_use = _condition(wanted, RegistryConditionType.IN_USE)
    if in_use is not None and _condition(current, RegistryConditionType.IN_USE) is None:
        notes.append(EventNote(in_use.reason, in_use.message, is_warning=True))
    return notes


def _state(condition: Condition | None) -> tuple[ConditionStatus, str] | None:
    return None if condition is None else (condition.status, condition.reason)


def is_judged(metadata: ObjectMeta, status: ClusterRegistryStatus) -> bool:
    """Return whether a status says what came of trying the registry as it is declared now."""
    ready = _ready(status)
    return (
        status.observed_generation == metadata.generation
        and ready is not None
        and (ready.reason != RegistryReason.NOT_TRIED)
    )


def replaced_since(metadata: ObjectMeta, status: ClusterRegistryStatus) -> datetime | None:
    """Return since when a status says that the registry, as it is declared now, was replaced; None if it does not."""
    ready = _ready(status)
    is_replaced = ready is not None and ready.reason == RegistryReason.REGISTRY_REPLACED
    is_current = status.observed_generation == metadata.generation
    return ready.last_transition_time if ready is not None and is_replaced and is_current else None


def is_connected(status: ClusterRegistryStatus) -> bool:
    """Return whether a status says that the operator reaches the registry."""
    ready = _ready(status)
    return ready is not None and ready.status is ConditionStatus.TRUE


def _ready(status: ClusterRegistryStatus) -> Condition | None:
    return _condition(status, RegistryConditionType.READY)


def _condition(status: ClusterRegistryStatus, wanted: RegistryConditionType) -> Condition | None:
    return next((each for each in status.conditions or () if each.type == wanted), None)


def is_only_counted(patch: Mapping[str, Any]) -> bool:
    """Return whether a patch changes nothing but the number of resources."""
    return patch.keys() == {"resources"}


def is_abandoned(metadata: ObjectMeta) -> bool:
    """Return whether a ClusterRegistry is being deleted, whatever uses it: its entries are left as they are."""
    return metadata.terminating and metadata.annotations.get(ABANDON_ANNOTATION) == "true"


def next_finalizers(metadata: ObjectMeta, *, has_users: bool, is_synced: bool) -> list[str] | None:
    """Return the finalizers that a ClusterRegistry has to have; None if it has them.

    Args:
        metadata: its metadata.
        has_users: whether resources use it.
        is_synced: whether all resources are known.
    """
    others = [finalizer for finalizer in metadata.finalizers if finalizer != IN_USE_FINALIZER]
    is_held = len(others) < len(metadata.finalizers)
    if is_held and (is_abandoned(metadata) or (not has_users and is_synced)):
        return others
    # The API server accepts no new finalizer during a deletion.
    return [*others, IN_USE_FINALIZER] if has_users and not is_held and not metadata.terminating else None
