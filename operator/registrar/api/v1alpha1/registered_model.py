"""RegisteredModel: a model in the registry, the parent of its versions."""

from typing import Annotated, ClassVar

from pydantic import Field

from registrar.api.v1alpha1.common import EntryResource, EntryState, EntryStatus, ManagedSpec
from registrar.api.v1alpha1.texts import ModelName, Text

MAX_WORDS = 8192

Words = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=255)], ...], Field(max_length=MAX_WORDS)]


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


class RegisteredModelStatus(EntryStatus):
    """Observed state of the registered model, such as its ID in the registry and its conditions."""


class RegisteredModel(EntryResource[RegisteredModelSpec, RegisteredModelStatus]):
    """RegisteredModel manages a registered model in the model registry. Versions refer to it by name."""

    KIND: ClassVar[str] = "RegisteredModel"
    PLURAL: ClassVar[str] = "registeredmodels"
    SINGULAR: ClassVar[str] = "registeredmodel"
    SHORT_NAME: ClassVar[str] = "rmodel"

    spec: RegisteredModelSpec = RegisteredModelSpec()
    """Desired state of the registered model."""
    status: RegisteredModelStatus = RegisteredModelStatus()
    """Observed state of the registered model, such as its ID in the registry and its conditions."""
