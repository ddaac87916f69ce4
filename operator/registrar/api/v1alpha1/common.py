"""Fields and types that the kinds of ``v1alpha1`` share."""

from enum import StrEnum
from typing import Annotated, ClassVar, Self, TypeVar

from pydantic import Field, model_validator

from registrar.api.conditions import Condition
from registrar.api.meta import RECONCILE_REQUEST_MAX_LENGTH, Frozen, Resource, Timestamp
from registrar.api.properties import MAX_NAME_LENGTH, MAX_PROPERTIES, CustomProperties
from registrar.api.rules import ListMap, Rule, refusal
from registrar.api.v1alpha1.digests import DIGEST_PROPERTY, PIN_RULE, Digest
from registrar.api.v1alpha1.registry_ref import RegistryRef
from registrar.api.v1alpha1.texts import (
    MAX_CHILD_NAME_LENGTH,
    ExternalId,
    Link,
    ModelName,
    RegistryId,
    StatusText,
    Text,
    Uri,
)

MAX_ARTIFACTS = 32
MAX_DOCUMENTS = 16


class DeletionPolicy(StrEnum):
    """What happens to the entry when its resource is deleted."""

    ARCHIVE = "Archive"
    ORPHAN = "Orphan"


class AdoptionPolicy(StrEnum):
    """What to do when the registry already has an entry of that name that no resource owns."""

    ADOPT = "Adopt"
    FAIL = "Fail"


class DriftPolicy(StrEnum):
    """What to do when someone changed a declared field in the registry."""

    CORRECT = "Correct"
    REPORT = "Report"
    IGNORE = "Ignore"


class EntryState(StrEnum):
    """State of a registered model or model version."""

    LIVE = "LIVE"
    ARCHIVED = "ARCHIVED"


class ArtifactState(StrEnum):
    """State of an artifact."""

    UNKNOWN = "UNKNOWN"
    PENDING = "PENDING"
    LIVE = "LIVE"
    MARKED_FOR_DELETION = "MARKED_FOR_DELETION"
    DELETED = "DELETED"
    ABANDONED = "ABANDONED"
    REFERENCE = "REFERENCE"


class EntryFields(Frozen):
    """Fields that every registry entry has."""

    name: ModelName | None = None
    """Name of the entry in the registry."""
    description: Text | None = None
    """Human-readable description of the entry. An empty string clears the description in the registry."""
    external_id: ExternalId | None = None
    """ID of the entry in another system. It is unique across all models and versions in the registry, and separately
    across all artifacts. It can be changed later, but the registry cannot clear it."""
    custom_properties: CustomProperties | None = None
    """Custom properties of the entry, by name. A string, integer, number or boolean becomes a property of that type.
    Integers are 32 bit. Kubernetes stores 1.0 as 1, so write {double: 1} for a double that is a whole number;
    {int: 1}, {string: text} and {bool: true} also work. Lists and other objects are not supported: write them as a
    string that holds JSON. Names under model-registrar.dev/ belong to the operator, and names under which the registry
    keeps another field to that field: digest of artifacts, and alias.… of models. Properties that this resource never
    declared are left unchanged."""


class ManagedSpec(EntryFields):
    """Fields that every kind has in its spec."""

    deletion_policy: DeletionPolicy | None = None
    """What happens to the entry when this resource is deleted. Archive archives the entry (an artifact is marked for
    deletion); Orphan leaves it unchanged. If unset, the operator's default applies. Unless configured otherwise, it
    archives an entry that this resource created and leaves an adopted entry unchanged. You can still change the policy
    while the deletion is pending."""
    adoption_policy: AdoptionPolicy | None = None
    """What to do when the registry already has an entry with this name that no resource owns. Adopt takes ownership of
    it; Fail reports AdoptionRefused. If unset, the operator's default applies, which is Adopt unless configured
    otherwise."""
    drift_policy: DriftPolicy | None = None
    """What to do when someone changes a declared field in the registry. Correct restores the declared value; Report
    reports the change in the Drifted condition; Ignore does nothing. If unset, the operator's default applies, which
    is Correct unless configured otherwise."""
    registry_ref: RegistryRef | None = None
    """The registry of this resource. If unset, that of the parent resource applies, else the one default
    ClusterRegistry that admits the namespace, else the registry that the operator's flags configure. It cannot change
    once the entry has an ID."""


KEPT_URI = Rule(
    cel="!has(oldSelf.uri) || has(self.uri)",
    message="uri cannot be removed once it is declared; set it back, or remove the whole artifact",
    holds=None,
)


class ArtifactFields(EntryFields):
    """Fields that model artifacts and document artifacts have."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="has(self.uri) || (has(self.state) && self.state == 'PENDING')",
            message="set uri, or set state to PENDING if an upload provides the uri later",
            holds=lambda artifact: artifact.uri is not None or artifact.state is ArtifactState.PENDING,
        ),
        KEPT_URI,
        PIN_RULE,
    )

    uri: Uri | None = None
    """Location of the artifact, such as s3://bucket/path, hf://organisation/model or oci://registry/image:tag. It may
    be omitted only with state PENDING, for an artifact whose upload sets it later. Once set, it cannot be removed."""
    digest: Digest | None = None
    """SHA-256 of the file at uri, or of the manifest of an OCI image: sha256: and 64 hexadecimal digits. It is the
    custom property digest of the entry, and never changes: other content is another version. Only a digest that the
    operator refuses (DigestChanged) can be corrected. If you remove the field, the property stays, and the operator
    refuses another uri. registrar verify compares it with what is at uri."""
    state: ArtifactState | None = None
    """State of the artifact. If unset, the artifact is created LIVE and its state is left unchanged afterwards, except
    that an artifact that was marked for deletion, deleted or abandoned becomes LIVE again. PENDING without uri applies
    only at creation: the upload then sets uri and state."""

    @model_validator(mode="after")
    def _declare_the_digest_in_its_field(self) -> Self:
        """Refuse the property that is the digest, which could change there. CEL sees no names of custom properties."""
        if DIGEST_PROPERTY in (self.custom_properties or {}):
            instead = "declare it in the field digest instead, or give the property another name"
            instead = instead if self.digest is None else "remove it, because digest is declared"
            raise refusal("digest", f"customProperties.digest is the digest of the artifact; {instead}")
        return self


class ModelArtifactFields(ArtifactFields):
    """Fields that model artifacts have, both as resources and inside a version."""

    model_format_name: Text | None = None
    """Format of the model, such as onnx, safetensors or sklearn."""
    model_format_version: Text | None = None
    """Version of the format, in quotes, such as '1.17'."""
    storage_key: Text | None = None
    """Name of the secret or data connection that gives access to the storage."""
    storage_path: Text | None = None
    """Path of the model in the storage that storageKey gives access to."""
    service_account_name: Text | None = None
    """Service account that can read the model from its storage."""
    model_source_kind: Text | None = None
    """Kind of system that the model comes from, such as dsp or catalog."""
    model_source_class: Text | None = None
    """Class of the source in its system, such as pipelinerun."""
    model_source_group: Text | None = None
    """Group of the source, such as a namespace or the name of a catalog."""
    model_source_id: Text | None = None
    """ID of the source in its system."""
    model_source_name: Text | None = None
    """Name of the source in its system."""


FieldNames = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=64)], ...],
    Field(max_length=64),
]
PropertyNames = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)], ...],
    Field(max_length=2 * MAX_PROPERTIES),
]
"""Up to twice what a spec may declare: before a write, the list holds the names of the last spec and of the next."""


class EntryOrigin(StrEnum):
    """How an entry came under management."""

    CREATED = "Created"
    ADOPTED = "Adopted"


CreateTime = Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[0-9]+$")]
"""Milliseconds since the epoch, as the registry writes them."""


class Holder(Frozen):
    """An installation of the operator that manages a resource."""

    owner_id: Annotated[str, Field(min_length=1, max_length=100)]
    """Owner ID of the installation."""
    registry_url: Link
    """Address of its registry."""


class EntryStatus(Frozen):
    """Observed state of a resource's registry entry."""

    id: RegistryId | None = None
    """ID of the entry in the registry."""
    create_time_since_epoch: CreateTime | None = None
    """When the registry created the entry, in milliseconds since the epoch. An entry with another time under the same
    ID is a different entry: the registry was reset or replaced."""
    origin: EntryOrigin | None = None
    """How the entry came under management: Created by this resource, or Adopted. It decides what happens to the entry
    when the resource is deleted and sets no deletionPolicy."""
    state: StatusText | None = None
    """State of the entry as the registry last reported it, such as LIVE or ARCHIVED."""
    registry_url: Link | None = None
    """Address of the registry that assigned the ID."""
    registry_ref: RegistryRef | None = None
    """The ClusterRegistry of that registry; absent for the registry that the operator's flags configure. The resource
    stays with it, whatever the default is."""
    managed_by: Holder | None = None
    """The installation that manages this resource. Another one that watches the same namespace leaves it alone."""
    owned_fields: FieldNames | None = None
    """Fields that this resource has set. When a field is removed from the spec, it is cleared in the registry."""
    owned_properties: PropertyNames | None = None
    """Custom properties that this resource has set. When a property is removed from the spec, it is removed from the
    registry."""
    observed_generation: Annotated[int, Field(ge=-1)] = -1
    """The metadata.generation that the operator last processed; -1 if it has not processed any."""
    synced_generation: Annotated[int | None, Field(ge=0)] = None
    """The metadata.generation that the registry entry last matched. A later difference is drift."""
    last_sync_time: Timestamp | None = None
    """When the operator last wrote to the registry for this resource."""
    last_handled_reconcile_at: Annotated[str, Field(max_length=RECONCILE_REQUEST_MAX_LENGTH)] | None = None
    """Value of the annotation model-registrar.dev/reconcile-requested-at that the operator last handled."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16), ListMap("type")] | None = None
    """Conditions of the resource. Ready is always present; Reconciling, Stalled and Drifted are present only while they
    are True. AliasesResolved is present while a model declares aliases."""

    def condition(self, condition_type: str) -> Condition | None:
        """Return the condition of that type, if it is present."""
        return next((known for known in self.conditions or () if known.type == condition_type), None)

    @property
    def parent_entry_id(self) -> str | None:
        """The parent entry's ID, for a kind that has one and a status that records it."""
        return getattr(self, "parent_id", None)


ManagedSpecT = TypeVar("ManagedSpecT", bound=ManagedSpec)
EntryStatusT = TypeVar("EntryStatusT", bound=EntryStatus)


class EntryResource(Resource[ManagedSpecT, EntryStatusT]):
    """A resource that manages one registry entry."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(oldSelf.status) || !has(oldSelf.status.id) || "
            "(has(self.spec) && has(self.spec.name) ? self.spec.name : self.metadata.name) == "
            "(has(oldSelf.spec) && has(oldSelf.spec.name) ? oldSelf.spec.name : oldSelf.metadata.name)",
            message="spec.name cannot change once the entry has an ID in the registry (status.id); "
            "set it back, or delete this resource and create another",
            holds=None,
        ),
        Rule(
            cel="!has(oldSelf.status) || !has(oldSelf.status.id) || !has(self.spec) || !has(self.spec.registryRef) || "
            "(has(oldSelf.spec) && has(oldSelf.spec.registryRef) && "
            "self.spec.registryRef == oldSelf.spec.registryRef) || "
            "(has(oldSelf.status.registryRef) && self.spec.registryRef.kind == oldSelf.status.registryRef.kind && "
            "self.spec.registryRef.name == oldSelf.status.registryRef.name)",
            message="spec.registryRef cannot name another registry once the entry has an ID (status.id); "
            "set it back, or delete this resource and create another",
            holds=None,
        ),
    )

    @property
    def entry_name(self) -> str:
        """Name of the entry in the registry."""
        return self.metadata.name if self.spec.name is None else self.spec.name


CHILD_NAME_RULE = Rule(
    cel=f"has(self.spec.name) || size(self.metadata.name) <= {MAX_CHILD_NAME_LENGTH}",
    message=f"metadata.name is longer than {MAX_CHILD_NAME_LENGTH} characters, the registry's limit; "
    "set a shorter spec.name",
    holds=lambda resource: len(resource.entry_name) <= MAX_CHILD_NAME_LENGTH,
)
