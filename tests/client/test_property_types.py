"""Entries with custom properties of types that the client does not write, which anyone may set over the REST API."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import BadRequest, IdentityMismatch, UnwritableProperty
from model_registry.types import (
    DocArtifact,
    ModelArtifact,
    ModelVersion,
    RegisteredModel,
    RegistryEntry,
    StructProperty,
)
from tests.support.loopback import MODEL, Received, Reply, serving

Unique = Callable[[str], str]

API = "/api/model_registry/v1alpha3"
METRICS = {"f1": {"macro": 0.9}, "labels": ["<a>", "ä", None], "n": 3}
PLAIN: dict[str, Any] = {"text": "x", "int": 3, "double": 1.0, "bool": False}
TAGGED = {
    "metrics": {
        "metadataType": "MetadataStructValue",
        "struct_value": base64.b64encode(json.dumps(METRICS).encode()).decode(),
    },
    "text": {"metadataType": "MetadataStringValue", "string_value": "x"},
    "int": {"metadataType": "MetadataIntValue", "int_value": "3"},
    "double": {"metadataType": "MetadataDoubleValue", "double_value": 1.0},
    "bool": {"metadataType": "MetadataBoolValue", "bool_value": False},
}
PROTO = {"metadataType": "MetadataProtoValue", "type": "t", "proto_value": "AQ=="}


@pytest.fixture
async def rest(registry_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=registry_url + API) as http:
        yield http


async def set_properties(rest: httpx.AsyncClient, path: str, **fields: str) -> None:
    """Give an entry a property of every type that the REST API has, as another program might."""
    answer = await rest.patch(path, json={"state": None, "customProperties": TAGGED, **fields})
    assert answer.status_code == 200, answer.text


def check_properties(entry: RegistryEntry | None, **expected: Any) -> None:
    assert entry is not None
    found = dict(entry.custom_properties or {})
    metrics = found.pop("metrics")
    assert isinstance(metrics, StructProperty)
    assert metrics.value == METRICS
    assert found == PLAIN | expected
    assert {name: type(value) for name, value in found.items()} == {
        name: type(value) for name, value in (PLAIN | expected).items()
    }


async def test_a_model_with_a_struct_keeps_all_properties_through_every_change(
    client: ModelRegistryAPIClient, rest: httpx.AsyncClient, model: RegisteredModel
) -> None:
    await set_properties(rest, f"/registered_models/{model.id}")
    read = await client.get_registered_model_by_id(model.id)
    check_properties(read)
    # Without the map: a field alone, and the state alone.
    edited = await client.upsert_registered_model(RegisteredModel(model.name, id=model.id, description="edited"))
    check_properties(edited)
    archived = await client.upsert_registered_model(RegisteredModel(model.name, id=model.id, state="ARCHIVED"))
    check_properties(archived)
    restored = await client.upsert_registered_model(RegisteredModel(model.name, id=model.id, state="LIVE"))
    check_properties(restored)
    assert (restored.description, restored.state) == ("edited", "LIVE")
    # The whole entry, as it was read.
    restored.owner = "me"
    written = await client.upsert_registered_model(restored)
    check_properties(written)
    # With a change of the map.
    assert written.custom_properties is not None
    written.custom_properties = {**written.custom_properties, "team": "a"}
    check_properties(await client.upsert_registered_model(written), team="a")
    cleared = await client.upsert_registered_model(RegisteredModel(model.name, id=model.id, custom_properties={}))
    assert cleared.custom_properties == {}


async def test_versions_and_artifacts_with_a_struct_are_changed_likewise(
    client: ModelRegistryAPIClient, rest: httpx.AsyncClient, version: ModelVersion
) -> None:
    await set_properties(rest, f"/model_versions/{version.id}")
    check_properties(await client.upsert_model_version(ModelVersion(version.name, id=version.id, author="me")))
    artifact = await client.upsert_model_version_artifact(ModelArtifact("weights", uri="s3://1"), version.id)
    document = await client.upsert_model_version_artifact(DocArtifact("card", uri="s3://1"), version.id)
    for stored in (artifact, document):
        await set_properties(rest, f"/artifacts/{stored.id}", artifactType=stored.artifact_type or "")
        change = type(stored)(stored.name, id=stored.id, uri="s3://2")
        check_properties(await client.upsert_artifact(change))
        # The POST that updates and links.
        change.state = "LIVE"
        linked = await client.upsert_model_version_artifact(change, version.id)
        check_properties(linked)
        assert (linked.uri, linked.state) == ("s3://2", "LIVE")


async def test_a_struct_is_copied_to_a_new_entry(
    client: ModelRegistryAPIClient, rest: httpx.AsyncClient, model: RegisteredModel, unique: Unique
) -> None:
    await set_properties(rest, f"/registered_models/{model.id}")
    read = await client.get_registered_model_by_id(model.id)
    assert read is not None
    copied = RegisteredModel(unique("copy"), custom_properties=read.custom_properties)
    check_properties(await client.upsert_registered_model(copied))


def holding(properties: dict[str, Any]) -> Callable[[Received], Reply]:
    """Answer like the real server for an entry with these properties, which none of its PATCHes can keep."""

    def respond(received: Received) -> Reply:
        body = json.loads(received.body) if received.method == "PATCH" else {}
        if received.method == "PATCH" and "customProperties" not in body:
            return Reply(400, {"code": "Bad Request", "message": "error setting field CustomProperties: bad request"})
        return Reply(200, {**MODEL, "customProperties": properties})

    return respond


async def test_an_entry_with_a_property_that_the_registry_cannot_take_back_is_not_written() -> None:
    with serving(holding({"p": PROTO})) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            with pytest.raises(
                UnwritableProperty, match=r"'p' \(MetadataProtoValue\)\. Nothing has been written"
            ) as raised:
                await client.upsert_registered_model(RegisteredModel("m", id="1", description="x"))
            assert raised.value.names == ["p"]
            assert [received.method for received in server.received] == ["PATCH", "GET"]
            read = await client.get_registered_model_by_id("1")
            assert read is not None
            with pytest.raises(UnwritableProperty, match="'p'"):
                await client.upsert_registered_model(read)
            assert len(server.received) == 3, "nothing was sent"


async def test_a_refusal_for_another_reason_is_passed_on() -> None:
    with serving(holding({})) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            with pytest.raises(BadRequest, match="error setting field"):
                await client.upsert_registered_model(RegisteredModel("m", id="1", description="x"))


async def test_an_entry_of_another_name_is_not_written() -> None:
    struct = {"metadataType": "MetadataStructValue", "struct_value": "{}"}
    with serving(holding({"p": struct})) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            with pytest.raises(IdentityMismatch, match="that entry has not been updated"):
                await client.upsert_registered_model(RegisteredModel("other", id="1", description="x"))
    assert [received.method for received in server.received] == ["PATCH", "GET"]
