"""What is wrong with a value is said in our words, whatever value a user writes into whatever field."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from registrar.api.schema import openapi_schema
from registrar.api.validation import describe
from registrar.api.wording import meant_by, shown_path, unknown_field
from registrar.kinds.table import DEFINED

PYDANTICS_WORDS = ("Input", "String", "Field", "Extra", "Dictionary", "Tuple", "List", "Value error", "validation")
Path = tuple[str, ...]


def fields(schema: dict[str, Any], path: Path = ()) -> Iterator[Path]:
    """The ways to all fields; ``[]`` means an item of a list."""
    for name, field in schema.get("properties", {}).items():
        yield (*path, name)
        yield from fields(field, (*path, name))
    for key, part in (("items", "[]"), ("additionalProperties", "key")):
        if key in schema:
            yield (*path, part)
            yield from fields(schema[key], (*path, part))


def nested(path: Path, value: object) -> object:
    """A value at the end of a path, and nothing beside it."""
    for part in reversed(path):
        value = [value] if part == "[]" else {part: value}
    return value


def refusal(kind: type[Any], spec: object) -> str | None:
    """What is said of a spec; None if nothing is wrong with it."""
    body = {"apiVersion": "model-registrar.dev/v1alpha1", "kind": kind.KIND, "metadata": {"name": "a"}}
    try:
        kind.model_validate({**body, "spec": spec, "status": {}})
    except ValidationError as error:
        return describe(error, kind)
    return None


WRONG: Mapping[str, object] = {
    "null": None,
    "empty": "",
    "long": "x" * 2_000_000,
    "half of a pair": "\ud800",
    "negative": -1,
    "large": 10**12,
    "fraction": 1.5,
    "boolean": True,
    "no items": [],
    "no fields": {},
    "many items": ["a"] * 9000,
    "many names": {f"a{number}": "a" for number in range(2000)},
    "a long name": {"a" * 300: "a"},
    "no name": {"": "a"},
}


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("kind", DEFINED, ids=lambda kind: kind.KIND)
def test_every_wrong_value_is_refused_in_our_words(kind: type[Any], value: object) -> None:
    paths = list(fields(openapi_schema(kind)["properties"]["spec"]))
    said = [text for path in paths if (text := refusal(kind, nested(path, value))) is not None]
    assert said
    assert [text for text in said if any(word in text for word in PYDANTICS_WORDS)] == []


SAID = {
    "a missing field": ({"url": "http://r"}, "spec.tenants: is missing; add it"),
    "a number for a text": ({"url": 1.5, "tenants": []}, "spec.url: must be a string; put it in quotes"),
    "a list for a text": ({"url": ["http://r"], "tenants": []}, "spec.url: must be a string"),
    "a text for a list": (
        {"url": "http://r", "tenants": "all"},
        "spec.tenants: must be a list, such as [first, second]",
    ),
    "a text for an object": (
        {"url": "http://r", "tenants": ["team-a"]},
        "spec.tenants[0]: must be an object with fields, such as {name: value}",
    ),
    "a text for a boolean": (
        {"url": "http://r", "tenants": [], "isDefault": "maybe"},
        "spec.isDefault: must be true or false",
    ),
    "a text for a number": (
        {"url": "http://r", "tenants": [], "limits": {"requestsInFlight": "many"}},
        "spec.limits.requestsInFlight: must be a whole number, such as 16",
    ),
    "a number in quotes": (
        {"serviceRef": {"namespace": "a", "name": "b", "port": "8080"}, "tenants": []},
        "spec.serviceRef.port: must be a whole number, such as 16; remove the quotes",
    ),
    "a boolean in quotes": (
        {"url": "http://r", "tenants": [{"namespaces": ["a"], "takeOver": "true"}]},
        "spec.tenants[0].takeOver: must be true or false; remove the quotes",
    ),
    "a number that is too small": (
        {"url": "http://r", "tenants": [], "limits": {"requestsInFlight": 0}},
        "spec.limits.requestsInFlight: must be at least 1",
    ),
    "a number that is too large": (
        {"url": "http://r", "tenants": [], "limits": {"requestsPerSecond": 10_001}},
        "spec.limits.requestsPerSecond: must be at most 10000",
    ),
    "another word than those of a list": (
        {"url": "http://r", "tenants": [], "apiVersion": "v2"},
        "spec.apiVersion: must be 'v1alpha3' or 'v1'",
    ),
    "an empty list": (
        {"url": "http://r", "tenants": [{"namespaces": []}]},
        "spec.tenants[0].namespaces: must not be empty; add an item, or remove it",
    ),
    "a list that is too long": (
        {"url": "http://r", "tenants": [{"namespaces": ["a"]}] * 65},
        "spec.tenants: has 65 items, and must have at most 64; remove some",
    ),
    "a map that is too long": (
        {"url": "http://r", "tenants": [{"namespaceSelector": {"matchLabels": {f"a{n}": "b" for n in range(17)}}}]},
        "spec.tenants[0].namespaceSelector.matchLabels: has 17 items, and must have at most 16; remove some",
    ),
    "an empty text": (
        {"url": "http://r", "tenants": [{"namespaces": ["a"], "owner": ""}]},
        "spec.tenants[0].owner: must not be empty; give it a value, or remove it",
    ),
    "a text that is too long": (
        {"url": "http://r", "tenants": [{"namespaces": ["a" * 64]}]},
        "spec.tenants[0].namespaces[0]: has 64 characters, and must have at most 63; shorten it",
    ),
    "a null": (
        {"url": "http://r", "tenants": [{"namespaces": [None]}]},
        "spec.tenants[0].namespaces[0]: is null; give it a value, or remove it",
    ),
    "a field that is misspelt": (
        {"url": "http://r", "tenants": [{"namespaces": ["a"], "modelName": ["b"]}]},
        "spec.tenants[0].modelName: unknown field; did you mean modelNames?",
    ),
}


@pytest.mark.parametrize(("spec", "said"), SAID.values(), ids=list(SAID))
def test_a_refusal_names_the_field_and_what_to_change(spec: dict[str, Any], said: str) -> None:
    (kind,) = (kind for kind in DEFINED if kind.KIND == "ClusterRegistry")
    assert refusal(kind, spec) == said


def test_a_path_is_written_as_the_api_server_does() -> None:
    assert shown_path(("spec", "artifacts", 0, "customProperties", "")) == 'spec.artifacts[0].customProperties.""'
    assert shown_path((0, "a\nb")) == r"[0].a\nb"
    assert shown_path(("n" * 64,)) == "n" * 63 + "…"


def test_the_field_that_was_probably_meant_is_named_whatever_its_case() -> None:
    assert meant_by("EXTERNALID", ["externalId", "owner"]) == "externalId"
    assert unknown_field("modelFormat", ["modelFormatName", "uri"]) == "unknown field; did you mean modelFormatName?"
    assert unknown_field("zzz", ["format", "uri"]) == "unknown field; remove it"
