"""ModelArtifact: a model artifact as a resource of its own, for a version that another team or file declares."""

from typing import ClassVar

from registrar.api.meta import Column, Frozen
from registrar.api.rules import Rule
from registrar.api.v1alpha1.common import CHILD_NAME_RULE, EntryResource, EntryStatus, ManagedSpec, ModelArtifactFields
from registrar.api.v1alpha1.digests import KEPT, Digest
from registrar.api.v1alpha1.texts import ChildName, RegistryChildName, RegistryId, RegistryModelName, ResourceName


def _is_one_way(entry: "ExternalModelVersion") -> bool:
    if entry.id is not None:
        return entry.registered_model_name is None and entry.name is None
    return entry.registered_model_name is not None and entry.name is not None


class ExternalModelVersion(Frozen):
    """A model version that no resource in this namespace manages."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="has(self.id) ? !has(self.registeredModelName) && !has(self.name) "
            ": has(self.registeredModelName) && has(self.name)",
            message="set either id, or both registeredModelName and name of the version",
            holds=_is_one_way,
        ),
    )

    id: RegistryId | None = None
    """ID of the version in the registry, in quotes."""
    registered_model_name: RegistryModelName | None = None
    """Name of the registered model in the registry. Requires name."""
    name: RegistryChildName | None = None
    """Name of the version in the registry. Requires registeredModelName."""


class ModelVersionRef(Frozen):
    """A reference to a model version: to a resource in this namespace, or to an entry created elsewhere."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="has(self.name) != has(self.external)",
            message="set exactly one of name (a ModelVersion in this namespace) "
            "and external (a version that the registry already has)",
            holds=lambda reference: (reference.name is None) != (reference.external is None),
        ),
    )

    name: ResourceName | None = None
    """metadata.name of a ModelVersion in this namespace. The artifact waits until the version has an ID."""
    external: ExternalModelVersion | None = None
    """A version that already exists in the registry and that no resource in this namespace manages."""


class ModelArtifactSpec(ManagedSpec, ModelArtifactFields):
    """Desired state of the model artifact."""

    name: ChildName | None = None
    """Name of the artifact in the registry; metadata.name if unset. It cannot change once the artifact has an ID."""
    model_version_ref: ModelVersionRef
    """The model version that the artifact belongs to."""


class ModelArtifactStatus(EntryStatus):
    """Observed state of the model artifact, such as its ID in the registry and its conditions."""

    parent_id: RegistryId | None = None
    """ID of the model version that the artifact belongs to."""
    digest: Digest | None = None
    """Digest of the artifact that this resource has set. A digest in the registry that differs from it has drifted."""


class ModelArtifact(EntryResource[ModelArtifactSpec, ModelArtifactStatus]):
    """ModelArtifact manages a model artifact of a model version in the model registry."""

    KIND: ClassVar[str] = "ModelArtifact"
    PLURAL: ClassVar[str] = "modelartifacts"
    SINGULAR: ClassVar[str] = "modelartifact"
    SHORT_NAME: ClassVar[str] = "martifact"
    PARENT_COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column(
            "Version",
            ".spec.modelVersionRef..['name', 'id']",
            "Model version that the artifact belongs to, by the name or ID in the reference.",
        ),
        Column("Version-ID", ".status.parentId", "ID of the model version in the registry.", wide=True),
    )
    SELECTABLE_FIELDS: ClassVar[tuple[str, ...]] = (*EntryResource.SELECTABLE_FIELDS, ".spec.modelVersionRef.name")
    RULES: ClassVar[tuple[Rule, ...]] = (*EntryResource.RULES, CHILD_NAME_RULE, KEPT)

    spec: ModelArtifactSpec
    """Desired state of the model artifact."""
    status: ModelArtifactStatus = ModelArtifactStatus()
    """Observed state of the model artifact, such as its ID in the registry and its conditions."""
