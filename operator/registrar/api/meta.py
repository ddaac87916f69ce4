"""Names of the API group, and the parts that every kind of resource shares.

Resources are parsed from the JSON that the API server sends (camelCase keys) into frozen objects with snake_case
attributes: ``RegisteredModel.model_validate(body)``. Unknown fields are ignored: the API server prunes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Generic, Self, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from registrar.api.docstrings import field_docstrings
from registrar.api.rules import Rule, with_rules

GROUP = "model-registrar.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
CATEGORY = "model-registry"

RESERVED_PREFIX = f"{GROUP}/"
"""Custom properties, annotations and finalizers under this prefix belong to the operator."""

FINALIZER = f"{RESERVED_PREFIX}archive"
OWNER_PROPERTY = f"{RESERVED_PREFIX}owner"
PAUSED_ANNOTATION = f"{RESERVED_PREFIX}paused"
RECONCILE_REQUESTED_ANNOTATION = f"{RESERVED_PREFIX}reconcile-requested-at"
TAKE_OVER_ANNOTATION = f"{RESERVED_PREFIX}take-over"

LAST_APPLIED_ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"
"""What kubectl keeps of a client-side apply: a copy of the manifest."""

RECONCILE_REQUEST_MAX_LENGTH = 1024
"""Of a request's value this many characters are compared and kept in the status: an annotation may hold 256 KiB."""


def _whole_seconds(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(microsecond=0)


def _rfc3339(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


Timestamp = Annotated[AwareDatetime, AfterValidator(_whole_seconds), PlainSerializer(_rfc3339, when_used="always")]
"""A metav1.Time: UTC, cut to whole seconds, so that a value equals itself after a round trip."""


class Frozen(BaseModel):
    """An immutable part of a resource: camelCase outside, snake_case inside, docstrings as field descriptions."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        populate_by_name=True,
        # pydantic before 2.10 keeps names that begin with model_ to itself: modelFormatName is ours.
        protected_namespaces=(),
    )

    RULES: ClassVar[tuple[Rule, ...]] = ()
    """Conditions over several fields, enforced by the API server and again when parsed."""

    @model_validator(mode="after")
    def _keep_rules(self) -> Self:
        for rule in self.RULES:
            rule.check(self)
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = handler(schema)
        found = handler.resolve_ref_schema(described)
        for attribute, text in field_docstrings(cls).items():
            if (field := cls.model_fields.get(attribute)) is not None:
                found["properties"][field.alias or attribute].setdefault("description", text)
        if cls.RULES:
            found.update(with_rules(found, cls.RULES))
        return described


@dataclass(frozen=True, slots=True)
class Column:
    """A column of ``kubectl get``.

    Attributes:
        name: its header.
        path: JSONPath of its value.
        description: what the value means.
        type: how kubectl prints the value: string, integer, boolean or date.
        wide: whether it shows with ``-o wide`` only.
    """

    name: str
    path: str
    description: str
    type: str = "string"
    wide: bool = False

    def as_manifest(self) -> dict[str, str | int]:
        """One item of ``additionalPrinterColumns``."""
        manifest: dict[str, str | int] = {
            "name": self.name,
            "type": self.type,
            "jsonPath": self.path,
            "description": self.description,
        }
        if self.wide:
            manifest["priority"] = 1
        return manifest


def is_paused(annotations: Mapping[str, str]) -> bool:
    """Return whether a resource is paused: by any value but ``false``, so that a misspelt one writes nothing.

    ``discovery.lua`` in ``integrations/argocd`` decides the same. Its Lua cannot strip white space, so this does not
    either.
    """
    return annotations.get(PAUSED_ANNOTATION, "").lower() not in {"", "false"}


def takes_over(annotations: Mapping[str, str]) -> bool:
    """Return whether a resource may take its entry from the owner that the stamp names: by ``true`` alone."""
    return annotations.get(TAKE_OVER_ANNOTATION) == "true"


class ObjectMeta(Frozen):
    """The part of a resource's metadata that the operator reads."""

    name: str
    namespace: str = ""
    """Empty for a kind that belongs to no namespace."""
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: str = ""
    """RFC 3339 in UTC, so that text order is time order."""
    deletion_timestamp: str | None = None
    finalizers: tuple[str, ...] = ()
    annotations: Mapping[str, str] = Field(default_factory=dict)

    @property
    def terminating(self) -> bool:
        """Whether the resource was deleted and waits for its finalizers."""
        return self.deletion_timestamp is not None

    @property
    def paused(self) -> bool:
        """Whether the user paused the resource."""
        return is_paused(self.annotations)

    @property
    def take_over(self) -> bool:
        """Whether the user allows taking the entry from the owner that its stamp names."""
        return takes_over(self.annotations)

    @property
    def reconcile_requested_at(self) -> str | None:
        """The value of the last reconcile request, cut to what the status can hold; None without a request."""
        value = self.annotations.get(RECONCILE_REQUESTED_ANNOTATION)
        return None if value is None else value[:RECONCILE_REQUEST_MAX_LENGTH]


SpecT = TypeVar("SpecT", bound=Frozen)
StatusT = TypeVar("StatusT", bound=Frozen)


class Resource(Frozen, Generic[SpecT, StatusT]):
    """A resource as the API server keeps it.

    Raises:
        pydantic.ValidationError: from ``model_validate``, for a spec that the schema could not refuse;
            ``registrar.api.validation.describe`` turns it into a sentence for the user.
    """

    KIND: ClassVar[str]
    PLURAL: ClassVar[str]
    SINGULAR: ClassVar[str]
    SHORT_NAME: ClassVar[str]
    SCOPE: ClassVar[str] = "Namespaced"
    CATEGORIES: ClassVar[tuple[str, ...]] = (CATEGORY,)
    COLUMNS: ClassVar[tuple[Column, ...] | None] = None
    """What ``kubectl get`` shows of a kind that manages no entry."""
    PARENT_COLUMNS: ClassVar[tuple[Column, ...]] = ()
    """What ``kubectl get`` shows of the resource's parent."""
    OWN_COLUMNS: ClassVar[tuple[Column, ...]] = ()
    """What ``kubectl get`` shows of this kind alone."""
    SELECTABLE_FIELDS: ClassVar[tuple[str, ...]] = (".status.id",)
    """What ``kubectl get --field-selector`` can select by."""

    api_version: str = API_VERSION
    """Version of this schema: model-registrar.dev/v1alpha1."""
    kind: str
    """Kind of this resource."""
    metadata: ObjectMeta
    spec: SpecT
    status: StatusT
