"""Versions of a registered model, with their inline documents and model artifacts."""

from __future__ import annotations

from model_registry.types import ModelVersion
from registrar.api import v1alpha1
from registrar.api.conditions import Reason
from registrar.kinds import artifacts
from registrar.kinds.base import EntryKind, InlineList, ParentReference, ResourceKind
from registrar.kinds.registered_model import live_unless_declared

ENTRY = EntryKind(
    name="ModelVersion",
    entry=ModelVersion,
    family=ModelVersion,
    retired_state="ARCHIVED",
    state_rule=live_unless_declared,
    parent_attribute="registered_model_id",
    waiting=Reason.WAITING_FOR_REGISTERED_MODEL,
)

MODEL_VERSION = ResourceKind(
    resource=v1alpha1.ModelVersion,
    status=v1alpha1.ModelVersionStatus,
    entry=ENTRY,
    parent=ParentReference(
        kind=v1alpha1.RegisteredModel.KIND,
        attribute="registered_model_ref",
        external_names=("name",),
    ),
    inline=(
        # Documents first: KServe serves the newest artifact of a version.
        InlineList("doc_artifacts", "docArtifacts", artifacts.DOC_ARTIFACT),
        InlineList("artifacts", "artifacts", artifacts.MODEL_ARTIFACT),
    ),
)
