"""What a reconcile found, as the status and the Events report it."""

from __future__ import annotations

from dataclasses import replace

from registrar.kinds.base import EntryKind, Identity
from registrar.kinds.table import ENTRY_KINDS
from registrar.planning.fields import origin_to_status, owned_to_status, state_of, storage_uri
from registrar.reconcile.resource import ManagedResource
from registrar.reporting.outcome import EntryResult, EventNote, Facts


def entries_in(resource: ManagedResource, facts: Facts) -> list[tuple[EntryKind, str]]:
    """Return the entries that a status records."""
    artifacts = [(ENTRY_KINDS[artifact.type], artifact.id) for artifact in facts.artifacts]
    return [
        (kind, entry_id) for kind, entry_id in ((resource.kind.entry, facts.id), *artifacts) if entry_id is not None
    ]


def facts_of(resource: ManagedResource, result: EntryResult, parent: Identity | None, registry_url: str) -> Facts:
    """Return what the status has to report of the resource's own entry."""
    before, entry = Facts.of(resource.status), result.entry
    fields, properties = owned_to_status(type(entry), result.owned)
    # A parent that vanished left its ID, not its name: the address stays as the status has it.
    has_uri, model = "storage_uri" in resource.kind.status.model_fields, None if parent is None else parent.name
    uri = storage_uri(model, str(entry.name)) if has_uri and model is not None else before.storage_uri
    return replace(
        before,
        id=entry.id,
        create_time_since_epoch=entry.create_time_since_epoch,
        origin=origin_to_status(result.origin),
        parent_id=None if parent is None else parent.id,
        state=state_of(entry),
        registry_url=registry_url,
        storage_uri=uri,
        owned_fields=fields,
        owned_properties=properties,
    )


def notes_of(
    resource: ManagedResource, result: EntryResult, parent: Identity | None, registry_url: str
) -> tuple[EventNote, ...]:
    """Return the Events that an entry deserves beside those of the conditions."""
    notes = [] if result.note is None else [result.note]
    status = resource.status
    if status.id is not None and status.id != result.entry.id:
        where = "" if status.registry_url == registry_url else f" (of {status.registry_url})"
        message = f"ID {status.id}{where} is no longer valid; the entry's ID is now {result.entry.id}."
        notes.append(EventNote("IdentityChanged", message))
    if status.id != result.entry.id and "storage_uri" in resource.kind.status.model_fields:
        model, version = None if parent is None else parent.name, str(result.entry.name)
        if model is not None and storage_uri(model, version) is None:
            message = (
                f"status.storageUri is not set, because model-registry://{model}/{version} has a slash in a name, and "
                "KServe cannot know where the model's name ends. Use the artifact's own URI."
            )
            notes.append(EventNote("NoStorageUri", message))
    if "externalId" in (status.owned_fields or ()) and "external_id" not in result.owned.fields:
        message = "The registry cannot clear an external ID: the entry keeps the old one."
        notes.append(EventNote("ExternalIdReleased", message))
    return tuple(notes)
