"""Request bodies: from JSON to the fields of a kind, with the errors of the real server's decoder."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from local_registry import properties
from local_registry.errors import MalformedRequestError
from local_registry.kinds import Kind
from local_registry.properties import WireProperty, json_type


@dataclass(frozen=True)
class Body:
    """The entry in a request.

    Attributes:
        fields: JSON name -> value, for every field that was sent and is not null: text or lists of text.
        custom: The custom properties that replace those of the entry. None keeps them.
    """

    fields: Mapping[str, Any]
    custom: Mapping[str, WireProperty] | None

    def text(self, name: str) -> str | None:
        """Return a text field, or None if it was not sent."""
        value: str | None = self.fields.get(name)
        return value


def parse(raw: bytes) -> dict[str, Any]:
    """Return the JSON object in a body. Text after the object is ignored, and ``null`` is an empty object.

    Raises:
        MalformedRequestError: If the body is not JSON, or not an object.
    """
    text = raw.decode("utf-8", errors="replace").lstrip(" \t\r\n")
    if not text:
        raise MalformedRequestError("EOF")
    try:
        value, _ = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite).raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise MalformedRequestError(f"invalid character or unexpected end of JSON input: {error}") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MalformedRequestError(f"json: cannot unmarshal {json_type(value)} into an object")
    return {_well_formed(key): _well_formed(item) for key, item in value.items()}


def read(kind: Kind, source: Mapping[str, Any], *, extra: Iterable[str] = (), strict: bool = True) -> Body:
    """Return the fields of a kind.

    Field names are case-insensitive, as in the real server's decoder.

    Args:
        kind: The kind that defines the fields.
        source: The body's JSON object.
        extra: Text fields that this request accepts in addition to the kind's own, such as "name".
        strict: Refuse unknown fields, and use the kind's default state if the body does not contain ``state``.

    Raises:
        MalformedRequestError: If a field is unknown, or a value has the wrong type.
    """
    known = {name.lower(): name for name in (*_names(kind), *extra)}
    fields: dict[str, Any] = {"state": kind.default_state} if strict else {}
    custom: Mapping[str, WireProperty] | None = None
    for key, value in source.items():
        name = known.get(key.lower())
        if name is None:
            if strict:
                raise MalformedRequestError(f'json: unknown field "{key}"')
        elif value is None:
            fields.pop(name, None)
        elif name == "customProperties":
            custom = properties.read(value)
        else:
            fields[name] = _field(kind, name, value)
    return Body(fields, custom)


def read_artifact(kind: Kind, source: Mapping[str, Any], *, extra: Iterable[str] = ()) -> Body:
    """Return the fields of an artifact whose kind is in the body. Unknown fields are ignored, ``state`` has no default.

    Raises:
        MalformedRequestError: If a value has the wrong type.
    """
    try:
        return read(kind, source, extra=extra, strict=False)
    except MalformedRequestError as error:
        raise MalformedRequestError(f"failed to unmarshal Artifact as {kind.label}: {error.message}") from error


def _names(kind: Kind) -> tuple[str, ...]:
    artifact = ("uri", "artifactType") if kind.is_artifact else ()
    return ("customProperties", "externalId", "state", *artifact, *kind.texts, *kind.lists)


def _field(kind: Kind, name: str, value: object) -> object:
    if name in kind.lists:
        if isinstance(value, list) and all(item is None or isinstance(item, str) for item in value):
            return [item or "" for item in value]
        raise MalformedRequestError(f"json: cannot unmarshal {json_type(value)} into field {name} of type []string")
    if not isinstance(value, str):
        raise MalformedRequestError(
            f"json: cannot unmarshal {json_type(value)} into Go struct field {name} of type string"
        )
    if name == "state" and value not in kind.states:
        raise MalformedRequestError(f"{value} is not a valid {kind.state_type}")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise ValueError(f"{text} is out of range")
    return value


def _well_formed(value: Any) -> Any:
    """Return the value with U+FFFD in place of every lone surrogate (half a character, which JSON can escape)."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case list():
            return [_well_formed(item) for item in value]
        case dict():
            return {_well_formed(key): _well_formed(item) for key, item in value.items()}
        case _:
            return value
