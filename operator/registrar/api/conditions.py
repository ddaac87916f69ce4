"""Conditions after kstatus: ``Ready`` always, ``Reconciling``, ``Stalled`` and ``Drifted`` only while True.

``AliasesResolved``, which kstatus does not know, is present while a model declares aliases.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import (
    Field,
)

from registrar.api.meta import Frozen, Timestamp


class ConditionStatus(StrEnum):
    """Whether a condition holds."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(Frozen):
    """One aspect of a resource's state, within the limits of metav1.Condition."""

    type: Annotated[str, Field(min_length=1, max_length=316, pattern=r"^[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?$")]
    """Name of the condition, such as Ready."""
    status: ConditionStatus
    """Whether the condition holds: True, False or Unknown."""
    reason: Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")]
    """Machine-readable reason for the status, in one UpperCamelCase word."""
    message: Annotated[str, Field(max_length=32768)]
    """Human-readable explanation of the status, and what to do about it."""
    last_transition_time: Timestamp
    """When the status last changed from one value to another."""
    observed_generation: Annotated[int | None, Field(ge=0)] = None
    """The metadata.generation that this condition describes."""


class Reason(StrEnum):
    """Why a condition is what it is; the docs say what each asks of the user."""

    SYNCED = "Synced"
    WAITING_FOR_REGISTERED_MODEL = "WaitingForRegisteredModel"
    WAITING_FOR_MODEL_VERSION = "WaitingForModelVersion"
    WAITING_FOR_REGISTRY = "WaitingForRegistry"
    AMBIGUOUS_REGISTRY = "AmbiguousRegistry"
    REGISTRY_MISMATCH = "RegistryMismatch"
    NAME_CONFLICT = "NameConflict"
    EXTERNAL_ID_CONFLICT = "ExternalIdConflict"
    OWNED_BY_OTHER = "OwnedByOther"
    PARENT_CHANGED = "ParentChanged"
    AMBIGUOUS_ENTRY = "AmbiguousEntry"
    INVALID_SPEC = "InvalidSpec"
    REFUSED_BY_REGISTRY = "RefusedByRegistry"
    REGISTRY_UNAVAILABLE = "RegistryUnavailable"
    UNAUTHORIZED = "Unauthorized"
    HANDING_OVER = "HandingOver"
    PAUSED = "Paused"
    ADOPTION_REFUSED = "AdoptionRefused"
    DIGEST_CHANGED = "DigestChanged"
    CHANGED_OUTSIDE = "ChangedOutside"
    CONTESTED = "Contested"
    REGISTRY_REPLACED = "RegistryReplaced"
    REGISTRY_NOT_PERMITTED = "RegistryNotPermitted"
    ALIASES_RESOLVED = "AllResolved"
    VERSION_MISSING = "VersionMissing"
    VERSION_NOT_READY = "VersionNotReady"
    VERSION_ARCHIVED = "VersionArchived"


class ConditionType(StrEnum):
    """The conditions that the operator writes."""

    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    DRIFTED = "Drifted"
    ALIASES_RESOLVED = "AliasesResolved"
