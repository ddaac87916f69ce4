"""Request bodies: JSON to the fields of a kind, refused as the real server's decoder refuses."""

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
    """What a request says of an entry.

    Attributes:
        fields: JSON name -> value, of every field that was sent and not null: text or lists of text.
        custom: the custom properties that replace those of the entry; None leaves them alone.
    """

    fields: Mapping[str, Any]
    custom: Mapping[str, WireProperty] | None

    def text(self, name: str) -> str | None:
        """A text field, or None if it was not sent."""
        value: str | None = self.fields.get(name)
        return value


def parse(raw: bytes) -> dict[str, Any]:
    """The JSON object of a body. What follows the object is not looked at, and ``null`` is an empty object.

    Raises:
        MalformedRequestError: no JSON, or no object.
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
    """The fields of a kind.

    Field names match whatever their case, as they do in the real server's decoder.

    Args:
        kind: says which fields there are.
        source: the body's JSON object.
        extra: text fields that this request may carry beside the kind's own, such as "name".
        strict: refuse fields that are unknown, and give an entry whose ``state`` is not mentioned the kind's default.

    Raises:
        MalformedRequestError: an unknown field, or a value of the wrong type.
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
    """The fields of an artifact whose kind the body itself says: unknown ones are overlooked, ``state`` has no default.

    Raises:
        MalformedRequestError: a value of the wrong type.
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
    """The value with every lone surrogate (half a character, as JSON can escape it) as U+FFFD."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case list():
            return [_well_formed(item) for item in value]
        case dict():
            return {_well_formed(key): _well_formed(item) for key, item in value.items()}
        case _:
            return value
