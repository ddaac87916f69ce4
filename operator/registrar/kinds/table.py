"""One row for each kind."""

from __future__ import annotations

from registrar.api import v1alpha1
from registrar.api.v1alpha1.common import EntryStatus
from registrar.kinds.desired import AnyResource

RESOURCE_CLASSES: dict[str, type[AnyResource]] = {
    v1alpha1.RegisteredModel.KIND: v1alpha1.RegisteredModel,
    v1alpha1.ModelVersion.KIND: v1alpha1.ModelVersion,
    v1alpha1.ModelArtifact.KIND: v1alpha1.ModelArtifact,
}


_STATUS_CLASSES: dict[str, type[EntryStatus]] = {
    v1alpha1.RegisteredModel.KIND: v1alpha1.RegisteredModelStatus,
    v1alpha1.ModelVersion.KIND: v1alpha1.ModelVersionStatus,
    v1alpha1.ModelArtifact.KIND: v1alpha1.ModelArtifactStatus,
}
