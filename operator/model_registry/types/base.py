"""The base class of all entries."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, field_validator
from pydantic.alias_generators import to_camel

from model_registry.types.properties import CustomProperties

BEFORE = "_before"

InitT = TypeVar("InitT", bound=Callable[..., None])


def name_first(init: InitT) -> InitT:
    """Mark an `__init__` that accepts a positional name and does nothing else.

    pydantic then reads entries without calling it, which saves a quarter of the time for a long list. The mark is not
    documented (pydantic/main.py, since 2.0). Without it everything works, but more slowly.
    """
    vars(init)["__pydantic_base_init__"] = True
    return init


class RegistryEntry(BaseModel):
    """An entry of the registry.

    For every field, None means "keep the current value" and is never sent. `""`, `[]` and `{}` clear a field. Entries
    are equal if all their fields are equal. The name may be passed as the first positional argument, and every other
    field by its Python name or by the registry's name (`external_id`, `externalId`). Unknown fields are refused.

    Attributes:
        name: Cannot be changed after creation.
        id: Decimal digits, assigned by the registry at creation. An entry without an ID does not exist yet.
        description: Free text.
        external_id: An ID from another system. Unique among models and versions together, and among artifacts. It can
            be changed, but not cleared.
        custom_properties: All custom properties of the entry, by name. They are sent as a whole: a property that is
            missing from the map is removed. Ints have 32 bits. A value of a type that the client does not write is an
            `OpaqueProperty`, and a map that contains a `StructProperty` can be sent as it was read.
        create_time_since_epoch: Milliseconds since the epoch, as decimal digits. Written by the registry.
        last_update_time_since_epoch: The same, for the last update, even if that changed nothing.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        validate_assignment=True,
        extra="forbid",  # a misspelt field must not be lost. `_wire.read_entry` drops what the server adds
        protected_namespaces=(),
    )

    IMMUTABLE: ClassVar[tuple[str, ...]] = ("name",)
    """The fields that the registry cannot change on an entry."""

    name: str | None = None
    id: str | None = None
    description: str | None = None
    external_id: str | None = None
    custom_properties: CustomProperties | None = None
    create_time_since_epoch: str | None = None
    last_update_time_since_epoch: str | None = None

    @name_first
    def __init__(self, name: str | None = None, /, **data: Any) -> None:
        if name is not None:
            if "name" in data:
                raise TypeError(f"{type(self).__name__}() got the name twice: as {name!r} and as name={data['name']!r}")
            data["name"] = name
        super().__init__(**data)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.IMMUTABLE and self.id and (before := getattr(self, name)) is not None:
            # Not a field, so it is not compared, dumped or sent. Copies share it, so it is replaced, not changed.
            vars(self)[BEFORE] = {name: before, **vars(self).get(BEFORE, {})}
        super().__setattr__(name, value)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy. The values of `update` are assigned to it, and checked as any other assignment."""
        copied = super().model_copy(deep=deep)
        for name, value in (update or {}).items():
            setattr(copied, name, value)
        return copied

    def changed_identity(self) -> dict[str, Any]:
        """Return the values before of the fields that were assigned although the registry cannot change them."""
        before: dict[str, Any] = vars(self).get(BEFORE, {}) if self.id else {}
        return {name: value for name, value in before.items() if value != getattr(self, name)}

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return [(name, value) for name, value in super().__repr_args__() if value is not None]

    @field_validator("external_id")
    @classmethod
    def _refuse_empty_external_id(cls, value: str | None) -> str | None:
        if value == "":
            raise ValueError("an external ID cannot be empty, and the registry cannot clear one: pass None")
        return value


BaseResourceModel = RegistryEntry
"""Upstream's name for it."""
