"""Registered models and their versions."""

from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from model_registry.types.base import RegistryEntry, name_first

# Each class defines `__init__`: the one that type checkers infer accepts no positional name.


class RegisteredModelState(StrEnum):
    """State of a registered model."""

    LIVE = "LIVE"
    ARCHIVED = "ARCHIVED"


class ModelVersionState(StrEnum):
    """State of a model version."""

    LIVE = "LIVE"
    ARCHIVED = "ARCHIVED"


class RegisteredModel(RegistryEntry):
    """A registered model, which groups its versions.

    Attributes:
        name: Unique among the models of a registry.
        state: None keeps the current state. New models are LIVE. A state unknown to this client stays text.
        owner: Free text.
        readme: The model card, in Markdown.
        maturity: Free text, such as "Generally Available".
        language: Language codes.
        tasks: What the model can do, such as "text-generation".
        provider: Who created it.
        logo: A URI, usually `data:`.
        license: Short name of the licence.
        license_link: URL of the licence's text.
        library_name: The library that loads the model.
    """

    name: str
    state: Annotated[RegisteredModelState | str, Field(union_mode="left_to_right")] | None = None
    owner: str | None = None
    readme: str | None = None
    maturity: str | None = None
    language: list[str] | None = None
    tasks: list[str] | None = None
    provider: str | None = None
    logo: str | None = None
    license: str | None = None
    license_link: str | None = None
    library_name: str | None = None

    @name_first
    def __init__(self, name: str | None = None, /, **data: Any) -> None:
        super().__init__(name, **data)


class ModelVersion(RegistryEntry):
    """A version of a registered model.

    Attributes:
        name: Unique among the versions of its model.
        state: None keeps the current state. New versions are LIVE. A state unknown to this client stays text.
        author: Free text.
        registered_model_id: ID of the model it belongs to. It never changes.
    """

    IMMUTABLE: ClassVar[tuple[str, ...]] = ("name", "registered_model_id")

    name: str
    state: Annotated[ModelVersionState | str, Field(union_mode="left_to_right")] | None = None
    author: str | None = None
    registered_model_id: str | None = None

    @name_first
    def __init__(self, name: str | None = None, /, **data: Any) -> None:
        super().__init__(name, **data)
