"""Generates the CustomResourceDefinitions from the resource models.

pydantic describes the models in JSON Schema. Kubernetes needs a structural schema: no references, no unions with null,
no titles, and its own ``x-kubernetes-*`` keys, which the models carry (``registrar.api.rules``). Defaults are left out,
because a field that the API server fills in would differ from Git for ever. Only ``status`` has a default: a resource
that the operator has not seen yet must not look settled (kstatus).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from registrar.api.meta import GROUP, VERSION, Column, Resource
from registrar.api.rules import VALIDATIONS, WITHOUT_NUL, matching

_REFERENCE = "#/$defs/"
_LEADING_KEYS = ("description", "type")
_UNSUPPORTED_KEYS = ("title", "propertyNames")


class StructuralSchema(GenerateJsonSchema):
    """Generates the structural schema of a model."""

    def generate(self, schema: CoreSchema, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        """Return the schema with every reference inlined."""
        document = super().generate(schema, mode)
        return _structural(document, document.pop("$defs", {}))

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Return the schema of ``X`` for ``X | None``: the field may be absent, but never null."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave the default out: the operator applies it."""
        return self.generate_inner(schema["schema"])

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        """Return a 64-bit integer, as in every Kubernetes API."""
        return {**super().int_schema(schema), "format": "int64"}


def _structural(node: JsonSchemaValue, definitions: Mapping[str, JsonSchemaValue]) -> JsonSchemaValue:
    """Inline references and drop the keys that a structural schema must not contain, in all nested schemas."""
    if "allOf" in node:  # how pydantic before 2.9 puts a reference beside a description
        (only,) = node["allOf"]
        node = {**only, **{key: value for key, value in node.items() if key != "allOf"}}
    if "$ref" in node:
        named = definitions[node["$ref"].removeprefix(_REFERENCE)]
        node = {**named, **{key: value for key, value in node.items() if key != "$ref"}}
    result = {key: node[key] for key in _LEADING_KEYS if key in node}
    result.update((key, value) for key, value in node.items() if key not in _UNSUPPORTED_KEYS)
    if "description" in result:
        result["description"] = " ".join(result["description"].split())
    if "properties" in result:
        required = node.get("required", [])
        names = sorted(node["properties"], key=lambda name: name not in required)
        result["properties"] = {name: _structural(node["properties"][name], definitions) for name in names}
    for key in ("items", "additionalProperties"):
        if key in result:
            result[key] = _structural(result[key], definitions)
    return result


def openapi_schema(resource: type[Resource[Any, Any]]) -> JsonSchemaValue:
    """Return the ``openAPIV3Schema`` of a kind."""
    schema = resource.model_json_schema(schema_generator=StructuralSchema)
    properties = schema["properties"]
    spec_is_required = "required" in properties["spec"]
    return {
        **{key: value for key, value in schema.items() if key != "required"},
        **({"required": ["spec"]} if spec_is_required else {}),
        "properties": {
            "apiVersion": properties["apiVersion"],
            "kind": properties["kind"],
            # The API server describes and validates metadata itself, and rejects any other schema for it.
            "metadata": {"type": "object"},
            "spec": properties["spec"],
            "status": {**properties["status"], "default": {"observedGeneration": -1}},
        },
    }


def without_patterns(node: JsonSchemaValue) -> JsonSchemaValue:
    """Return a structural schema without the patterns that a rule beside them says in a sentence."""
    rules = {rule["rule"] for rule in node.get(VALIDATIONS, ())}
    is_said = not rules.isdisjoint({matching(node.get("pattern", "")), WITHOUT_NUL.cel})
    kept = {key: value for key, value in node.items() if key != "pattern" or not is_said}
    for key in ("items", "additionalProperties"):
        if key in kept:
            kept[key] = without_patterns(kept[key])
    if "properties" in kept:
        kept["properties"] = {name: without_patterns(field) for name, field in kept["properties"].items()}
    return kept


def _columns(resource: type[Resource[Any, Any]]) -> Sequence[Column]:
    if resource.COLUMNS is not None:
        return resource.COLUMNS
    ready, drifted = (f'.status.conditions[?(@.type=="{name}")]' for name in ("Ready", "Drifted"))
    return [
        Column("ID", ".status.id", "ID of the entry in the registry."),
        *resource.PARENT_COLUMNS,
        Column("State", ".status.state", "State of the entry as the registry last reported it."),
        Column(
            "Ready", f"{ready}.status", "Whether the resource is in sync with the registry, apart from reported drift."
        ),
        Column("Reason", f"{ready}.reason", "Why the resource is ready or not.", wide=True),
        Column("Drifted", f"{drifted}.status", "True while the registry differs from the spec.", wide=True),
        Column("Registry", ".status.registryRef.name", "The ClusterRegistry whose registry has the entry.", wide=True),
        *resource.OWN_COLUMNS,
        Column("Message", f"{ready}.message", "Explanation of the reason, and what to do about it.", wide=True),
        Column("Age", ".metadata.creationTimestamp", "Time since the resource was created.", type="date"),
    ]


def custom_resource_definition(resource: type[Resource[Any, Any]]) -> dict[str, Any]:
    """Return the CustomResourceDefinition of a kind, as a manifest."""
    selectable = resource.SELECTABLE_FIELDS
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [column.as_manifest() for column in _columns(resource)],
        **({"selectableFields": [{"jsonPath": path} for path in selectable]} if selectable else {}),
        "schema": {"openAPIV3Schema": without_patterns(openapi_schema(resource))},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{resource.PLURAL}.{GROUP}",
            "labels": {"app.kubernetes.io/part-of": "model-registrar"},
        },
        "spec": {
            "group": GROUP,
            "scope": resource.SCOPE,
            "names": {
                "kind": resource.KIND,
                "listKind": f"{resource.KIND}List",
                "plural": resource.PLURAL,
                "singular": resource.SINGULAR,
                "shortNames": [resource.SHORT_NAME],
                **({"categories": list(resource.CATEGORIES)} if resource.CATEGORIES else {}),
            },
            "versions": [version],
        },
    }
