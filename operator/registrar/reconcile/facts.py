"""What a reconcile found, as the status and the Events report it."""

from __future__ import annotations

from dataclasses import replace

from registrar.kinds.base import ALIAS_PATH, EntryKind, Identity
from registrar.kinds.table import ENTRY_KINDS
from registrar.planning.actions import Change
from registrar.planning.fields import origin_to_status, owned_to_status, shown_state
from registrar.reconcile.aliases import Aliases
from registrar.reconcile.resource import ManagedResource
from registrar.registries.registry import Registry
from registrar.reporting.outcome import EntryResult, EventNote, Facts, Outcome
from registrar.reporting.values import as_written


def entries_in(resource: ManagedResource, facts: Facts) -> list[tuple[EntryKind, str]]:
    """Return the entries that a status records."""
    artifacts = [(ENTRY_KINDS[artifact.type], artifact.id) for artifact in facts.artifacts]
    return [
        (kind, entry_id) for kind, entry_id in ((resource.kind.entry, facts.id), *artifacts) if entry_id is not None
    ]


def outcome_of(
    resource: ManagedResource,
    result: EntryResult,
    parent: Identity | None,
    aliases: Aliases,
    registry: Registry,
    *,
    ignores_drift: bool,
) -> Outcome:
    """Return how the reconcile of the resource's own entry ended."""
    return Outcome(
        facts_of(resource, result, parent, registry, aliases),
        operation=result.operation,
        drift=result.drift,
        is_contested=result.is_contested,
        ignores_drift=ignores_drift,
        notes=notes_of(resource, result, registry.url),
        alias_problems=aliases.problems if aliases.declared else None,
        has_unread_aliases=bool(aliases.unread),
        ends_wait=result.ends_wait,
        # An entry that the view does not show would be as unknown in the next run.
        is_provisional=aliases.is_incomplete(result)
        and registry.view.by_id(resource.kind.entry, str(result.entry.id)) is not None,
    )


def facts_of(
    resource: ManagedResource, result: EntryResult, parent: Identity | None, registry: Registry, aliases: Aliases
) -> Facts:
    """Return what the status has to report of the resource's own entry."""
    before, entry = Facts.of(resource.status), result.entry
    fields, properties = owned_to_status(type(entry), result.owned)
    return replace(
        before,
        id=entry.id,
        create_time_since_epoch=entry.create_time_since_epoch,
        origin=origin_to_status(result.origin),
        parent_id=None if parent is None else parent.id,
        state=shown_state(entry),
        registry_url=registry.url,
        registry_ref=registry.ref,
        owned_fields=fields,
        owned_properties=properties,
        digest=result.owned.digest,
        aliases=aliases.after(result),
    )


def notes_of(resource: ManagedResource, result: EntryResult, registry_url: str) -> tuple[EventNote, ...]:
    """Return the Events that an entry deserves beside those of the conditions."""
    notes = [] if result.note is None else [result.note]
    status = resource.status
    if status.id is not None and status.id != result.entry.id:
        where = "" if status.registry_url == registry_url else f" (of {status.registry_url})"
        message = f"ID {status.id}{where} is no longer valid; the entry's ID is now {result.entry.id}."
        notes.append(EventNote("IdentityChanged", message))
    if "externalId" in (status.owned_fields or ()) and "external_id" not in result.owned.fields:
        message = "The registry cannot clear an external ID: the entry keeps the old one."
        notes.append(EventNote("ExternalIdReleased", message))
    moved = (change for change in result.changes if change.path.startswith(ALIAS_PATH))
    notes += [_moved_note(change, resource, result) for change in moved]
    return tuple(notes)


def _moved_note(change: Change, resource: ManagedResource, result: EntryResult) -> EventNote:
    """Return the Event of an alias that names another version now."""
    alias = change.path.removeprefix(ALIAS_PATH)
    before, after = (as_written(change.path, value) for value in (change.observed, change.wanted))
    what = f"{resource.kind.name} {result.entry.name!r} (id {result.entry.id})"
    return EventNote("AliasMoved", f"The alias {alias!r} of {what} moved: {before} -> {after}")
