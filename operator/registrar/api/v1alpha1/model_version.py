"""ModelVersion: one version of a registered model, with its documents and model artifacts."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from registrar.api.meta import Column, Frozen
from registrar.api.rules import ListMap, Rule
from registrar.api.v1alpha1.common import (
    CHILD_NAME_RULE,
    MAX_ARTIFACTS,
    MAX_DOCUMENTS,
    ArtifactFields,
    ChildName,
    EntryResource,
    EntryState,
    EntryStatus,
    FieldNames,
    Link,
    ManagedSpec,
    ModelArtifactFields,
    ModelName,
    PropertyNames,
    RegistryId,
    ResourceName,
    ShortText,
)


class ExternalRegisteredModel(Frozen):
    """A registered model that no resource of this namespace stands for."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="has(self.id) != has(self.name)",
            message="set exactly one of id and name of the registered model",
            holds=lambda entry: (entry.id is None) != (entry.name is None),
        ),
    )

    id: RegistryId | None = None
    """ID of the model in the registry, in quotes."""
    name: ModelName | None = None
    """Name of the model in the registry."""


class RegisteredModelRef(Frozen):
    """Names a registered model: a resource of this namespace, or an entry made elsewhere."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="has(self.name) != has(self.external)",
            message="set exactly one of name (a RegisteredModel in this namespace) "
            "and external (a model that the registry already has)",
            holds=lambda reference: (reference.name is None) != (reference.external is None),
        ),
    )

    name: ResourceName | None = None
    """metadata.name of a RegisteredModel in this namespace. The version waits until that has its ID."""
    external: ExternalRegisteredModel | None = None
    """A model that the registry already has and that no resource of this namespace stands for."""


class InlineModelArtifact(ModelArtifactFields):
    """A model artifact of this version."""

    name: ChildName
    """Name of the artifact in the registry. Another name is another artifact."""


class InlineDocArtifact(ArtifactFields):
    """A document of this version."""

    name: ChildName
    """Name of the document in the registry. Another name is another document."""


def _names_differ(spec: "ModelVersionSpec") -> bool:
    return not {each.name for each in spec.artifacts or ()} & {each.name for each in spec.doc_artifacts or ()}


class ModelVersionSpec(ManagedSpec):
    """What the model version shall be."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.artifacts) || !has(self.docArtifacts) || "
            "self.docArtifacts.all(d, !self.artifacts.exists(a, a.name == d.name))",
            message="a name stands both in artifacts and in docArtifacts; give the document another name",
            holds=_names_differ,
        ),
    )

    name: ChildName | None = None
    """Name of the version in the registry; metadata.name if absent. Cannot change once the version has an ID."""
    registered_model_ref: RegisteredModelRef
    """The registered model that this is a version of."""
    author: ShortText | None = None
    """Who made the version."""
    state: EntryState | None = None
    """LIVE or ARCHIVED. Absent means LIVE: a version archived by somebody else is made LIVE again."""
    doc_artifacts: Annotated[tuple[InlineDocArtifact, ...], Field(max_length=MAX_DOCUMENTS), ListMap("name")] | None = (
        None
    )
    """Documents of this version, such as an evaluation. They are written before the model artifacts, because KServe
    serves the newest artifact of a version."""
    artifacts: Annotated[tuple[InlineModelArtifact, ...], Field(max_length=MAX_ARTIFACTS), ListMap("name")] | None = (
        None
    )
    """Model artifacts of this version, written in this order. KServe serves the newest one."""


class ArtifactType(StrEnum):
    """Type of an artifact, as the registry names it."""

    MODEL = "model-artifact"
    DOC = "doc-artifact"


class InlineArtifactStatus(Frozen):
    """What the operator answers about one artifact of the version."""

    name: ChildName
    """Name of the artifact."""
    type: ArtifactType
    """Type of the artifact: model-artifact or doc-artifact."""
    id: RegistryId | None = None
    """ID of the artifact in the registry."""
    owned_fields: FieldNames | None = None
    """Fields of the artifact that this resource has set."""
    owned_properties: PropertyNames | None = None
    """Custom properties of the artifact that this resource has set."""


class ModelVersionStatus(EntryStatus):
    """What the operator answers: the version's ID, its artifacts' and how its entry stands."""

    parent_id: RegistryId | None = None
    """ID of the registered model that the version belongs to."""
    storage_uri: Link | None = None
    """The version as KServe's storageUri, model-registry://…; absent if a name holds a slash."""
    artifacts: (
        Annotated[
            tuple[InlineArtifactStatus, ...], Field(max_length=2 * (MAX_ARTIFACTS + MAX_DOCUMENTS)), ListMap("name")
        ]
        | None
    ) = None
    """Artifacts and documents of the version that this resource stands for, by name."""


class ModelVersion(EntryResource[ModelVersionSpec, ModelVersionStatus]):
    """ModelVersion is one version of a registered model, kept in the registry as its spec says."""

    KIND: ClassVar[str] = "ModelVersion"
    PLURAL: ClassVar[str] = "modelversions"
    SINGULAR: ClassVar[str] = "modelversion"
    SHORT_NAME: ClassVar[str] = "mversion"
    PARENT_COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("Model", ".spec.registeredModelRef.name", "RegisteredModel that the version belongs to."),
        Column("Model-ID", ".status.parentId", "ID of the registered model in the registry.", wide=True),
    )
    SELECTABLE_FIELDS: ClassVar[tuple[str, ...]] = (*EntryResource.SELECTABLE_FIELDS, ".spec.registeredModelRef.name")
    RULES: ClassVar[tuple[Rule, ...]] = (*EntryResource.RULES, CHILD_NAME_RULE)

    spec: ModelVersionSpec
    """What the model version shall be."""
    status: ModelVersionStatus = ModelVersionStatus()
    """What the operator answers: the version's ID, its artifacts' and how its entry stands."""
