"""RegisteredModel: a model of the registry, above its versions."""

from typing import Annotated, ClassVar

from pydantic import Field

from registrar.api.v1alpha1.common import (
    EntryResource,
    EntryState,
    EntryStatus,
    Link,
    ManagedSpec,
    ModelName,
    ShortText,
)

Words = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=255)], ...], Field(max_length=64)]


class RegisteredModelSpec(ManagedSpec):
    """What the registered model shall be."""

    name: ModelName | None = None
    """Name of the model in the registry; metadata.name if absent. Cannot change once the model has an ID."""
    owner: ShortText | None = None
    """Person or team that answers for the model."""
    state: EntryState | None = None
    """LIVE or ARCHIVED. Absent means LIVE: a model archived by somebody else is made LIVE again."""
    readme: Annotated[str, Field(max_length=131072)] | None = None
    """Model card, in Markdown."""
    maturity: ShortText | None = None
    """How mature the model is, such as Generally Available."""
    language: Words | None = None
    """Languages that the model understands, such as en."""
    tasks: Words | None = None
    """Tasks that the model is made for, such as text-generation."""
    provider: ShortText | None = None
    """Who provides the model."""
    logo: Annotated[str, Field(max_length=65536)] | None = None
    """Address of a logo, or the picture itself as a data: URI."""
    license: ShortText | None = None
    """Short name of the licence, such as apache-2.0."""
    license_link: Link | None = None
    """Address of the licence's text."""
    library_name: ShortText | None = None
    """Library that the model is used with, such as transformers."""


class RegisteredModelStatus(EntryStatus):
    """What the operator answers: the model's ID and how its entry stands."""


class RegisteredModel(EntryResource[RegisteredModelSpec, RegisteredModelStatus]):
    """RegisteredModel is a model of the model registry, kept as its spec says. Versions refer to it by name."""

    KIND: ClassVar[str] = "RegisteredModel"
    PLURAL: ClassVar[str] = "registeredmodels"
    SINGULAR: ClassVar[str] = "registeredmodel"
    SHORT_NAME: ClassVar[str] = "rmodel"

    spec: RegisteredModelSpec
    """What the registered model shall be."""
    status: RegisteredModelStatus = RegisteredModelStatus()
    """What the operator answers: the model's ID and how its entry stands."""
