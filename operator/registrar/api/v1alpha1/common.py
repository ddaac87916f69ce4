"""Fields and types that the kinds of ``v1alpha1`` share.

Lengths are in characters. Names and external IDs are ``varchar(255)`` in the registry's database, and the name of a
version or artifact is stored there behind its parent's ID and a colon.
"""

import re
from enum import StrEnum
from typing import Annotated, ClassVar, TypeVar

from pydantic import Field

from registrar.api.conditions import Condition
from registrar.api.meta import RECONCILE_REQUEST_MAX_LENGTH, Frozen, Resource, Timestamp
from registrar.api.properties import INT32_MAX, MAX_NAME_LENGTH, MAX_PROPERTIES, CustomProperties
from registrar.api.rules import ListMap, Rule

MAX_CHILD_NAME_LENGTH = 240
MAX_ARTIFACTS = 32
MAX_DOCUMENTS = 16

_DECIMAL = r"^[1-9][0-9]{0,9}$"
_SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"


def _is_int32_id(value: str) -> bool:
    return re.fullmatch(_DECIMAL, value, re.ASCII) is not None and int(value) <= INT32_MAX


def _is_subdomain(value: str) -> bool:
    return re.fullmatch(_SUBDOMAIN, value) is not None


ModelName = Annotated[str, Field(min_length=1, max_length=255)]
ChildName = Annotated[str, Field(min_length=1, max_length=MAX_CHILD_NAME_LENGTH)]
ExternalId = Annotated[str, Field(min_length=1, max_length=255)]
Description = Annotated[str, Field(max_length=8192)]
ShortText = Annotated[str, Field(max_length=255)]
Link = Annotated[str, Field(max_length=2048)]
Uri = Annotated[str, Field(min_length=1, max_length=2048)]

RegistryId = Annotated[
    str,
    Field(min_length=1, max_length=10),
    Rule(
        cel=f"self.matches('{_DECIMAL}') && int(self) <= {INT32_MAX}",
        message="must be an ID as the registry shows it: a decimal number in quotes, such as '42'",
        holds=_is_int32_id,
    ),
]
"""An ID that the registry assigned: a decimal int32, as text."""

ResourceName = Annotated[
    str,
    Field(min_length=1, max_length=253),
    Rule(
        cel=f"self.matches('{_SUBDOMAIN.replace(chr(92), chr(92) * 2)}')",
        message="must be the metadata.name of a resource in this namespace (lower case letters, digits, '-' and '.'); "
        "to name an entry of the registry, use external",
        holds=_is_subdomain,
    ),
]


class DeletionPolicy(StrEnum):
    """What becomes of the entry when its resource is deleted."""

    ARCHIVE = "Archive"
    ORPHAN = "Orphan"


class AdoptionPolicy(StrEnum):
    """What to do when the registry already has an entry of that name without an owner."""

    ADOPT = "Adopt"
    FAIL = "Fail"


class DriftPolicy(StrEnum):
    """What to do when somebody changed a declared field in the registry."""

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
    """What every entry of the registry has."""

    name: ModelName | None = None
    """Name of the entry in the registry."""
    description: Description | None = None
    """What the entry is, for people. An empty text clears what the registry has."""
    external_id: ExternalId | None = None
    """ID of the entry in another system. Unique in the registry over all models and versions together, and
    separately over all artifacts. Once set it can be changed, but the registry cannot clear it."""
    custom_properties: CustomProperties | None = None
    """Properties of your own, by name. A string, integer, number or boolean becomes a property of that type. YAML
    cannot keep 1.0 apart from 1: write {double: 1} for a whole number that is a double; {int: 1}, {string: text} and
    {bool: true} exist too. Lists and other objects are not possible: write them as a string that holds JSON.
    Integers are 32 bit. Names under model-registrar.dev/ belong to the operator. Properties that are not named here
    are left alone."""


class ManagedSpec(EntryFields):
    """What every kind of resource has in its spec."""

    deletion_policy: DeletionPolicy | None = None
    """What becomes of the entry when this resource is deleted. Archive archives it (an artifact is marked for
    deletion), Orphan leaves it as it is. If absent, an entry that this resource created is archived and an adopted
    one is left, unless the operator was started with another default. Can be changed while the deletion waits."""
    adoption_policy: AdoptionPolicy | None = None
    """What to do when the registry already has an entry of that name that no resource owns. Adopt takes it over, Fail
    reports AdoptionRefused. If absent, the operator's default counts, which is Adopt unless it was started with
    another."""
    drift_policy: DriftPolicy | None = None
    """What to do when a field that is written here was changed in the registry. Correct writes it back, Report says so
    in the condition Drifted, Ignore does nothing. If absent, the operator's default counts, which is Correct unless it
    was started with another."""


class ArtifactFields(EntryFields):
    """What model artifacts and document artifacts have."""

    uri: Uri
    """Where the artifact is kept, such as s3://bucket/path, hf://organisation/model or oci://registry/image:tag."""
    state: ArtifactState | None = None
    """State of the artifact. If absent, the artifact is created LIVE and its state is then left alone, except that an
    artifact which was marked for deletion, deleted or abandoned is made LIVE again."""


class ModelArtifactFields(ArtifactFields):
    """What model artifacts have, as resources and inside a version."""

    model_format_name: ShortText | None = None
    """Format of the model, such as onnx, safetensors or sklearn."""
    model_format_version: ShortText | None = None
    """Version of the format, in quotes, such as '1.17'."""
    storage_key: ShortText | None = None
    """Name of the secret or data connection that opens the storage."""
    storage_path: Link | None = None
    """Path of the model inside the storage that storageKey opens."""
    service_account_name: ShortText | None = None
    """Service account that may read the model from its storage."""
    model_source_kind: ShortText | None = None
    """Kind of system that the model comes from, such as dsp or catalog."""
    model_source_class: ShortText | None = None
    """Class of the source inside its system, such as pipelinerun."""
    model_source_group: ShortText | None = None
    """Group of the source, such as a namespace or a catalog's name."""
    model_source_id: ShortText | None = None
    """ID of the source in its system."""
    model_source_name: ShortText | None = None
    """Name of the source in its system."""


FieldNames = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=64)], ...],
    Field(max_length=64),
]
PropertyNames = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)], ...],
    Field(max_length=2 * MAX_PROPERTIES),
]
"""Twice what a spec may declare: before a write, the names of the last spec and of the next one stand here."""


class EntryStatus(Frozen):
    """What the operator answers about the entry of a resource."""

    id: RegistryId | None = None
    """ID of the entry in the registry."""
    state: ShortText | None = None
    """State of the entry when the registry last told it, such as LIVE or ARCHIVED."""
    registry_url: Link | None = None
    """Address of the registry that assigned the ID."""
    owned_fields: FieldNames | None = None
    """Fields that this resource has set: one that leaves the spec is cleared in the registry."""
    owned_properties: PropertyNames | None = None
    """Custom properties that this resource has set: one that leaves the spec is removed from the registry."""
    observed_generation: Annotated[int, Field(ge=-1)] = -1
    """The metadata.generation that the operator has dealt with last; -1 before the first time."""
    synced_generation: Annotated[int | None, Field(ge=0)] = None
    """The metadata.generation that the registry's entry was brought to last: a later difference is drift."""
    last_sync_time: Timestamp | None = None
    """When the operator last wrote to the registry for this resource."""
    last_handled_reconcile_at: Annotated[str, Field(max_length=RECONCILE_REQUEST_MAX_LENGTH)] | None = None
    """Value of the annotation model-registrar.dev/reconcile-requested-at that was answered last."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16), ListMap("type")] | None = None
    """How the resource stands: Ready always; Reconciling, Stalled and Drifted only while they are True."""

    @property
    def parent_entry_id(self) -> str | None:
        """The parent entry's ID, for a kind that has one and a status that records it."""
        return getattr(self, "parent_id", None)


ManagedSpecT = TypeVar("ManagedSpecT", bound=ManagedSpec)
EntryStatusT = TypeVar("EntryStatusT", bound=EntryStatus)


class EntryResource(Resource[ManagedSpecT, EntryStatusT]):
    """A resource that stands for one entry of the registry."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(oldSelf.status) || !has(oldSelf.status.id) || "
            "(has(self.spec.name) ? self.spec.name : self.metadata.name) == "
            "(has(oldSelf.spec.name) ? oldSelf.spec.name : oldSelf.metadata.name)",
            message="spec.name cannot change once the entry has an ID in the registry (status.id); "
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
    message=f"metadata.name is longer than {MAX_CHILD_NAME_LENGTH} characters, the most the registry can keep; "
    "set a shorter spec.name",
    holds=lambda resource: len(resource.entry_name) <= MAX_CHILD_NAME_LENGTH,
)
