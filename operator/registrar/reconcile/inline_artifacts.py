"""The inline artifacts of a version: each an entry of its own, in the status by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from model_registry.types import RegistryEntry
from registrar.api.v1alpha1.model_version import ArtifactType, InlineArtifactStatus
from registrar.kinds.base import Desired
from registrar.kinds.table import ENTRY_KINDS
from registrar.planning.actions import FieldSet, RecordedState
from registrar.planning.fields import origin_from_status, origin_to_status, owned_from_status, owned_to_status
from registrar.planning.ownership import Origin
from registrar.reporting.outcome import EntryResult, OperationResult, Outcome

Statuses = tuple[InlineArtifactStatus, ...]
"""One for each artifact; the schema keeps names unique over both lists."""


def departed(statuses: Statuses, desired: Iterable[Desired]) -> list[InlineArtifactStatus]:
    """Return the artifacts that left the spec, or whose name it gives to an artifact of another type now."""
    wanted = {(item.kind.name, item.name) for item in desired}
    return [status for status in statuses if (str(status.type), status.name) not in wanted]


def givers_first(desired: Sequence[Desired], held: Mapping[str, str | None]) -> list[Desired]:
    """Return the artifacts in the order of writing, but each behind the one whose external ID it takes.

    That one exists, so no creation overtakes another.

    Args:
        desired: the artifacts in the order of writing.
        held: the external IDs of the existing entries, by the artifact's name.
    """
    holders = {external_id: name for name, external_id in held.items() if external_id}
    named = {entry.name: entry for entry in desired}
    ordered: dict[str, Desired] = {}
    for entry in desired:
        chain = [entry.name]
        while (giver := holders.get(str(named[chain[-1]].fields.get("external_id")))) in named and giver not in chain:
            chain.append(str(giver))
        ordered |= {name: named[name] for name in reversed(chain) if name not in ordered}
    return list(ordered.values())


def recorded_artifact(statuses: Statuses, name: str, *, settled: bool) -> RecordedState:
    """Return what the status records of an artifact."""
    known = next((status for status in statuses if status.name == name), None)
    if known is None:
        return RecordedState()
    entry_type = ENTRY_KINDS[known.type].entry
    owned = owned_from_status(entry_type, known.owned_fields, known.owned_properties, known.digest)
    return RecordedState(
        entry_id=known.id,
        created=known.create_time_since_epoch,
        origin=origin_from_status(known.origin),
        owned=owned,
        settled=settled,
    )


def with_artifact(
    statuses: Statuses, desired: Desired, entry: RegistryEntry, origin: Origin, owned: FieldSet
) -> Statuses:
    """Return the statuses with that of one artifact replaced or added."""
    fields, properties = owned_to_status(desired.kind.entry, owned)
    status = InlineArtifactStatus(
        name=desired.name,
        type=ArtifactType(desired.kind.name),
        id=entry.id,
        create_time_since_epoch=entry.create_time_since_epoch,
        origin=origin_to_status(origin),
        owned_fields=fields or None,
        owned_properties=properties or None,
        digest=owned.digest,
    )
    if all(known.name != status.name for known in statuses):
        return (*statuses, status)
    return tuple(status if known.name == status.name else known for known in statuses)


def without_entry(statuses: Statuses, name: str, entry_id: str) -> Statuses:
    """Return the statuses without that of an artifact, unless it records another entry: one of another type, say."""
    return tuple(status for status in statuses if (status.name, status.id or "") != (name, entry_id))


def recorded_since(statuses: Statuses, name: str, *, before: Statuses, now: Statuses) -> Statuses:
    """Return the statuses with what this reconcile recorded of an artifact before its write failed.

    The registry may have carried the write out.

    Args:
        statuses: as the reconcile has them.
        name: the artifact.
        before: the recorded artifacts at the start of the reconcile.
        now: the recorded artifacts now.
    """
    if now == before:
        return statuses
    others = (status for status in statuses if status.name != name)
    return (*others, *(status for status in now if status.name == name))


def in_order(statuses: Statuses, desired: Sequence[Desired]) -> Statuses:
    """Return the statuses in the order of writing; what left the spec and is not retired yet comes last."""
    order = {item.name: place for place, item in enumerate(desired)}
    return tuple(sorted(statuses, key=lambda status: order.get(status.name, len(order))))


def joined(outcome: Outcome, desired: Desired, result: EntryResult) -> Outcome:
    """Return the version's outcome with that of one artifact in it."""
    drift = tuple(replace(change, path=f"{desired.kind.name} {desired.name}: {change.path}") for change in result.drift)
    if result.operation is not None:
        is_correction = result.operation is OperationResult.CORRECTED
        operation = OperationResult.CORRECTED if is_correction else OperationResult.UPDATED
        outcome = outcome.noting(operation, result.note)
    return replace(
        outcome,
        drift=(*outcome.drift, *drift),
        is_contested=outcome.is_contested or result.is_contested,
    )
