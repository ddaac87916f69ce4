"""What every entry of the registry has."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, field_validator
from pydantic.alias_generators import to_camel

Scalar = bool | int | float | str
"""A custom property's value; on the wire each carries its type."""

SupportedTypes = Scalar
"""Upstream's name for it."""

INT32_MIN = -(2**31)
INT32_MAX = 2**31 - 1


def checked_property(name: str, value: Any) -> Scalar:
    """Return a custom property's value as one of the four plain types, or refuse it.

    Args:
        name: The property's name, for the message.
        value: bool, int, float, str, one of their subclasses, or a scalar with `.item()` as numpy's have.

    Raises:
        ValueError: For every other type, for ints that need more than 32 bits (the server refuses them), and for
            NaN and infinities (JSON has none).
    """
    match value:
        case bool():
            return value
        case str():
            return str.__str__(value)
        case int() if INT32_MIN <= value <= INT32_MAX:
            return int(value)
        case int():
            raise ValueError(f"custom property {name!r}: {value} needs more than 32 bits: write it as a string")
        case float() if math.isfinite(value):
            return float(value)
        case float():
            raise ValueError(f"custom property {name!r}: {value} has no place in JSON: leave it out or write a string")
    plain = value.item() if callable(getattr(value, "item", None)) else value
    if isinstance(plain, Scalar):
        return checked_property(name, plain)
    kind = type(plain).__name__
    raise ValueError(
        f"custom property {name!r}: a value is a string, an integer, a number or a boolean, not {kind}: "
        "keep anything else as JSON in a string"
    )


def _checked_properties(properties: Any) -> Any:
    """Check a whole map; what is no map is left to pydantic's own message."""
    if not isinstance(properties, Mapping):
        return properties
    return {name: checked_property(name, value) for name, value in properties.items()}


CustomProperties = Annotated[dict[str, Scalar], BeforeValidator(_checked_properties)]

InitT = TypeVar("InitT", bound=Callable[..., None])


def name_first(init: InitT) -> InitT:
    """Mark an `__init__` that takes the name first and does nothing else of its own.

    pydantic then reads entries without calling it, which saves a quarter of the time of a long list. The mark is not
    documented (pydantic/main.py, since 2.0): without it everything works, only slower.
    """
    vars(init)["__pydantic_base_init__"] = True
    return init


class RegistryEntry(BaseModel):
    """An entry of the registry.

    For every field, None means "leave it alone" and is never sent; `""`, `[]` and `{}` clear it. Entries are equal
    when all their fields are. The name may be given as the first positional argument, and every other field by its
    name here or by the registry's own (`external_id`, `externalId`); an unknown one is refused.

    Attributes:
        name: Never changes once the entry exists.
        id: Assigned by the registry at creation: decimal digits. An entry without one does not exist yet.
        description: Free text.
        external_id: An ID of another system. Unique among models and versions together, and among artifacts; it can
            be changed, but not cleared.
        custom_properties: All of the entry's own properties by name. Sent as a whole: a property that is not in the
            map is removed. Ints have 32 bits.
        create_time_since_epoch: Milliseconds since the epoch, in decimal digits; written by the registry.
        last_update_time_since_epoch: The same; moves with every update, even one that changes nothing.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        validate_assignment=True,
        extra="forbid",  # a misspelt field must not vanish; what the server adds is dropped before (`_wire.read`)
        protected_namespaces=(),
    )

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

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return [(name, value) for name, value in super().__repr_args__() if value is not None]

    @field_validator("external_id")
    @classmethod
    def _refuse_empty_external_id(cls, value: str | None) -> str | None:
        if value == "":
            raise ValueError("an external ID cannot be empty, and the registry cannot clear one: leave it None")
        return value


BaseResourceModel = RegistryEntry
"""Upstream's name for it."""
