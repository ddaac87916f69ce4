"""Artifacts of an experiment's run: the registry stores its ID among the custom properties, and hides it there."""

from collections.abc import Callable, Sequence
from typing import Any

import httpx
import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import IdentityMismatch
from model_registry.types import Artifact, DataSet, DocArtifact, ModelArtifact, ModelVersion
from tests.support.loopback import MODEL, Reply, serving

API = "/api/model_registry/v1alpha3"
OF_THE_RUN = {"experiment_id": 7, "experiment_run_id": 8}
CLASSES: Sequence[type[Artifact]] = (ModelArtifact, DocArtifact, DataSet)

Write = Callable[[ModelRegistryAPIClient, Artifact, str], Any]
WRITES: dict[str, Write] = {
    "update": lambda client, artifact, _: client.upsert_artifact(artifact),
    "update and link": lambda client, artifact, version_id: client.upsert_model_version_artifact(artifact, version_id),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("cls", CLASSES)
async def test_an_update_keeps_the_run_of_an_artifact(
    registry_url: str, client: ModelRegistryAPIClient, version: ModelVersion, cls: type[Artifact], write: Write
) -> None:
    new = cls("a", uri="s3://b/1", custom_properties={"team": "x", **OF_THE_RUN})
    made = await client.upsert_model_version_artifact(new, str(version.id))
    await _check(registry_url, made)
    # Without the map: fields alone, and the state alone.
    await _check(registry_url, await write(client, cls("a", id=made.id, uri="s3://b/2"), str(version.id)))
    archived = await write(client, cls("a", id=made.id, state="MARKED_FOR_DELETION"), str(version.id))
    await _check(registry_url, archived)
    # The whole entry, as it was read, with a change of the map.
    archived.custom_properties = {**archived.custom_properties, "team": "y"}
    written = await write(client, archived, str(version.id))
    assert written.custom_properties == {"team": "y", **OF_THE_RUN}
    # A map is the whole one, as always: what is missing from it is removed.
    assert (await write(client, cls("a", id=made.id, custom_properties={}), str(version.id))).custom_properties == {}


async def test_an_artifact_is_read_before_an_update_that_leaves_the_properties_out() -> None:
    other = {**MODEL, "name": "other", "artifactType": "doc-artifact"}
    with serving(lambda _: Reply(200, other)) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            with pytest.raises(IdentityMismatch, match="has not been updated"):
                await client.upsert_artifact(DocArtifact("m", id="1", uri="u"))
            assert [received.method for received in server.received] == ["GET"]


@pytest.mark.parametrize("text", ["x", "", "99999999999", None, 7])
async def test_an_id_of_a_run_that_is_no_whole_number_is_passed_over(text: object) -> None:
    body = {**MODEL, "artifactType": "doc-artifact", "experimentId": text, "customProperties": {}}
    with serving(lambda _: Reply(200, body)) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            artifact = await client.get_artifact_by_id("1")
    assert artifact is not None
    assert artifact.custom_properties == {}


async def _check(registry_url: str, artifact: Artifact) -> None:
    """Check that an artifact is still the run's, for the client and for whoever uses the REST API."""
    assert artifact.custom_properties == {"team": "x", **OF_THE_RUN}
    async with httpx.AsyncClient(base_url=registry_url + API) as http:
        stored = (await http.get(f"/artifacts/{artifact.id}")).json()
        query = {"filterQuery": f"experiment_id.int_value = 7 AND id = {artifact.id}"}
        found = (await http.get("/artifacts", params=query)).json()["items"]
    assert (stored["experimentId"], stored["experimentRunId"]) == ("7", "8")
    assert [one["id"] for one in found] == [artifact.id]
