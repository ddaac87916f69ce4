"""The URLs of requests: API versions, path prefixes and IDs. With a scripted server."""

from collections.abc import Awaitable, Callable

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import NotARegistryError
from model_registry.types import ModelArtifact, RegisteredModel
from tests.support.loopback import MODEL, NO_ENTRY, Received, Reply, serving

ALPHA = "/api/model_registry/v1alpha3"

V1 = "/api/model_registry/v1"


class VersionedServer:
    """Serves one version of the API. The other does not exist."""

    def __init__(self, version: str, absent: Reply) -> None:
        self.version = version
        self.absent = absent

    def __call__(self, received: Received) -> Reply:
        if not received.path.startswith(f"/api/model_registry/{self.version}/"):
            return self.absent
        return Reply(201, MODEL) if received.method == "POST" else Reply(200, {"items": [], "nextPageToken": ""})


@pytest.mark.parametrize("absent", [Reply(404, "404 page not found\n"), Reply(410, {"code": "Gone", "message": "x"})])
async def test_the_version_is_detected_once(absent: Reply) -> None:
    with serving(VersionedServer("v1", absent)) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            assert (await client.upsert_registered_model(RegisteredModel("m"))).id == "1"
            await client.get_registered_models()
            await client.get_registered_models()
    paths = [received.path.split("?")[0] for received in server.received]
    assert paths == [f"{ALPHA}/registered_models", *[f"{V1}/registered_models"] * 3]
    assert server.received[0].json == server.received[1].json == {"name": "m"}


async def test_an_upgrade_of_the_server_is_detected() -> None:
    script = VersionedServer("v1alpha3", Reply(404, "404 page not found\n"))
    with serving(script) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            await client.get_registered_models()
            script.version, script.absent = "v1", Reply(410, {"code": "Gone", "message": "x"})
            await client.get_registered_models()
            await client.get_registered_models()
    assert [received.path.split("/")[3] for received in server.received] == ["v1alpha3", "v1alpha3", "v1", "v1"]


@pytest.mark.parametrize("fixed_by", ["argument", "address"])
async def test_a_fixed_version_is_the_only_one_tried(fixed_by: str) -> None:
    with serving(VersionedServer("v1", Reply(404, "404 page not found\n"))) as server:
        client = (
            ModelRegistryAPIClient.connect(server.url, api_version="v1alpha3")
            if fixed_by == "argument"
            else ModelRegistryAPIClient.connect(f"{server.url}{ALPHA}")
        )
        async with client:
            with pytest.raises(
                NotARegistryError, match="no registry API at this address: check the address and the API version"
            ):
                await client.get_registered_models()
    assert len(server.received) == 1


async def test_an_entry_that_does_not_exist_is_not_a_wrong_version() -> None:
    with serving(lambda _: NO_ENTRY) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            assert await client.get_registered_model_by_id("1") is None
    assert len(server.received) == 1


async def test_a_path_in_front_of_the_api_is_kept() -> None:
    with serving(lambda _: Reply(200, MODEL)) as server:
        async with ModelRegistryAPIClient.connect(f"{server.url}/gateway/team-a/") as client:
            assert await client.get_registered_model_by_id("1") is not None
    assert server.received[0].path == f"/gateway/team-a{ALPHA}/registered_models/1"


async def test_ids_are_quoted_into_the_path() -> None:
    with serving(lambda _: NO_ENTRY) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            assert await client.get_registered_model_by_id("../x?y") is None
    assert server.received[0].path == f"{ALPHA}/registered_models/..%2Fx%3Fy"


async def test_artifacts_are_updated_at_the_path_that_keeps_their_state() -> None:
    with serving(lambda _: Reply(200, {**MODEL, "artifactType": "model-artifact"})) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            await client.upsert_model_artifact(ModelArtifact("m", id="1", uri="u"))
    read, received = server.received
    assert (read.method, read.path) == ("GET", f"{ALPHA}/model_artifacts/1")
    assert (received.method, received.path) == ("PATCH", f"{ALPHA}/artifacts/1")
    assert received.json == {"artifactType": "model-artifact", "uri": "u", "state": None}


@pytest.mark.parametrize(
    ("find", "missing"),
    [
        (lambda client: client.get_model_version_by_params(name="1", external_id="x"), "registered_model_id"),
        (lambda client: client.get_model_artifact_by_params(name="1", external_id="x"), "model_version_id"),
        (lambda client: client.get_artifact_by_params(name="1", external_id="x"), "model_version_id"),
    ],
)
async def test_a_name_is_not_looked_up_without_its_parent(
    find: Callable[[ModelRegistryAPIClient], Awaitable[object]], missing: str
) -> None:
    with serving(lambda _: NO_ENTRY) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            with pytest.raises(TypeError, match=f"'{missing}': a name is unique only below its parent"):
                await find(client)
    assert server.received == []
