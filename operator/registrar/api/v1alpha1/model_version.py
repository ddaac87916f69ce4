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
    CreateTime,
    EntryOrigin,
    EntryResource,
    EntryState,
    EntryStatus,
    FieldNames,
    ManagedSpec,
    ModelArtifactFields,
    PropertyNames,
)
from registrar.api.v1alpha1.digests import Digest, kept_in
from registrar.api.v1alpha1.texts import (
    ChildName,
    Link,
    RegistryChildName,
    RegistryId,
    RegistryModelName,
    ResourceName,
    StatusUri,
    Text,
)


class ExternalRegisteredModel(Frozen):
    """A registered model that no resource in this namespace manages."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="has(self.id) != has(self.name)",
            message="set exactly one of id and name of the registered model",
            holds=lambda entry: (entry.id is None) != (entry.name is None),
        ),
    )

    id: RegistryId | None = None
    """ID of the model in the registry, in quotes."""
    name: RegistryModelName | None = None
    """Name of the model in the registry."""


class RegisteredModelRef(Frozen):
    """A reference to a registered model: to a resource in this namespace, or to an entry created elsewhere."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="has(self.name) != has(self.external)",
            message="set exactly one of name (a RegisteredModel in this namespace) "
            "and external (a model that the registry already has)",
            holds=lambda reference: (reference.name is None) != (reference.external is None),
        ),
    )

    name: ResourceName | None = None
    """metadata.name of a RegisteredModel in this namespace. The version waits until the model has an ID."""
    external: ExternalRegisteredModel | None = None
    """A model that already exists in the registry and that no resource in this namespace manages."""


class InlineModelArtifact(ModelArtifactFields):
    """A model artifact of this version."""

    name: ChildName
    """Name of the artifact in the registry. A different name means a different artifact."""


class InlineDocArtifact(ArtifactFields):
    """A document artifact of this version."""

    name: ChildName
    """Name of the document in the registry. A different name means a different document."""


def _names_differ(spec: "ModelVersionSpec") -> bool:
    artifacts = {artifact.name for artifact in spec.artifacts or ()}
    return artifacts.isdisjoint(document.name for document in spec.doc_artifacts or ())


class ModelVersionSpec(ManagedSpec):
    """Desired state of the model version."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.artifacts) || !has(self.docArtifacts) || "
            "self.docArtifacts.all(d, !self.artifacts.exists(a, a.name == d.name))",
            message="a name appears in both artifacts and docArtifacts; give the document another name",
            holds=_names_differ,
        ),
    )

    name: ChildName | None = None
    """Name of the version in the registry; metadata.name if unset. It cannot change once the version has an ID."""
    registered_model_ref: RegisteredModelRef
    """The registered model that this is a version of."""
    author: Text | None = None
    """Author of the version."""
    state: EntryState | None = None
    """LIVE or ARCHIVED. If unset, the operator keeps the version LIVE and restores it when someone archives it."""
    doc_artifacts: Annotated[tuple[InlineDocArtifact, ...], Field(max_length=MAX_DOCUMENTS), ListMap("name")] | None = (
        None
    )
    """Document artifacts of this version, such as an evaluation report. The operator writes them before the model
    artifacts, because KServe serves the newest artifact of a version."""
    artifacts: Annotated[tuple[InlineModelArtifact, ...], Field(max_length=MAX_ARTIFACTS), ListMap("name")] | None = (
        None
    )
    """Model artifacts of this version. The operator writes them in the listed order; KServe serves the newest one."""


class ArtifactType(StrEnum):
    """Type of an artifact, as the registry names it."""

    MODEL = "model-artifact"
    DOC = "doc-artifact"


class InlineArtifactStatus(Frozen):
    """Observed state of one artifact of the version."""

    name: RegistryChildName
    """Name of the artifact."""
    type: ArtifactType
    """Type of the artifact: model-artifact or doc-artifact."""
    id: RegistryId | None = None
    """ID of the artifact in the registry."""
    create_time_since_epoch: CreateTime | None = None
    """When the registry created the artifact, in milliseconds since the epoch."""
    origin: EntryOrigin | None = None
    """How the artifact came under management: Created or Adopted."""
    owned_fields: FieldNames | None = None
    """Fields of the artifact that this resource has set."""
    owned_properties: PropertyNames | None = None
    """Custom properties of the artifact that this resource has set."""
    digest: Digest | None = None
    """Digest of the artifact that this resource has set. A digest in the registry that differs from it has drifted."""


class ModelVersionStatus(EntryStatus):
    """Observed state of the model version, such as its ID in the registry, its artifacts and its conditions."""

    parent_id: RegistryId | None = None
    """ID of the registered model that the version belongs to."""
    storage_uri: Link | None = None
    """Address of the version for KServe's storageUri, model-registry://…. It is present only while KServe loads exactly
    the model at uri from it; otherwise an Event NoStorageUri says why."""
    uri: StatusUri | None = None
    """Address of the newest LIVE model artifact that this resource or a ModelArtifact declares for the version. An
    archived version has none, nor one whose address is too long for this field; an Event NoStorageUri says so."""
    newest_artifact_id: RegistryId | None = None
    """Highest ID of the version's artifacts and documents that are or were declared. KServe loads the newest artifact
    of a version, also if it is no longer declared."""
    artifacts: (
        Annotated[
            tuple[InlineArtifactStatus, ...], Field(max_length=2 * (MAX_ARTIFACTS + MAX_DOCUMENTS)), ListMap("name")
        ]
        | None
    ) = None
    """Model artifacts and documents of the version that this resource manages, by name."""


class ModelVersion(EntryResource[ModelVersionSpec, ModelVersionStatus]):
    """ModelVersion manages a version of a registered model in the model registry."""

    KIND: ClassVar[str] = "ModelVersion"
    PLURAL: ClassVar[str] = "modelversions"
    SINGULAR: ClassVar[str] = "modelversion"
    SHORT_NAME: ClassVar[str] = "mversion"
    PARENT_COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column(
            "Model",
            ".spec.registeredModelRef..['name', 'id']",
            "Registered model that the version belongs to, by the name or ID in the reference.",
        ),
        Column("Model-ID", ".status.parentId", "ID of the registered model in the registry.", wide=True),
    )
    SELECTABLE_FIELDS: ClassVar[tuple[str, ...]] = (*EntryResource.SELECTABLE_FIELDS, ".spec.registeredModelRef.name")
    RULES: ClassVar[tuple[Rule, ...]] = (
        *EntryResource.RULES,
        CHILD_NAME_RULE,
        kept_in("artifacts"),
        kept_in("docArtifacts"),
    )

    spec: ModelVersionSpec
    """Desired state of the model version."""
    status: ModelVersionStatus = ModelVersionStatus()
    """Observed state of the model version, such as its ID in the registry, its artifacts and its conditions."""
