"""What one reconcile found and did, on its way to the status."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from registrar.api.v1alpha1 import ModelVersionStatus
from registrar.api.v1alpha1.common import EntryStatus
from registrar.api.v1alpha1.model_version import InlineArtifactStatus
from registrar.planning.actions import Change
from registrar.planning.problems import Problem


class Deed(StrEnum):
    """What was written to the registry."""

    CREATED = "Created"
    ADOPTED = "Adopted"
    RESTORED = "Restored"
    UPDATED = "Updated"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the status tells about the entry, apart from how the resource stands.

    Attributes:
        id, parent_id, state, registry_url, storage_uri: as in the status.
        owned_fields: names as the user writes them, sorted.
        owned_properties: names, sorted.
        artifacts: the inline artifacts of a version.
    """

    id: str | None = None
    parent_id: str | None = None
    state: str | None = None
    registry_url: str | None = None
    storage_uri: str | None = None
    owned_fields: tuple[str, ...] = ()
    owned_properties: tuple[str, ...] = ()
    artifacts: tuple[InlineArtifactStatus, ...] = ()

    @classmethod
    def of(cls, status: EntryStatus) -> Facts:
        """The facts that a status holds already."""
        return cls(
            id=status.id,
            parent_id=getattr(status, "parent_id", None),
            state=status.state,
            registry_url=status.registry_url,
            storage_uri=getattr(status, "storage_uri", None),
            owned_fields=status.owned_fields or (),
            owned_properties=status.owned_properties or (),
            artifacts=(status.artifacts or ()) if isinstance(status, ModelVersionStatus) else (),
        )


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth an Event of its own, beside the conditions.

    Attributes:
        reason: UpperCamel.
        message: a sentence.
    """

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a reconcile ended.

    Attributes:
        facts: what the status shall tell.
        problem: why the resource is not as written; None if it is.
        deed: what was written, for people, such as ``Created``; None for nothing.
        drift: differences left alone, and told.
        is_contested: somebody else keeps writing these fields.
        notes: further Events.
        paused: nothing was looked at, because the user said so.
        handled_request: value of the reconcile request that this answers.
    """

    facts: Facts
    problem: Problem | None = None
    deed: str | None = None
    drift: tuple[Change, ...] = ()
    is_contested: bool = False
    notes: tuple[Note, ...] = ()
    paused: bool = False
    handled_request: str | None = None
