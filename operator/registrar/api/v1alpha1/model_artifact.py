"""ModelArtifact: a model artifact of its own, for a version that another team or file declares."""

from typing import ClassVar

from registrar.api.meta import Column, Frozen
from registrar.api.rules import Rule
from registrar.api.v1alpha1.common import (
    CHILD_NAME_RULE,
    ChildName,
    EntryResource,
    EntryStatus,
    ManagedSpec,
    ModelArtifactFields,
    ModelName,
    RegistryId,
    ResourceName,
)


def _is_one_way(entry: "ExternalModelVersion") -> bool:
    if entry.id is not None:
        return entry.registered_model_name is None and entry.name is None
    return entry.registered_model_name is not None and entry.name is not None


class ExternalModelVersion(Frozen):
    """A model version that no resource of this namespace stands for."""

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
    registered_model_name: ModelName | None = None
    """Name of the version's model in the registry; together with name."""
    name: ChildName | None = None
    """Name of the version in the registry; together with registeredModelName."""


class ModelVersionRef(Frozen):
    """Names a model version: a resource of this namespace, or an entry made elsewhere."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="has(self.name) != has(self.external)",
            message="set exactly one of name (a ModelVersion in this namespace) "
            "and external (a version that the registry already has)",
            holds=lambda reference: (reference.name is None) != (reference.external is None),
        ),
    )

    name: ResourceName | None = None
    """metadata.name of a ModelVersion in this namespace. The artifact waits until that has its ID."""
    external: ExternalModelVersion | None = None
    """A version that the registry already has and that no resource of this namespace stands for."""


class ModelArtifactSpec(ManagedSpec, ModelArtifactFields):
    """What the model artifact shall be."""

    name: ChildName | None = None
    """Name of the artifact in the registry; metadata.name if absent. Cannot change once the artifact has an ID."""
    model_version_ref: ModelVersionRef
    """The model version that the artifact belongs to."""


class ModelArtifactStatus(EntryStatus):
    """What the operator answers: the artifact's ID and how its entry stands."""

    parent_id: RegistryId | None = None
    """ID of the model version that the artifact belongs to."""


class ModelArtifact(EntryResource[ModelArtifactSpec, ModelArtifactStatus]):
    """ModelArtifact is a model artifact of a model version, kept in the registry as its spec says."""

    KIND: ClassVar[str] = "ModelArtifact"
    PLURAL: ClassVar[str] = "modelartifacts"
    SINGULAR: ClassVar[str] = "modelartifact"
    SHORT_NAME: ClassVar[str] = "martifact"
    PARENT_COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("Version", ".spec.modelVersionRef.name", "ModelVersion that the artifact belongs to."),
        Column("Version-ID", ".status.parentId", "ID of the model version in the registry.", wide=True),
    )
    SELECTABLE_FIELDS: ClassVar[tuple[str, ...]] = (*EntryResource.SELECTABLE_FIELDS, ".spec.modelVersionRef.name")
    RULES: ClassVar[tuple[Rule, ...]] = (*EntryResource.RULES, CHILD_NAME_RULE)

    spec: ModelArtifactSpec
    """What the model artifact shall be."""
    status: ModelArtifactStatus = ModelArtifactStatus()
    """What the operator answers: the artifact's ID and how its entry stands."""
