"""Fields that a kind does not have, and those that were probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

from registrar.cli.json_schema import Schema, kind_schemas

_CUTOFF = 0.6
"""How alike two names are for one to be a misspelling of the other, as difflib measures it."""


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
                yield (*path, name), f"unknown field; {_advice(name, fields)}"
    elif isinstance(value, list) and "items" in schema:
        for position, item in enumerate(value):
            yield from _unknown(item, schema["items"], (*path, position))


def _advice(name: str, known: Collection[str]) -> str:
    meant = meant_by(name, known)
    return "remove it" if meant is None else f"did you mean {meant}?"


def meant_by(word: str, known: Collection[str]) -> str | None:
    """Return the known word that was most likely meant, whatever its case; None if there is none like it."""
    by_lower_case = {each.lower(): each for each in known}
    close = difflib.get_close_matches(word.lower(), by_lower_case, n=1, cutoff=_CUTOFF)
    return by_lower_case[close[0]] if close else None
