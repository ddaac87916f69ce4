"""The addresses of a version in its status: from its own artifacts, and from those that are resources of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from model_registry.types import Artifact
from registrar.api.bodies import ready_state
from registrar.kinds.artifacts import MODEL_ARTIFACT
from registrar.kinds.base import Identity
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.kinds.table import ENTRY_KINDS
from registrar.planning.addresses import Addresses, addresses_of, unless_elsewhere
from registrar.planning.problems import Problem
from registrar.reconcile.memory import Memory
from registrar.reconcile.resource import InlineName, ManagedResource, read_resource
from registrar.registries.registry import Registry
from registrar.reporting.outcome import EventNote, Facts, OperationResult, Outcome


def with_addresses(
    resource: ManagedResource, outcome: Outcome, parent: Identity | None, memory: Memory, registry: Registry
) -> Outcome:
    """Return the outcome of a version with its addresses, and the Event that says why KServe gets none.

    Until the cache has synced, an entry keeps the addresses in its status, and the version is woken after that. Only an
    artifact that is newer than all of which the status knows cannot be what an unread resource declares.

    Args:
        resource: the version; other kinds have no addresses.
        outcome: how the reconcile of its entry and artifacts ended.
        parent: the model's entry.
        memory: what is known of all resources.
        registry: the registry.
    """
    if not resource.kind.inline or outcome.facts.id is None:
        return outcome
    facts, before = outcome.facts, Facts.of(resource.status)
    is_same_entry = (before.id, before.create_time_since_epoch) == (facts.id, facts.create_time_since_epoch)
    declared, others, moved = _artifacts(resource, facts, memory, registry)
    if is_same_entry and before.newest_artifact_id is not None:
        # What left the spec, or whose resource is gone, is still in the registry.
        others = (*others, before.newest_artifact_id)
    model = _model_name(parent, before, registry)
    found = addresses_of(model, resource.entry_name, facts.state, declared, others, moved)
    found = unless_elsewhere(found, registry.kserve_obstacle)
    if not memory.cache.synced.is_set() and not (is_same_entry and _are_recorded(found, before)):
        memory.sync_waits.begin(resource.key)
        if is_same_entry and not _is_newer(found.newest_id, before.newest_artifact_id):
            # The artifacts that the status knows of may be resources that the operator has not read yet.
            return outcome
    facts = replace(facts, uri=found.uri, storage_uri=found.storage_uri, newest_artifact_id=found.newest_id)
    note = _note(found, before)
    return replace(outcome, facts=facts, notes=outcome.notes if note is None else (*outcome.notes, note))


def awaits_artifact(resource: ManagedResource, outcome: Outcome, memory: Memory) -> bool:
    """Return whether an artifact that is a resource will follow at once on a version that was created just now.

    One write of the status can then report both.
    """
    if outcome.operation is not OperationResult.CREATED or outcome.problem is not None or not resource.kind.inline:
        return False
    bodies = (memory.cache.get(child) for child in memory.dependencies.children(resource.key))
    return any(body is not None and ready_state(body)[1] in {"Unknown", MODEL_ARTIFACT.waiting} for body in bodies)


def _are_recorded(found: Addresses, before: Facts) -> bool:
    recorded = before.uri, before.storage_uri, before.newest_artifact_id
    return recorded == (found.uri, found.storage_uri, found.newest_id)


def _is_newer(found_id: str | None, recorded_id: str | None) -> bool:
    return int(found_id or 0) > int(recorded_id or 0)


def _note(found: Addresses, before: Facts) -> EventNote | None:
    is_known = before.storage_uri is None and (before.uri, before.newest_artifact_id) == (found.uri, found.newest_id)
    if found.obstacle is None or is_known:
        return None
    if found.uri is None:
        message = f"status.uri and status.storageUri are not set, because {found.obstacle}."
    else:
        message = f"status.storageUri is not set, because {found.obstacle}. Use status.uri."
    return EventNote("NoStorageUri", message)


def _artifacts(
    resource: ManagedResource, facts: Facts, memory: Memory, registry: Registry
) -> tuple[list[Artifact], tuple[str, ...], set[str]]:
    """Return the artifacts that the spec or other resources declare for the version.

    Returns:
        The artifacts, the IDs of all others, and the IDs of those that have another URI than declared.
    """
    declared: list[Artifact] = []
    others: list[str] = []
    moved: set[str] = set()
    uris = _inline_uris(resource)
    for status in facts.artifacts:
        entry = registry.view.by_id(ENTRY_KINDS[status.type], str(status.id))
        name = InlineName(str(status.type), status.name)
        if name in resource.inline and isinstance(entry, Artifact):
            declared.append(entry)
            moved |= _moved(entry, uris.get(name))
        elif status.id is not None:
            others.append(status.id)
    for artifact in _resources(str(facts.id), memory):
        known_id = memory.artifacts.announced_id(artifact.key) or registry.known_id(artifact.status)
        entry = None if known_id is None else registry.view.by_id(MODEL_ARTIFACT, known_id)
        if isinstance(entry, Artifact) and not artifact.metadata.terminating:
            declared.append(entry)
            moved |= _moved(entry, _uri_of(artifact))
        elif known_id is not None:
            others.append(known_id)
    return declared, tuple(others), moved


def _moved(entry: Artifact, declared: str | None) -> set[str]:
    """Return the ID of an artifact if it has another URI than declared: corrected drift does not get here."""
    return {str(entry.id)} if declared is not None and entry.uri != declared else set()


def _inline_uris(resource: ManagedResource) -> dict[InlineName, str | None]:
    if isinstance(resource.declared, Problem):
        return {}
    return {
        InlineName(inline.entry.name, str(item.name)): item.uri
        for inline in resource.kind.inline
        for item in getattr(resource.declared.spec, inline.attribute) or ()
    }


def _uri_of(artifact: ManagedResource) -> str | None:
    """Return the URI that a resource declares; None while the registry may just not have it yet."""
    if isinstance(artifact.declared, Problem) or not artifact.is_settled:
        return None
    uri: str | None = vars(artifact.declared.spec).get("uri")
    return uri


def _resources(version_id: str, memory: Memory) -> Iterator[ManagedResource]:
    for key in sorted(memory.artifacts.artifacts(version_id)):
        body = memory.cache.get(key)
        if body is not None:
            yield read_resource(body)


def _model_name(parent: Identity | None, before: Facts, registry: Registry) -> str | None:
    """Return the name of the model; a parent resource that vanished left its ID, and the address in the status."""
    if parent is None or parent.name is not None:
        return None if parent is None else parent.name
    entry = registry.view.by_id(REGISTERED_MODEL.entry, parent.id)
    if entry is not None:
        return entry.name
    return (
        None if before.storage_uri is None else before.storage_uri.removeprefix("model-registry://").partition("/")[0]
    )
