"""Custom properties: from the JSON of a request to stored values, and back.

In JSON a property is ``{"metadataType": "MetadataIntValue", "int_value": "42"}``. Whole numbers are sent as text,
floating point numbers without a zero fraction (1.0 is 1). A struct is sent as base64 but returned as JSON text, so what
was read cannot be written back: the real server refuses to PATCH an entry with a struct, and so does this one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from local_registry import structs
from local_registry.errors import BadRequestError, MalformedRequestError
from local_registry.integers import integer

EXPERIMENT: Final = {"experimentId": "experiment_id", "experimentRunId": "experiment_run_id"}
"""Fields of an artifact -> the properties that hold them. The real server leaves these out of the custom properties."""

_TYPES: Final[dict[str, tuple[str, Any]]] = {
    "MetadataStringValue": ("string_value", ""),
    "MetadataIntValue": ("int_value", ""),
    "MetadataDoubleValue": ("double_value", 0.0),
    "MetadataBoolValue": ("bool_value", False),
    "MetadataStructValue": ("struct_value", ""),
    "MetadataProtoValue": ("proto_value", ""),
}
"""metadataType -> (JSON name of the value, its default)."""


@dataclass(frozen=True)
class Property:
    """A stored property: the column of the property table that contains its value, and the value."""

    column: str
    value: Any


@dataclass(frozen=True)
class WireProperty:
    """A property as sent: well formed JSON whose value is not yet checked. An unknown type is ""."""

    type: str
    value: Any


def read(source: object) -> dict[str, WireProperty]:
    """Return the ``customProperties`` of a body.

    Raises:
        MalformedRequestError: If it is not an object of objects, or a value does not match its ``metadataType``.
    """
    if not isinstance(source, dict):
        raise MalformedRequestError(f"json: cannot unmarshal {json_type(source)} into field customProperties")
    return {name: _read_one(value) for name, value in source.items()}


def convert(properties: Mapping[str, WireProperty]) -> dict[str, Property]:
    """Return the properties to store.

    Raises:
        BadRequestError: If a type is unknown, a whole number exceeds 32 bits, or a struct is not base64 of a JSON
            object.
    """
    try:
        return {name: _convert_one(name, sent) for name, sent in properties.items()}
    except BadRequestError as error:
        raise BadRequestError(
            f"error setting field CustomProperties: bad request: {error.message.removesuffix(error.suffix)}"
        ) from error


def check_writable(properties: Mapping[str, Property]) -> None:
    """Refuse an update that keeps a struct, as the real server does: it writes back what it has read.

    Raises:
        BadRequestError: If one of the properties is a struct.
    """
    for name, stored in properties.items():
        if stored.column == "json_value":
            raise BadRequestError(
                "error setting field CustomProperties: bad request: "
                f"unable to decode illegal base64 data at input byte 0 for key {name}"
            )


def to_wire(properties: Mapping[str, Property]) -> dict[str, dict[str, Any]]:
    """Return the ``customProperties`` of a response."""
    return {name: _to_wire_one(stored) for name, stored in shown(properties).items()}


def shown(properties: Mapping[str, Property]) -> dict[str, Property]:
    """Return the properties that the real server reads, and writes back where an update leaves them out."""
    hidden = EXPERIMENT.values()
    return {name: stored for name, stored in properties.items() if name not in hidden}


def experiment(properties: Mapping[str, Property]) -> dict[str, str]:
    """Return the fields of an artifact that are stored as whole numbers among its properties."""
    found = {field: properties[name] for field, name in EXPERIMENT.items() if name in properties}
    return {field: str(stored.value) for field, stored in found.items() if stored.column == "int_value"}


def number(value: float) -> float | int:
    """Return a floating point number as the real server writes it: without a zero fraction."""
    return int(value) if value.is_integer() and abs(value) < 1e21 else value  # noqa: PLR2004 - from here on, Go writes exponents


def json_type(value: object) -> str:
    """Return the name of a JSON value's type in the real server's messages."""
    names: dict[type, str] = {
        str: "string",
        bool: "bool",
        int: "number",
        float: "number",
        list: "array",
        dict: "object",
    }
    return names.get(type(value), "null")


def _read_one(source: object) -> WireProperty:
    if source is None:
        return WireProperty("", None)
    if not isinstance(source, dict):
        raise MalformedRequestError("failed to unmarshal JSON into map for the discriminator lookup")
    metadata_type = source.get("metadataType")
    if not isinstance(metadata_type, str) or metadata_type not in _TYPES:
        return WireProperty("", None)
    field, default = _TYPES[metadata_type]
    value = next((item for key, item in source.items() if key.lower() == field), None)
    if value is None:
        value = default
    if type(default) is float and type(value) is int:
        value = _as_float(value)
    if type(value) is not type(default):
        raise MalformedRequestError(
            f"failed to unmarshal MetadataValue as {metadata_type}: json: cannot unmarshal {json_type(value)} "
            f"into Go struct field {metadata_type}.{field} of type {json_type(default)}"
        )
    return WireProperty(metadata_type, value)


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise MalformedRequestError("json: cannot unmarshal number into a field of type float64") from error


def _convert_one(name: str, sent: WireProperty) -> Property:
    match sent.type:
        case "MetadataIntValue":
            try:
                return Property("int_value", integer(sent.value, "unable to decode as int64 invalid numeric string"))
            except BadRequestError as error:
                raise BadRequestError(f"{error.message.removesuffix(error.suffix)} for key {name}") from error
        case "MetadataStructValue":
            return Property("json_value", _struct(name, sent.value))
        case "MetadataStringValue" | "MetadataDoubleValue" | "MetadataBoolValue":
            return Property(_TYPES[sent.type][0], sent.value)
        case _:
            raise BadRequestError(f"metadataType not found for {name}: {{<nil> <nil> <nil> <nil> <nil> <nil>}}")


def _struct(name: str, encoded: str) -> str:
    try:
        return structs.read(encoded)
    except (ValueError, RecursionError) as error:
        raise BadRequestError(
            f"unable to decode struct_value, which must be base64 of a JSON object, for key {name}"
        ) from error


def _to_wire_one(stored: Property) -> dict[str, Any]:
    match stored.column, stored.value:
        case "int_value", value:
            return {"int_value": str(value), "metadataType": "MetadataIntValue"}
        case "double_value", value:
            return {"double_value": number(value), "metadataType": "MetadataDoubleValue"}
        case "bool_value", value:
            return {"bool_value": value, "metadataType": "MetadataBoolValue"}
        case "json_value", text:
            return {"metadataType": "MetadataStructValue", "struct_value": text}
        case _, value:
            return {"metadataType": "MetadataStringValue", "string_value": value}
