"""RegisteredModel: a model in the registry, the parent of its versions."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from registrar.api.meta import Column
from registrar.api.rules import WITHOUT_NUL, ListMap, refusal
from registrar.api.v1alpha1.aliases import MAX_ALIASES, PROPERTY_PREFIX, Aliases, AliasStatus, is_alias
from registrar.api.v1alpha1.common import EntryResource, EntryState, EntryStatus, ManagedSpec
from registrar.api.v1alpha1.texts import ModelName, Text

MAX_WORDS = 8192

Words = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=255), WITHOUT_NUL], ...], Field(max_length=MAX_WORDS)
]


class RegisteredModelSpec(ManagedSpec):
    """Desired state of the registered model."""

    name: ModelName | None = None
    """Name of the model in the registry; metadata.name if unset. It cannot change once the model has an ID."""
    owner: Text | None = None
    """Person or team responsible for the model."""
    state: EntryState | None = None
    """LIVE or ARCHIVED. If unset, the operator keeps the model LIVE and restores it when someone archives it."""
    readme: Text | None = None
    """Model card, in Markdown."""
    maturity: Text | None = None
    """Maturity of the model, such as Generally Available."""
    language: Words | None = None
    """Languages that the model supports, such as en. Put no (Norwegian) in quotes: YAML 1.1 reads it as false."""
    tasks: Words | None = None
    """Tasks that the model is designed for, such as text-generation."""
    provider: Text | None = None
    """Provider of the model."""
    logo: Text | None = None
    """URL of a logo, or the image itself as a data: URI."""
    license: Text | None = None
    """Short name of the licence, such as apache-2.0."""
    license_link: Text | None = None
    """URL of the licence text."""
    library_name: Text | None = None
    """Library that the model is used with, such as transformers."""
    aliases: Aliases | None = None
    """Versions of the model by the names that people and programs use for them: champion: '2026-04'. The name of the
    version is its name in the registry. The operator writes an alias as the custom property alias.<name> of the model
    once the version exists and is LIVE and, if a ModelVersion of this namespace manages it, that one is Ready. Until
    then the alias keeps its value in the registry, and the condition AliasesResolved says what it waits for."""

    @model_validator(mode="after")
    def _declare_aliases_in_their_field(self) -> Self:
        """Refuse properties that are aliases, which nobody would check. CEL sees no names of custom properties."""
        name = min((name for name in self.custom_properties or () if name.startswith(PROPERTY_PREFIX)), default=None)
        if name is not None:
            alias = name.removeprefix(PROPERTY_PREFIX)
            instead = f"move it to aliases, under the name {alias!r}" if is_alias(alias) else "choose another name"
            raise refusal("alias", f"customProperties.{name} is the property of an alias; {instead}")
        return self


class RegisteredModelStatus(EntryStatus):
    """Observed state of the registered model, such as its ID in the registry and its conditions."""

    aliases: Annotated[tuple[AliasStatus, ...], Field(max_length=MAX_ALIASES), ListMap("name")] | None = None
    """The declared aliases as this resource last wrote them. An alias that waits for its version has its old value."""


class RegisteredModel(EntryResource[RegisteredModelSpec, RegisteredModelStatus]):
    """RegisteredModel manages a registered model in the model registry. Versions refer to it by name."""

    KIND: ClassVar[str] = "RegisteredModel"
    PLURAL: ClassVar[str] = "registeredmodels"
    SINGULAR: ClassVar[str] = "registeredmodel"
    SHORT_NAME: ClassVar[str] = "rmodel"
    OWN_COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("Aliases", ".spec.aliases", "Versions of the model by alias.", wide=True),
        Column(
            "Resolved",
            '.status.conditions[?(@.type=="AliasesResolved")].status',
            "False while an alias waits for its version.",
            wide=True,
        ),
    )

    spec: RegisteredModelSpec = RegisteredModelSpec()
    """Desired state of the registered model."""
    status: RegisteredModelStatus = RegisteredModelStatus()
    """Observed state of the registered model, such as its ID in the registry and its conditions."""
