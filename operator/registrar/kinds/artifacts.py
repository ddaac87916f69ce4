"""Artifacts of a version: model artifacts, as resources and inline, and documents, inline only."""

from __future__ import annotations

from model_registry.types import Artifact, DocArtifact, ModelArtifact
from registrar.api import v1alpha1
from registrar.api.conditions import Reason
from registrar.kinds.base import EntryKind, ParentReference, ResourceKind

_GONE = frozenset({"MARKED_FOR_DELETION", "DELETED", "ABANDONED"})


def unmanaged_unless_declared(declared: str | None, observed: str | None) -> str | None:
    """Return the state of an artifact: absent leaves it alone, except for the states that represent deletion."""
    return "LIVE" if declared is None and observed in _GONE else declared


MODEL_ARTIFACT = EntryKind(
    name="model-artifact",
    entry=ModelArtifact,
    family=Artifact,
    retired_state="MARKED_FOR_DELETION",
    state_rule=unmanaged_unless_declared,
    reports_parent=False,
    waiting=Reason.WAITING_FOR_MODEL_VERSION,
    has_digest=True,
)

DOC_ARTIFACT = EntryKind(
    name="doc-artifact",
    entry=DocArtifact,
    family=Artifact,
    retired_state="MARKED_FOR_DELETION",
    state_rule=unmanaged_unless_declared,
    reports_parent=False,
    waiting=Reason.WAITING_FOR_MODEL_VERSION,
    has_digest=True,
)

MODEL_ARTIFACT_RESOURCE = ResourceKind(
    resource=v1alpha1.ModelArtifact,
    status=v1alpha1.ModelArtifactStatus,
    entry=MODEL_ARTIFACT,
    parent=ParentReference(
        kind=v1alpha1.ModelVersion.KIND,
        attribute="model_version_ref",
        external_names=("registered_model_name", "name"),
    ),
)
