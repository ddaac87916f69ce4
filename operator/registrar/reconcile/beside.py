"""Looks at what is in a version before an artifact is created in it: the same one, or one that repeats it.

The registry keeps names unique, but not URIs: a manifest with another name than the registered one gets a second
artifact, and KServe serves the newest. A version that the operator created holds no artifacts of others yet, so only
other versions cost this look-up.
"""

from __future__ import annotations

from collections.abc import Sequence

from model_registry.types import RegistryEntry
from registrar.api.v1alpha1.common import EntryOrigin
from registrar.kinds.artifacts import MODEL_ARTIFACT
from registrar.kinds.base import Desired, Identity
from registrar.planning.fields import describe_entry, state_of
from registrar.planning.ownership import stamp_of
from registrar.registries.registry import Registry
from registrar.reporting.outcome import EventNote


async def artifacts_beside(desired: Desired, parent: Identity | None, registry: Registry) -> Sequence[RegistryEntry]:
    """Return what a version that this operator did not create has, before an artifact is created in it.

    Args:
        desired: the entry that is about to be created, of any kind.
        parent: the entry above it.
        registry: the registry.

    Raises:
        RegistryError: the registry could not answer.
    """
    if desired.kind.reports_parent or parent is None or parent.origin is EntryOrigin.CREATED:
        return ()
    return await registry.backend.artifacts_of(parent.id)


def entry_of(desired: Desired, beside: Sequence[RegistryEntry]) -> RegistryEntry | None:
    """Return the one artifact of the desired type and name; None if there is none, or several."""
    found = [artifact for artifact in beside if type(artifact) is desired.kind.entry and artifact.name == desired.name]
    return found[0] if len(found) == 1 else None


def unmanaged_with_same_uri(
    desired: Desired, beside: Sequence[RegistryEntry], registry: Registry
) -> Sequence[RegistryEntry]:
    """Return the model artifacts beside a new one that have its URI and that this installation does not manage."""
    uri = desired.fields.get("uri")
    if desired.kind is not MODEL_ARTIFACT or uri is None:
        return ()
    return [
        artifact
        for artifact in beside
        if type(artifact) is MODEL_ARTIFACT.entry
        and getattr(artifact, "uri", None) == uri
        and artifact.name != desired.name
        and state_of(artifact) != MODEL_ARTIFACT.retired_state
        and stamp_of(artifact, registry.owner_id) is None
    ]


def same_uri_note(desired: Desired, others: Sequence[RegistryEntry]) -> EventNote:
    """Return the Event about an artifact that was created beside such others."""
    listed = ", ".join(map(describe_entry, others))
    return EventNote(
        "SameUri",
        f"The artifact {desired.name!r} is new, but the version already had {listed} with the same URI, which no "
        "resource of this installation manages. KServe serves the newest. To manage the existing one instead, write "
        f"its name, {others[0].name!r}, as {desired.name_setting}.",
        is_warning=True,
    )
