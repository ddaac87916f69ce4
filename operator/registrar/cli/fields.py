"""Fields that a kind does not have, and those that were probably meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from registrar.api.wording import unknown_field
from registrar.cli.json_schema import Schema, kind_schemas


@cache
def _schema(kind: str) -> Schema:
    return kind_schemas()[kind]


def unknown_fields(kind: str, body: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the path of each field that a kind does not have, and what to do about it."""
    yield from _unknown(body, _schema(kind), ())


def _unknown(value: object, schema: Schema, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, Mapping) and schema.get("type") == "object":
        fields, others = schema.get("properties", {}), schema.get("additionalProperties")
        for name, field in value.items():
            if name in fields:
                yield from _unknown(field, fields[name], (*path, name))
            elif others is False:
                yield (*path, name), unknown_field(name, fields)
    elif isinstance(value, list) and "items" in schema:
        for position, item in enumerate(value):
            yield from _unknown(item, schema["items"], (*path, position))
