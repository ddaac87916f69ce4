"""The owner stamp: nobody loses an entry by replacing it, and it does not outlive its resource's claim."""

import asyncio
import base64
from collections.abc import Callable

import httpx
import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from registrar.api.meta import OWNER_PROPERTY
from tests.support.fixtures import StartOperator, Unique
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Manifest, Namespace, condition, manifest

SOON = "--feed-interval=0.3"


@pytest.fixture
def operator(start_operator: StartOperator, own_space: Namespace, registry_url: str) -> OperatorProcess:
    """An operator that polls often."""
    return start_operator(registry_url, own_space, SOON)


async def until(
    registry: ModelRegistryAPIClient, name: str, fits: Callable[[RegisteredModel], bool]
) -> RegisteredModel:
    found = None
    for _ in range(500):
        found = await registry.get_registered_model_by_params(name=name)
        if found is not None and fits(found):
            return found
        await asyncio.sleep(0.02)
    raise TimeoutError(f"{name} never fitted: {found!r}")


def owner(entry: RegisteredModel) -> str:
    return str((entry.custom_properties or {}).get(OWNER_PROPERTY, ""))


@pytest.mark.usefixtures("operator")
async def test_a_notebook_that_replaces_the_properties_does_not_turn_created_into_adopted(
    own_space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name))
    status = own_space.ready("RegisteredModel", name)["status"]
    assert status["origin"] == "Created"
    await registry.upsert_registered_model(RegisteredModel(name, id=status["id"], custom_properties={"stage": "prod"}))
    entry = await until(registry, name, lambda found: owner(found).startswith("created:"))
    assert (entry.custom_properties or {})["stage"] == "prod"
    own_space.delete("RegisteredModel", name)
    own_space.wait_gone("RegisteredModel", name)
    assert str((await until(registry, name, lambda _: True)).state) == "ARCHIVED"


async def test_under_report_a_lost_stamp_comes_back_and_drift_is_followed_on(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    start_operator(registry_url, own_space, SOON, "--drift-policy=Report")
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name, owner="analytics"))
    entry_id = own_space.ready("RegisteredModel", name)["status"]["id"]
    await registry.upsert_registered_model(RegisteredModel(name, id=entry_id, owner="theirs", custom_properties={}))
    own_space.wait("RegisteredModel", name, lambda found: "theirs" in condition(found, "Drifted").get("message", ""))
    stamped = await until(registry, name, lambda found: owner(found).startswith("created:"))
    assert stamped.owner == "theirs"
    await registry.upsert_registered_model(RegisteredModel(name, id=entry_id, owner="others"))
    own_space.wait("RegisteredModel", name, lambda found: "others" in condition(found, "Drifted").get("message", ""))
    await registry.upsert_registered_model(RegisteredModel(name, id=entry_id, owner="analytics"))
    own_space.wait("RegisteredModel", name, lambda found: not condition(found, "Drifted"))


async def test_an_entry_without_our_stamp_is_followed_by_the_id_in_the_status(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    """Ignore does not restore the stamp: it leaves the entry unguarded."""
    start_operator(registry_url, own_space, SOON, "--drift-policy=Ignore")
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name))
    entry_id = own_space.ready("RegisteredModel", name)["status"]["id"]
    await registry.upsert_registered_model(RegisteredModel(name, id=entry_id, custom_properties={}))
    await asyncio.sleep(1.0)
    assert owner(await until(registry, name, lambda _: True)) == ""
    await registry.upsert_registered_model(RegisteredModel(name, id=entry_id, state="ARCHIVED"))
    own_space.wait("RegisteredModel", name, lambda found: found["status"]["state"] == "ARCHIVED")


@pytest.mark.usefixtures("operator")
async def test_what_a_deletion_archived_is_open_to_another_installation(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    registry: ModelRegistryAPIClient,
    unique: Unique,
    operator: OperatorProcess,
) -> None:
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name))
    entry_id = own_space.ready("RegisteredModel", name)["status"]["id"]
    own_space.delete("RegisteredModel", name)
    own_space.wait_gone("RegisteredModel", name)
    archived = await until(registry, name, lambda found: str(found.state) == "ARCHIVED")
    assert owner(archived).startswith("released:")
    operator.stop()
    start_operator(registry_url, own_space, SOON, "--owner-id=another/installation")
    own_space.apply(manifest("RegisteredModel", name))
    status = own_space.ready("RegisteredModel", name)["status"]
    assert (status["id"], status["origin"], status["state"]) == (entry_id, "Adopted", "LIVE")


@pytest.mark.usefixtures("operator")
async def test_a_resource_that_is_applied_again_resumes_what_was_archived(
    own_space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    resource = manifest("RegisteredModel", name, adoptionPolicy="Fail")
    own_space.apply(resource)
    entry_id = own_space.ready("RegisteredModel", name)["status"]["id"]
    own_space.delete("RegisteredModel", name)
    own_space.wait_gone("RegisteredModel", name)
    own_space.apply(resource)
    status = own_space.ready("RegisteredModel", name)["status"]
    assert (status["id"], status["origin"]) == (entry_id, "Created")
    assert owner(await until(registry, name, lambda _: True)).startswith("created:")


@pytest.mark.usefixtures("operator")
async def test_the_stamp_of_an_adopted_entry_goes_with_its_resource_and_nothing_else(
    own_space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    by_hand = await registry.upsert_registered_model(
        RegisteredModel(name, owner="theirs", custom_properties={"stage": "prod"})
    )
    own_space.apply(manifest("RegisteredModel", name, description="by git"))
    assert own_space.ready("RegisteredModel", name)["status"]["origin"] == "Adopted"
    own_space.delete("RegisteredModel", name)
    own_space.wait_gone("RegisteredModel", name)
    left = await until(registry, name, lambda _: True)
    assert (left.id, str(left.state), left.owner, left.description) == (by_hand.id, "LIVE", "theirs", "by git")
    assert left.custom_properties == {"stage": "prod"}


@pytest.mark.usefixtures("operator")
async def test_a_paused_resource_that_is_deleted_writes_nothing(
    own_space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    await registry.upsert_registered_model(RegisteredModel(name))
    own_space.apply(manifest("RegisteredModel", name))
    own_space.ready("RegisteredModel", name)
    before = await until(registry, name, lambda _: True)
    own_space.annotate("RegisteredModel", name, paused="true")
    own_space.delete("RegisteredModel", name)
    own_space.wait_gone("RegisteredModel", name)
    assert await until(registry, name, lambda _: True) == before


@pytest.mark.usefixtures("operator")
async def test_an_entry_that_orphan_leaves_says_so_in_its_stamp(
    own_space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name, deletionPolicy="Orphan"))
    assert own_space.ready("RegisteredModel", name)["status"]["origin"] == "Created"
    assert owner(await until(registry, name, lambda _: True)).startswith("kept:")
    own_space.patch("RegisteredModel", name, {"spec": {"deletionPolicy": "Archive"}})
    own_space.ready("RegisteredModel", name)
    await until(registry, name, lambda found: owner(found).startswith("created:"))


@pytest.mark.usefixtures("operator")
async def test_a_property_of_a_type_that_nobody_writes_survives_every_write(
    own_space: Namespace, registry: ModelRegistryAPIClient, registry_url: str, unique: Unique
) -> None:
    """A struct that a colleague adds: adopt, edit, archive, release and restore send it back as it was."""
    name, taker, external_id = unique("model"), unique("taker"), unique("ext")
    struct = {"metadataType": "MetadataStructValue", "struct_value": base64.b64encode(b'{"f1": 0.9}').decode()}
    body = {"name": name, "externalId": external_id, "customProperties": {"metrics": struct}}
    async with httpx.AsyncClient(base_url=f"{registry_url}/api/model_registry/v1alpha3", trust_env=False) as http:
        (await http.post("/registered_models", json=body)).raise_for_status()
    before = (await until(registry, name, lambda _: True)).custom_properties or {}

    def declared(**properties: str) -> Manifest:
        fields = {"deletionPolicy": "Archive", "externalId": external_id, "customProperties": properties}
        return manifest("RegisteredModel", name, **fields)

    for properties in ({}, {"team": "a"}, {"team": "b"}):
        own_space.apply(declared(**properties))
        own_space.ready("RegisteredModel", name)
        found = (await until(registry, name, lambda _: True)).custom_properties or {}
        assert found == {**before, **properties, OWNER_PROPERTY: found[OWNER_PROPERTY]}

    own_space.delete("RegisteredModel", name)
    own_space.wait_gone("RegisteredModel", name)
    archived = await until(registry, name, lambda entry: str(entry.state) == "ARCHIVED")
    assert (archived.custom_properties or {})["metrics"] == before["metrics"]

    own_space.apply(manifest("RegisteredModel", taker, externalId=external_id))
    own_space.ready("RegisteredModel", taker)
    released = await until(registry, name, lambda entry: entry.external_id != external_id)
    assert released.custom_properties == archived.custom_properties

    own_space.delete("RegisteredModel", taker)
    own_space.wait_gone("RegisteredModel", taker)
    own_space.apply(declared(team="c"))
    own_space.ready("RegisteredModel", name)
    restored = await until(registry, name, lambda entry: str(entry.state) == "LIVE")
    assert (restored.custom_properties or {}) | {OWNER_PROPERTY: ""} == {**before, "team": "c", OWNER_PROPERTY: ""}
    assert restored.external_id == external_id
