"""What lists return for a `filterQuery`, on the embedded server and on a real one.

The expectations were observed on the real server (April 2026, PostgreSQL 18).
"""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

SUFFIX = uuid.uuid4().hex[:12]


def _text(value: str) -> dict[str, Any]:
    return {"metadataType": "MetadataStringValue", "string_value": value}


def _int(value: int) -> dict[str, Any]:
    return {"metadataType": "MetadataIntValue", "int_value": str(value)}


def _double(value: float) -> dict[str, Any]:
    return {"metadataType": "MetadataDoubleValue", "double_value": value}


def _bool(*, value: bool) -> dict[str, Any]:
    return {"metadataType": "MetadataBoolValue", "bool_value": value}


MODELS: dict[str, dict[str, Any]] = {
    "one": {
        "owner": "me",
        "description": "first",
        "customProperties": {
            "n": _int(5),
            "acc": _double(1),
            "ok": _bool(value=True),
            "s": _text("Text"),
            "a.b": _text("dot"),
            "odd name": _text("Äö"),
        },
    },
    "two": {"owner": "you", "customProperties": {"n": _double(5.5), "acc": _int(1), "ok": _bool(value=False)}},
    "thr_e": {"state": "ARCHIVED", "customProperties": {"s": _text("text"), "owner": _text("custom")}},
}


@pytest.fixture(scope="module")
def ids(registry_url: str) -> Iterator[dict[str, str]]:
    """The IDs of the models, and of two versions and two artifacts of the first model."""
    with httpx.Client(base_url=f"{registry_url}/api/model_registry/v1alpha3", trust_env=False, timeout=30) as client:

        def make(path: str, body: dict[str, Any]) -> str:
            answer = client.post(path, json=body | {"name": f"{body['name']}-{SUFFIX}"})
            assert answer.status_code == 201, answer.text
            return str(answer.json()["id"])

        created = {name: make("/registered_models", fields | {"name": name}) for name, fields in MODELS.items()}
        for name in ("v_1", "v-1"):
            body = {"name": name, "registeredModelId": created["one"], "author": name[1]}
            created[name] = make("/model_versions", body)
        artifacts = f"/model_versions/{created['v_1']}/artifacts"
        for name, kind in (("weights", "model-artifact"), ("card", "doc-artifact")):
            created[name] = make(
                artifacts, {"name": name, "artifactType": kind, "uri": f"s3://{name}", "state": "LIVE"}
            )
        yield created


def _find(registry: httpx.Client, path: str, query: str, **parameters: str) -> set[str]:
    narrowed = f"({query}) AND name LIKE '%{SUFFIX}'"
    answer = registry.get(path, params={"filterQuery": narrowed, **parameters})
    assert answer.status_code == 200, answer.text
    return {item["name"].removesuffix(f"-{SUFFIX}") for item in answer.json()["items"]}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("n = 5", {"one"}),
        ("n >= 5", {"one", "two"}),
        ("n = 5.5", {"two"}),
        ("n = 5.0", set()),
        ("n = '5'", set()),
        ("n.int_value = 5.7", {"one"}),
        ("acc = 1", {"one", "two"}),
        ("acc = 1.0", {"one"}),
        ("acc.double_value = '1'", {"one"}),
        ("acc.double_value IN (1, 2)", {"one"}),
        ("acc.double_value > 'NaN'", set()),
        ("ok = true", {"one"}),
        ("ok != true", {"two"}),
        ("ok < true", {"two"}),
        ("ok.bool_value = 'no'", {"two"}),
        ("s = 'Text'", {"one"}),
        ("s ILIKE 'T%'", {"one", "thr_e"}),
        ("s LIKE 't%'", {"thr_e"}),
        ("s IN ('Text', 'x')", {"one"}),
        ("s.STRING_VALUE = 'Text'", set()),
        ("a.b = 'dot'", {"one"}),
        ("`a.b` = 'dot'", {"one"}),
        ("`odd name` ILIKE 'äÖ'", {"one"}),
        ("owner = 'me'", {"one"}),
        ("owner = 'custom'", {"thr_e"}),
        ("owner.int_value = 5", set()),
        ("description = 'first'", {"one"}),
        ("state = 'LIVE'", {"one", "two"}),
        ("state LIKE 'A%'", {"thr_e"}),
        ("name = ()", set()),
        ("name IN ()", set()),
        ("id = 0", set()),
        ("createTimeSinceEpoch > 1e3", {"one", "two", "thr_e"}),
        ("libraryName = 'x' OR owner = 'me'", {"one"}),
        ("owner = 'me' OR owner = 'you' AND n = 5.5", {"one", "two"}),
        ("(owner = 'me' OR owner = 'you') AND n = 5.5", {"two"}),
    ],
)
@pytest.mark.usefixtures("ids")
def test_models_by_filter(registry: httpx.Client, query: str, found: set[str]) -> None:
    assert _find(registry, "/registered_models", query) == found


@pytest.mark.parametrize(
    "query",
    [
        "name = 5",
        "name = ('a', 'b')",
        "name IN ('a', 5)",
        "name LIKE 5",
        "id = 'x'",
        "id = true",
        "id LIKE '1'",
        "id = 99999999999",
        "n = 99999999999",
        "n IN (5)",
        "state = 1",
        "acc.double_value = 'x'",
        "acc.double_value LIKE '1'",
        "ok.bool_value = 1",
        "createTimeSinceEpoch > 99999999999999999999",
        "name like 'x'",
        "name = 'x' and id = 1",
        "name",
        "`s`.string_value = 'x'",
        "name = 'it''s'",
    ],
)
@pytest.mark.parametrize("path", ["/registered_models", "/model_versions"])
def test_an_invalid_filter_is_a_400(registry: httpx.Client, path: str, query: str) -> None:
    answer = registry.get(path, params={"filterQuery": query})
    assert (answer.status_code, answer.json()["code"]) == (400, "Bad Request")
    assert "filter query" in answer.json()["message"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name = 'v_1-{suffix}'", {"v_1", "v-1"}),
        (r"name = 'v\\_1-{suffix}'", {"v_1"}),
        ("name LIKE 'v_1-{suffix}'", {"v_1", "v-1"}),
        ("name LIKE '{one}:v-1-{suffix}'", {"v-1"}),
        ("name IN ('v-1-{suffix}')", set()),
        ("name IN ('{one}:v-1-{suffix}')", {"v-1"}),
        ("name ILIKE 'V-1-{suffix}'", set()),
        ("name ILIKE '%:V-1-{suffix}'", {"v-1"}),
        ("name <> '{one}:v-1-{suffix}'", {"v-1"}),
        ("registeredModelId = {one}", {"v_1", "v-1"}),
        ("registeredModelId = '{one}' AND author = '_'", {"v_1"}),
        ("registeredModelId IN ({two}, {one})", {"v_1", "v-1"}),
        ("owner = 'me'", set()),
    ],
)
def test_versions_by_filter(registry: httpx.Client, ids: dict[str, str], query: str, found: set[str]) -> None:
    assert _find(registry, "/model_versions", query.format(suffix=SUFFIX, **ids)) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name = 'card-{suffix}'", {"card"}),
        ("uri = 's3://card'", {"card"}),
        ("uri LIKE 's3://%'", {"card", "weights"}),
        ("state = 'LIVE'", {"card", "weights"}),
        ("state > 'PENDING'", {"card", "weights"}),
        ("state = 'live'", set()),
        ("state = 2", {"card", "weights"}),
        ("id IN ({card}, {weights})", {"card", "weights"}),
    ],
)
def test_artifacts_by_filter(registry: httpx.Client, ids: dict[str, str], query: str, found: set[str]) -> None:
    query = query.format(suffix=SUFFIX, **ids)
    assert _find(registry, "/artifacts", query) == found
    assert _find(registry, f"/model_versions/{ids['v_1']}/artifacts", query) == found
    assert _find(registry, "/artifacts", query, artifactType="doc-artifact") == found & {"card"}


def test_model_artifacts_ignore_even_a_broken_filter(registry: httpx.Client, ids: dict[str, str]) -> None:
    answer = registry.get("/model_artifacts", params={"filterQuery": "this is = not a filter"})
    assert answer.status_code == 200
    assert ids["weights"] in {item["id"] for item in answer.json()["items"]}


def test_a_name_with_a_quote_cannot_restrict_a_list_of_children(registry: httpx.Client, ids: dict[str, str]) -> None:
    answer = registry.get(f"/registered_models/{ids['one']}/versions", params={"name": "it's"})
    assert answer.status_code == 400


def test_name_and_filter_restrict_a_list_of_children_together(registry: httpx.Client, ids: dict[str, str]) -> None:
    path = f"/registered_models/{ids['one']}/versions"
    answer = registry.get(path, params={"name": f"v-1-{SUFFIX}", "filterQuery": "author = '_' OR author = '-'"})
    assert [item["id"] for item in answer.json()["items"]] == [ids["v-1"]]
