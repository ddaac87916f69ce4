"""The kinds as JSON Schema, in which no field is allowed that the API server does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registrar.api.meta import API_VERSION
from registrar.api.properties import INT32_MAX, INT32_MIN, MAX_NAME_LENGTH
from registrar.api.schema import openapi_schema
from registrar.kinds.table import DEFINED

Schema = dict[str, Any]

DRAFT = "http://json-schema.org/draft-07/schema#"
"""What editors' language servers and kubeconform both know."""
_KEPT = (
    "description",
    "type",
    "enum",
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "maxProperties",
    "required",
)
_ANY_VALUE = "x-kubernetes-preserve-unknown-fields"
_TEXT = {"type": "string"}
_INTEGER = {"type": "integer", "minimum": INT32_MIN, "maximum": INT32_MAX}
_TYPED = {"string": _TEXT, "int": _INTEGER, "double": {"type": "number"}, "bool": {"type": "boolean"}}
_PROPERTY = {
    "anyOf": [
        *({"type": name} for name in ("string", "number", "boolean")),
        {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
            "properties": _TYPED,
        },
    ]
}
"""The value of a custom property. The integers' bounds do not apply to a number: a whole double looks like one."""
_TEXTS = {"type": "object", "additionalProperties": _TEXT}
_TIME = {"type": ["string", "null"]}
_OBJECTS = {"type": "array", "items": {"type": "object"}}
_METADATA = {
    "name": _TEXT,
    "generateName": _TEXT,
    "namespace": _TEXT,
    "labels": _TEXTS,
    "annotations": _TEXTS,
    "finalizers": {"type": "array", "items": _TEXT},
    "ownerReferences": _OBJECTS,
    "managedFields": _OBJECTS,
    "uid": _TEXT,
    "resourceVersion": _TEXT,
    "selfLink": _TEXT,
    "generation": {"type": "integer"},
    "creationTimestamp": _TIME,
    "deletionTimestamp": _TIME,
    "deletionGracePeriodSeconds": {"type": "integer"},
}


def kind_schemas() -> Mapping[str, Schema]:
    """Return the JSON Schema of each kind, by its name. Unknown fields are refused everywhere."""
    return {kind.KIND: {"$schema": DRAFT, **_kind(kind.KIND, openapi_schema(kind))} for kind in DEFINED}


def any_kind_schema() -> Schema:
    """Return one JSON Schema for a manifest of any kind, for a folder of them."""
    kinds = kind_schemas()
    choices = [
        {"if": {"required": ["kind"], "properties": {"kind": {"const": name}}}, "then": schema}
        for name, schema in kinds.items()
    ]
    return {
        "$schema": DRAFT,
        "type": "object",
        "required": ["apiVersion", "kind", "metadata"],
        "properties": {"apiVersion": {"enum": [API_VERSION]}, "kind": {"enum": list(kinds)}},
        "allOf": choices,
    }


def _kind(name: str, openapi: Mapping[str, Any]) -> Schema:
    schema = _closed(openapi)
    properties = {
        **schema["properties"],
        "apiVersion": {"enum": [API_VERSION]},
        "kind": {"enum": [name]},
        "metadata": {"type": "object", "additionalProperties": False, "properties": _METADATA},
    }
    required = ["apiVersion", "kind", "metadata", *schema.get("required", ())]
    return {**schema, "required": required, "properties": properties}


def _closed(node: Mapping[str, Any]) -> Schema:
    """Return a structural schema without Kubernetes' own keys, its objects closed."""
    if node.get(_ANY_VALUE) and "properties" not in node:
        return dict(_PROPERTY)
    schema = {key: node[key] for key in _KEPT if key in node}
    if "properties" in node:
        schema["properties"] = {name: _closed(field) for name, field in node["properties"].items()}
        schema["additionalProperties"] = False
    if "additionalProperties" in node:
        schema["additionalProperties"] = _closed(node["additionalProperties"])
        schema["propertyNames"] = {"minLength": 1, "maxLength": MAX_NAME_LENGTH}
    if "items" in node:
        schema["items"] = _closed(node["items"])
    return schema
