"""Custom properties: the four types that the client writes, and the others, which it does not change."""

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

Scalar = bool | int | float | str
"""The value of a custom property. In the REST API, each value carries its type."""

SupportedTypes = Scalar
"""Upstream's name for it."""

MIN_INT32 = -(2**31)
MAX_INT32 = 2**31 - 1

Json = dict[str, Any] | list[Any] | str | int | float | bool | None


class OpaqueProperty:
    """The value of a custom property of a type that this client cannot create. It is immutable.

    Two are equal if the registry returned the same JSON for both. An update that sends one that is not a
    `StructProperty` is refused, because the registry does not accept it.

    Args:
        tagged: The JSON object in which the registry returned it.
    """

    __slots__ = ("_text",)

    def __init__(self, tagged: Json) -> None:
        self._text = json.dumps(tagged, sort_keys=True)

    @property
    def tagged(self) -> Any:
        """The JSON object in which the registry returned it."""
        return json.loads(self._text)

    @property
    def metadata_type(self) -> str:
        """The registry's name for the type, or "unknown" if the registry did not send one."""
        tagged = self.tagged
        found = tagged.get("metadataType") if isinstance(tagged, dict) else None
        return found if isinstance(found, str) and found else "unknown"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OpaqueProperty) and (type(other), other._text) == (type(self), self._text)

    def __hash__(self) -> int:
        return hash((type(self), self._text))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.tagged!r})"

    def __reduce__(self) -> tuple[type[Self], tuple[Any]]:
        return type(self), (self.tagged,)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: type[Any], _handler: GetCoreSchemaHandler) -> CoreSchema:
        as_json = core_schema.plain_serializer_function_ser_schema(lambda value: value.tagged, when_used="json")
        return core_schema.is_instance_schema(cls, serialization=as_json)


class StructProperty(OpaqueProperty):
    """A custom property of the type `MetadataStructValue`: a JSON object.

    The registry returns it as JSON text, but accepts only the base64 encoding of that text. The client encodes it when
    it sends the map that contains it.
    """

    __slots__ = ()

    @property
    def text(self) -> str:
        """The JSON text that the registry returned."""
        text: str = self.tagged["struct_value"]
        return text

    @property
    def value(self) -> Json:
        """The decoded JSON, or the text itself if it is not JSON."""
        try:
            decoded: Json = json.loads(self.text)
        except (ValueError, RecursionError):
            return self.text
        return decoded


class ProtoProperty(OpaqueProperty):
    """A custom property of the type `MetadataProtoValue`: a serialised Protocol Buffers message."""

    __slots__ = ()


PropertyValue = Scalar | OpaqueProperty
"""The value of a custom property of an entry."""


def opaque_property(tagged: Any) -> OpaqueProperty:
    """Return the property in a JSON value of a type that this client does not write."""
    match tagged:
        case {"metadataType": "MetadataStructValue", "struct_value": str()}:
            return StructProperty(tagged)
        case {"metadataType": "MetadataProtoValue"}:
            return ProtoProperty(tagged)
    return OpaqueProperty(tagged)


def checked_property(name: str, value: Any) -> PropertyValue:
    """Return the value of a custom property as one of the plain types, or an opaque one unchanged.

    Args:
        name: The property's name, for the message.
        value: A bool, int, float or str, one of their subclasses, a scalar with `.item()`, such as numpy's, or an
            `OpaqueProperty`.

    Raises:
        ValueError: For every other type, for ints that need more than 32 bits (the server refuses them), and for NaN
            and infinities (JSON cannot represent them).
    """
    match value:
        case bool() | OpaqueProperty():
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
    plain = _item(value)
    if isinstance(plain, Scalar):
        return checked_property(name, plain)
    kind = type(plain).__name__
    raise ValueError(
        f"custom property {name!r}: a value must be a string, an integer, a float or a boolean, not {kind}: "
        "store anything else as JSON in a string"
    )


def _item(value: Any) -> Any:
    """Return the plain value of a scalar of another library, or anything else unchanged."""
    try:
        return value.item() if callable(getattr(value, "item", None)) else value
    except ValueError:  # an array of several numbers
        return value


def _checked_properties(properties: Any) -> Any:
    """Check a whole map. pydantic reports anything but a map."""
    if not isinstance(properties, Mapping):
        return properties
    return {name: checked_property(name, value) for name, value in properties.items()}


CustomProperties = Annotated[dict[str, PropertyValue], BeforeValidator(_checked_properties)]
