"""Requests that the recordings do not contain: edge cases of bodies, updates and paths.

The expectations were observed on the real server, where the tests pass too, except where a test says otherwise.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

Unique = Callable[[str], str]
MESSAGE_TOO_LONG = "value too long for type character varying(255)"


@pytest.fixture
def model(registry: httpx.Client, unique: Unique) -> dict[str, Any]:
    body = {"name": unique("model"), "owner": "me", "externalId": unique("ext"), "language": ["en"]}
    answer: dict[str, Any] = registry.post("/registered_models", json=body).json()
    return answer


@pytest.fixture
def version(registry: httpx.Client, model: dict[str, Any]) -> dict[str, Any]:
    body = {"name": "v", "registeredModelId": model["id"]}
    answer: dict[str, Any] = registry.post("/model_versions", json=body).json()
    return answer


# Bodies


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("[]", 400),
        ("5", 400),
        ("null", 422),
        ("{}", 422),
        ('{"name": null}', 422),
        ('{"name": "@",}', 400),
        ('{"name": "@"} what follows is not looked at', 201),
        ('{"NAME": "@"}', 201),
        ('{"name": "@", "owner": NaN}', 400),
        ('{"name": "@", "id": "5"}', 400),
        ('{"name": "@", "language": "en"}', 400),
        ('{"name": "@", "language": [1]}', 400),
        ('{"name": "@", "state": "live"}', 400),
        ('{"name": "@", "description": "\\u0000"}', 400),
        ('{"name": "@", "description": "\\ud800"}', 201),
        ("[" * 20_000, 400),
        ('{"name": "@", "customProperties": []}', 400),
        ('{"name": "@", "customProperties": {"a": null}}', 400),
        ('{"name": "@", "customProperties": {"a": {"metadataType": "MetadataStringValue"}}}', 201),
        ('{"name": "@", "customProperties": {"a": {"metadataType": "MetadataIntValue"}}}', 400),
        ('{"name": "@", "customProperties": {"a": {"metadataType": "MetadataProtoValue"}}}', 400),
        (
            '{"name": "@", "customProperties": {"a": {"metadataType": "MetadataDoubleValue", "double_value": 1e400}}}',
            400,
        ),
        (
            '{"name": "@", "customProperties": {"a": {"metadataType": "MetadataBoolValue", "bool_value": "true"}}}',
            400,
        ),
    ],
)
def test_which_bodies_create_a_model(registry: httpx.Client, unique: Unique, body: str, status: int) -> None:
    answer = registry.post("/registered_models", content=body.replace("@", unique("body")))
    assert answer.status_code == status, answer.text
    if status != 201:
        assert set(answer.json()) == {"code", "message"}
        assert answer.json()["code"] == "Bad Request"


@pytest.mark.parametrize(("sent", "shown"), [(1.0, "1"), (0.97, "0.97"), (1e20, "1" + "0" * 20), (-2.5, "-2.5")])
def test_floating_point_numbers_have_no_zero_fraction(
    registry: httpx.Client, unique: Unique, sent: float, shown: str
) -> None:
    properties = {"d": {"metadataType": "MetadataDoubleValue", "double_value": sent}}
    answer = registry.post("/registered_models", json={"name": unique("double"), "customProperties": properties})
    assert f'"double_value":{shown},' in answer.text.replace(" ", "")


@pytest.mark.parametrize("sent", ["2147483647", "-2147483648", "+5", "-0005"])
def test_whole_numbers_of_32_bits_are_stored(registry: httpx.Client, unique: Unique, sent: str) -> None:
    properties = {"i": {"metadataType": "MetadataIntValue", "int_value": sent}}
    answer = registry.post("/registered_models", json={"name": unique("int"), "customProperties": properties})
    assert answer.json()["customProperties"]["i"]["int_value"] == str(int(sent))


@pytest.mark.parametrize(("length", "status"), [(255, 201), (256, 500)])
@pytest.mark.parametrize("field", ["name", "externalId", "property"])
def test_names_have_at_most_255_characters(
    registry: httpx.Client, unique: Unique, field: str, length: int, status: int
) -> None:
    text = unique("long").ljust(length, "ü")
    body = {"name": unique("short")} | (
        {"customProperties": {text: {"metadataType": "MetadataStringValue", "string_value": ""}}}
        if field == "property"
        else {field: text}
    )
    answer = registry.post("/registered_models", json=body)
    assert answer.status_code == status
    assert (MESSAGE_TOO_LONG in answer.text) == (status == 500)


def test_the_parents_id_counts_as_part_of_a_childs_name(registry: httpx.Client, model: dict[str, Any]) -> None:
    room = 255 - len(model["id"]) - 1
    for length, status in ((room, 201), (room + 1, 500)):
        body = {"name": "n" * length, "registeredModelId": model["id"]}
        assert registry.post("/model_versions", json=body).status_code == status


def test_a_struct_is_written_as_base64_and_read_as_json(registry: httpx.Client, unique: Unique) -> None:
    value = base64.b64encode(json.dumps({"b": [1.0, "<"], "a": None}).encode()).decode()
    properties = {"s": {"metadataType": "MetadataStructValue", "struct_value": value}}
    created = registry.post(
        "/registered_models", json={"name": unique("struct"), "customProperties": properties}
    ).json()
    assert created["customProperties"]["s"]["struct_value"] == r'{"a":null,"b":[1,"\u003c"]}'
    # The trap: no field of such an entry can be changed unless the struct is removed.
    path = f"/registered_models/{created['id']}"
    refusal = registry.patch(path, json={"description": "x"})
    assert (refusal.status_code, "illegal base64" in refusal.text) == (400, True)
    assert registry.patch(path, json={"customProperties": {}}).status_code == 200
    assert registry.patch(path, json={"description": "x"}).status_code == 200


# Updates


@pytest.mark.parametrize(
    ("sent", "changed"),
    [
        ({}, {}),
        ({"owner": None, "language": None, "customProperties": None, "externalId": None}, {}),
        ({"owner": ""}, {"owner": ""}),
        ({"language": []}, {"language": []}),
        ({"language": ["b", ""]}, {"language": ["b", ""]}),
        ({"description": "new"}, {"description": "new"}),
        ({"state": "ARCHIVED"}, {"state": "ARCHIVED"}),
    ],
)
def test_an_update_changes_what_it_names(
    registry: httpx.Client, model: dict[str, Any], sent: dict[str, Any], changed: dict[str, Any]
) -> None:
    answer = registry.patch(f"/registered_models/{model['id']}", json=sent).json()
    time = {"lastUpdateTimeSinceEpoch": answer["lastUpdateTimeSinceEpoch"]}
    assert answer == model | changed | time
    assert registry.get(f"/registered_models/{model['id']}").json() == answer


@pytest.mark.parametrize("field", ["name", "id", "registeredModelId", "artifactType", "createTimeSinceEpoch"])
def test_an_immutable_field_is_an_unknown_field_of_an_update(
    registry: httpx.Client, model: dict[str, Any], field: str
) -> None:
    answer = registry.patch(f"/registered_models/{model['id']}", json={field: model["name"]})
    assert (answer.status_code, answer.json()["message"]) == (400, f'json: unknown field "{field}"')


def test_a_refused_update_changes_nothing(registry: httpx.Client, model: dict[str, Any], unique: Unique) -> None:
    taken = unique("taken")
    registry.post("/registered_models", json={"name": unique("holder"), "externalId": taken}).raise_for_status()
    body = {"description": "half", "externalId": taken, "customProperties": {}}
    assert registry.patch(f"/registered_models/{model['id']}", json=body).status_code == 409
    assert registry.get(f"/registered_models/{model['id']}").json() == model


def test_a_version_is_updated_and_moved_by_a_post_below_a_model(
    registry: httpx.Client, version: dict[str, Any], unique: Unique
) -> None:
    other = registry.post("/registered_models", json={"name": unique("other")}).json()
    body = {"name": "ignored", "registeredModelId": "1", "id": version["id"], "author": "someone"}
    answer = registry.post(f"/registered_models/{other['id']}/versions", json=body)
    assert answer.status_code == 201
    changed = {"author": "someone", "registeredModelId": other["id"]}
    time = {"lastUpdateTimeSinceEpoch": answer.json()["lastUpdateTimeSinceEpoch"]}
    assert answer.json() == version | changed | time
    for parent in (version["registeredModelId"], other["id"]):
        children = registry.get(f"/registered_models/{parent}/versions").json()["items"]
        assert [child["id"] for child in children] == [version["id"]]


# Artifacts


def test_artifacts_of_a_version_are_distinguished_by_type_and_name(
    registry: httpx.Client, version: dict[str, Any]
) -> None:
    path = f"/model_versions/{version['id']}/artifacts"
    bodies = [
        ({"artifactType": "model-artifact", "name": "A"}, 201),
        ({"artifactType": "doc-artifact", "name": "A"}, 201),
        (
            {"artifactType": "dataset-artifact", "name": "A", "digest": "d"},
            200,
        ),  # the real server never answers 201 here
        ({"artifactType": "model-artifact", "name": "A"}, 409),
        ({"artifactType": "model-artifact", "name": "A", "unknown": "overlooked"}, 409),
        ({"artifactType": "Model-Artifact", "name": "B"}, 400),
        ({"artifactType": "model-artifact", "name": "B", "modelFormatName": 5}, 400),
        ({"artifactType": "model-artifact", "name": "B", "createTimeSinceEpoch": "x"}, 400),
    ]
    assert [registry.post(path, json=body).status_code for body, _ in bodies] == [status for _, status in bodies]
    kinds = [item["artifactType"] for item in registry.get(path, params={"name": "A"}).json()["items"]]
    assert kinds == ["model-artifact", "doc-artifact", "dataset-artifact"]


def test_an_artifact_of_another_type_or_an_unknown_one_is_not_updated(
    registry: httpx.Client, version: dict[str, Any]
) -> None:
    path = f"/model_versions/{version['id']}/artifacts"
    created = registry.post(path, json={"artifactType": "doc-artifact", "name": "D"}).json()
    for identifier in (created["id"], "2147483647", "abc", ""):
        answer = registry.post(path, json={"artifactType": "model-artifact", "id": identifier, "uri": "stolen"})
        assert answer.status_code == 400
        assert f"artifact with id {identifier} is not a model artifact" in answer.json()["message"]
    assert registry.get(f"/artifacts/{created['id']}").json() == created


def test_one_artifact_may_belong_to_two_versions(registry: httpx.Client, version: dict[str, Any]) -> None:
    body = {"name": "w", "registeredModelId": version["registeredModelId"]}
    other = registry.post("/model_versions", json=body).json()
    first, second = (f"/model_versions/{owner['id']}/artifacts" for owner in (version, other))
    created = registry.post(first, json={"artifactType": "model-artifact", "name": "A"}).json()
    for _ in range(2):  # linking it again changes nothing
        linked = registry.post(second, json={"artifactType": "model-artifact", "id": created["id"]})
        assert linked.status_code == 200
    for path in (first, second):
        assert [item["id"] for item in registry.get(path).json()["items"]] == [created["id"]]


def test_an_artifact_is_found_by_its_external_id_whatever_its_type(
    registry: httpx.Client, version: dict[str, Any], unique: Unique
) -> None:
    body = {"artifactType": "doc-artifact", "name": "D", "externalId": unique("ext")}
    created = registry.post(f"/model_versions/{version['id']}/artifacts", json=body).json()
    query = {"externalId": unique("ext")}
    assert registry.get("/artifact", params=query).json() == created
    refusal = registry.get("/model_artifact", params=query)
    assert (refusal.status_code, "is not a model artifact" in refusal.text) == (404, True)
    elsewhere = query | {"parentResourceId": version["registeredModelId"]}
    assert registry.get("/artifact", params=elsewhere).status_code == 404


@pytest.mark.parametrize("kind", ["metric", "parameter"])
def test_artifacts_of_experiments_are_refused_with_a_message(own_registry: httpx.Client, kind: str) -> None:
    """Only on the embedded server: the real one supports these."""
    answer = own_registry.post("/artifacts", json={"artifactType": kind, "name": "m"})
    assert (answer.status_code, f"does not support artifacts of type {kind}" in answer.text) == (400, True)
    assert own_registry.get("/artifacts", params={"artifactType": kind}).json()["items"] == []


# Paths and queries


@pytest.mark.parametrize("identifier", ["abc", "1.0", "99999999999", "1_0", "%20", "٣"])
@pytest.mark.parametrize("path", ["registered_models", "model_versions", "model_artifacts", "artifacts"])
def test_an_id_that_is_not_a_32_bit_number_is_a_400(registry: httpx.Client, path: str, identifier: str) -> None:
    answer = registry.get(f"/{path}/{identifier}")
    assert (answer.status_code, answer.json()["code"]) == (400, "Bad Request")
    assert answer.json()["message"].startswith("invalid ")


@pytest.mark.parametrize("query", ["filterQuery=%zz", "a;b", "filterQuery=%00", "filterQuery=name%3D'%FF'"])
def test_a_malformed_query_is_a_400(registry: httpx.Client, query: str) -> None:
    answer = registry.get(f"/registered_models?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "Bad Request")


def test_of_a_repeated_parameter_the_first_counts(registry: httpx.Client) -> None:
    assert registry.get("/registered_models?pageSize=1&pageSize=5").json()["pageSize"] == 1


@pytest.mark.parametrize("path", ["", "/", "/registered_models/", "/nowhere", "/registered_models/1/artifacts"])
def test_an_unknown_path_is_a_404_in_plain_text(registry: httpx.Client, path: str) -> None:
    answer = registry.get(f"{registry.base_url}".rstrip("/") + path)
    assert (answer.status_code, answer.text) == (404, "404 page not found\n")
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS", "POST"])
def test_an_unknown_method_is_an_empty_405(registry: httpx.Client, method: str) -> None:
    answer = registry.request(method, "/registered_models/1")
    assert (answer.status_code, answer.content) == (405, b"")


@pytest.mark.parametrize("path", ["/readyz/health", "/readyz/isDirty", "/behind/a/prefix/readyz/health"])
def test_it_reports_that_it_is_ready(registry_url: str, path: str) -> None:
    answer = httpx.get(registry_url + path, trust_env=False)
    assert (answer.status_code, answer.text) == (200, "OK")


def test_both_api_versions_serve_the_same_entries(own_registry: httpx.Client) -> None:
    """Only on the embedded server: a real one has either or both, depending on its age."""
    root = str(own_registry.base_url).removesuffix("v1alpha3/")
    created = own_registry.post(f"{root}v1/registered_models", json={"name": "m"}).json()
    for version in ("v1", "v1alpha3"):
        assert own_registry.get(f"{root}{version}/registered_models/{created['id']}").json() == created
    assert own_registry.get(f"{root}v2/registered_models").status_code == 404
