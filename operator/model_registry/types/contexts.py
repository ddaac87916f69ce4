"""Registered models and their versions."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from .base import RegistryEntry, name_first

# Each class has an `__init__` of its own: type checkers would make one up that takes no positional name.


class RegisteredModelState(StrEnum):
    """State of a registered model."""

    LIVE = "LIVE"
    ARCHIVED = "ARCHIVED"


class ModelVersionState(StrEnum):
    """State of a model version."""

    LIVE = "LIVE"
    ARCHIVED = "ARCHIVED"


class RegisteredModel(RegistryEntry):
    """A model: the name under which its versions are gathered.

    Attributes:
        name: Unique among the models of a registry.
        state: None leaves it alone; the registry makes new models LIVE. A state unknown to this client stays text.
        owner: Free text.
        readme: The model card, Markdown.
        maturity: Free text, such as "Generally Available".
        language: Language codes.
        tasks: What the model can do, such as "text-generation".
        provider: Who made it.
        logo: A URI; `data:` is usual.
        license: Short name of the licence.
        license_link: Where its text is.
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
        state: None leaves it alone; the registry makes new versions LIVE. A state unknown to this client stays text.
        author: Free text.
        registered_model_id: ID of the model it belongs to; never changes.
    """

    name: str
    state: Annotated[ModelVersionState | str, Field(union_mode="left_to_right")] | None = None
    author: str | None = None
    registered_model_id: str | None = None

    @name_first
    def __init__(self, name: str | None = None, /, **data: Any) -> None:
        super().__init__(name, **data)
