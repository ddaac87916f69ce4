"""Parts of the JSON Schemas of what commands print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TEXTS: Schema = {"type": "array", "items": TEXT}
COUNT: Schema = {"type": "integer", "minimum": 0}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}


def record(properties: Mapping[str, Any], *, optional: Mapping[str, Any] | None = None) -> Schema:
    """Return an object; further fields are allowed, because a later minor version may add some."""
    return {"type": "object", "required": list(properties), "properties": {**properties, **(optional or {})}}


def array(items: Schema) -> Schema:
    """Return a list of these."""
    return {"type": "array", "items": items}


def nullable(schema: Schema) -> Schema:
    """Return this, or null."""
    return {"oneOf": [schema, {"type": "null"}]}


def version_pattern(version: str) -> Schema:
    """Return a format's version: any minor one of its major one."""
    return {"type": "string", "pattern": rf"^{version.partition('.')[0]}\.\d+$"}
