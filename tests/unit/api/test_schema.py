"""What every generated schema must have, whatever its fields are."""

from collections.abc import Iterator
from typing import Any

import pytest

from registrar.api import schema as generator
from registrar.api.rules import LONG_WITHOUT_NUL, VALIDATIONS, WITHOUT_NUL
from registrar.api.schema import custom_resource_definition, openapi_schema, without_patterns
from registrar.api.v1alpha1.texts import MAX_TEXT_LENGTH
from registrar.kinds.table import DEFINED, RESOURCES

Schema = dict[str, Any]
each_kind = pytest.mark.parametrize("kind", RESOURCES, ids=lambda kind: kind.KIND)
UNSUPPORTED = {"$ref", "$defs", "title", "anyOf", "oneOf", "allOf", "const", "propertyNames", "nullable"}


def nodes(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Every schema below one, by its path."""
    yield path, schema
    for name, field in schema.get("properties", {}).items():
        yield from nodes(field, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if key in schema:
            yield from nodes(schema[key], f"{path}[]")


def own_nodes(kind: type[Any]) -> Iterator[tuple[str, Schema]]:
    properties = openapi_schema(kind)["properties"]
    yield from nodes(properties["spec"], ".spec")
    yield from nodes(properties["status"], ".status")


@each_kind
def test_every_string_list_and_map_is_limited(kind: type[Any]) -> None:
    limits = {"string": {"maxLength", "enum", "format"}, "array": {"maxItems"}}
    unlimited = [
        path
        for path, node in own_nodes(kind)
        if not limits.get(node.get("type", ""), node.keys()) & node.keys()
        or ("additionalProperties" in node and "maxProperties" not in node)
    ]
    assert unlimited == []


@pytest.mark.parametrize("kind", DEFINED, ids=lambda kind: kind.KIND)
def test_the_api_server_shows_no_pattern_that_a_sentence_could_replace(kind: type[Any]) -> None:
    """Of long texts in lists, CEL would exceed the budget of the API server; only the operator writes a status."""
    schema = custom_resource_definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    shown = [node for _, node in nodes(schema["properties"]["spec"]) if "pattern" in node]
    assert {(node["pattern"], node["maxLength"]) for node in shown} <= {(LONG_WITHOUT_NUL.regex, MAX_TEXT_LENGTH)}
    assert any("pattern" in node for _, node in nodes(openapi_schema(kind)["properties"]["spec"])), "editors know them"


def test_a_pattern_that_no_rule_says_in_words_is_kept() -> None:
    """The API server would otherwise accept a text that only the model refuses."""
    other = {"rule": "self != 'a'", "message": "must not be a"}
    long = {"type": "string", "pattern": LONG_WITHOUT_NUL.regex, VALIDATIONS: [other]}
    assert without_patterns({"properties": {"a": long}}) == {"properties": {"a": long}}
    short = {**long, VALIDATIONS: [other, {"rule": str(WITHOUT_NUL.cel), "message": WITHOUT_NUL.message}]}
    assert "pattern" not in without_patterns(short)


@each_kind
def test_every_named_field_is_described_in_a_sentence(kind: type[Any]) -> None:
    named = [(path, node) for path, node in own_nodes(kind) if not path.endswith("[]")]

    assert [path for path, node in named if not node.get("description", "").endswith((".", "…"))] == []
    assert [path for path, node in named if "\n" in node["description"]] == []


@each_kind
def test_nothing_but_the_status_has_a_default(kind: type[Any]) -> None:
    """A default in the spec is a permanent difference between the cluster and Git."""
    defaults = {path: node["default"] for path, node in nodes(openapi_schema(kind)) if "default" in node}

    assert defaults == {".status": {"observedGeneration": -1}}


@each_kind
def test_schema_is_structural(kind: type[Any]) -> None:
    assert [path for path, node in nodes(openapi_schema(kind)) if UNSUPPORTED & node.keys()] == []
    assert [
        path
        for path, node in nodes(openapi_schema(kind))
        if "type" not in node and "x-kubernetes-preserve-unknown-fields" not in node
    ] == []


@pytest.mark.parametrize("reference", [{"$ref": "#/$defs/State"}, {"allOf": [{"$ref": "#/$defs/State"}]}])
def test_reference_is_replaced_and_the_field_keeps_its_own_description(reference: Schema) -> None:
    """The second form is what the oldest pydantic that is supported writes."""
    definitions = {"State": {"type": "string", "enum": ["LIVE"], "title": "State", "description": "Of the type."}}

    assert generator._structural({**reference, "description": "Of the\nfield."}, definitions) == {
        "description": "Of the field.",
        "type": "string",
        "enum": ["LIVE"],
    }


@each_kind
def test_list_items_are_identified_by_one_key(kind: type[Any]) -> None:
    keys = {
        path: node.get("x-kubernetes-list-map-keys")
        for path, node in own_nodes(kind)
        if node.get("type") == "array" and node["items"]["type"] == "object"
    }
    own = {
        "RegisteredModel": {".status.aliases": ["name"]},
        "ModelVersion": {path: ["name"] for path in (".spec.artifacts", ".spec.docArtifacts", ".status.artifacts")},
    }
    assert keys == {".status.conditions": ["type"], **own.get(kind.KIND, {})}


@each_kind
def test_names_lead_and_required_fields_come_first(kind: type[Any]) -> None:
    spec = openapi_schema(kind)["properties"]["spec"]
    required = spec.get("required", [])

    assert list(spec["properties"])[: len(required) + 1] == [
        *sorted(required, key=list(spec["properties"]).index),
        "name",
    ]


@each_kind
def test_manifest_does_not_share_state_with_the_next_one(kind: type[Any]) -> None:
    first = custom_resource_definition(kind)
    first["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"].clear()

    assert custom_resource_definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
