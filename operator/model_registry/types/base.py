"""The base class of all entries."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, field_validator
from pydantic.alias_generators import to_camel

Scalar = bool | int | float | str
"""The value of a custom property. In the REST API, each value carries its type."""

SupportedTypes = Scalar
"""Upstream's name for it."""

MIN_INT32 = -(2**31)
MAX_INT32 = 2**31 - 1


def checked_property(name: str, value: Any) -> Scalar:
    """Return the value of a custom property as one of the four plain types.

    Args:
        name: The property's name, for the message.
        value: A bool, int, float or str, one of their subclasses, or a scalar with `.item()`, such as numpy's.

    Raises:
        ValueError: For every other type, for ints that need more than 32 bits (the server refuses them), and for NaN
            and infinities (JSON cannot represent them).
    """
    match value:
        case bool():
            return value
        case str():
            return str.__str__(value)
        case int() if MIN_INT32 <= value <= MAX_INT32:
            return int(value)
        case int():
            raise ValueError(f"custom property {name!r}: {value} needs more than 32 bits: pass it as a string")
        case float() if math.isfinite(value):
            return float(value)
        case float():
            raise ValueError(
                f"custom property {name!r}: {value} is not valid in JSON: leave it out, or pass it as a string"
            )
    plain = value.item() if callable(getattr(value, "item", None)) else value
    if isinstance(plain, Scalar):
        return checked_property(name, plain)
    kind = type(plain).__name__
    raise ValueError(
        f"custom property {name!r}: a value must be a string, an integer, a float or a boolean, not {kind}: "
        "store anything else as JSON in a string"
    )


def _checked_properties(properties: Any) -> Any:
    """Check a whole map. pydantic reports anything but a map."""
    if not isinstance(properties, Mapping):
        return properties
    return {name: checked_property(name, value) for name, value in properties.items()}


CustomProperties = Annotated[dict[str, Scalar], BeforeValidator(_checked_properties)]

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
            missing from the map is removed. Ints have 32 bits.
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
            raise ValueError("an external ID cannot be empty, and the registry cannot clear one: pass None")
        return value


BaseResourceModel = RegistryEntry
"""Upstream's name for it."""
