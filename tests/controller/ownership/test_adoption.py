"""Entries that existed before their resource: adopted, refused, resumed, taken over."""

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelVersion, RegisteredModel
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Namespace, condition, has_reason, manifest

pytestmark = pytest.mark.usefixtures("operator")

OWNER = "model-registrar.dev/owner"


async def _model(registry: ModelRegistryAPIClient, name: str) -> RegisteredModel:
    entry = await registry.get_registered_model_by_params(name=name)
    assert entry is not None
    return entry


async def test_an_existing_entry_is_adopted_and_stays_live_after_the_deletion(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    made = await registry.upsert_registered_model(
        RegisteredModel(name, description="by hand", provider="me", custom_properties={"keep": 1})
    )
    space.apply(manifest("RegisteredModel", name, description="by git"))
    resource = space.ready("RegisteredModel", name)
    assert resource["status"]["id"] == made.id
    entry = await _model(registry, name)
    assert (entry.description, entry.provider) == ("by git", "me")
    assert entry.custom_properties == {"keep": 1, OWNER: f"adopted:tests/{space.name}/{space.name}/{name}"}
    space.delete("RegisteredModel", name)
    space.wait_gone("RegisteredModel", name)
    assert (await _model(registry, name)).state == "LIVE"


async def test_an_adopted_entry_is_archived_if_the_spec_says_so(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    await registry.upsert_registered_model(RegisteredModel(name))
    space.apply(manifest("RegisteredModel", name, deletionPolicy="Archive"))
    space.ready("RegisteredModel", name)
    space.delete("RegisteredModel", name)
    space.wait_gone("RegisteredModel", name)
    assert (await _model(registry, name)).state == "ARCHIVED"


async def test_an_archived_entry_is_adopted_and_restored(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    made = await registry.upsert_registered_model(RegisteredModel(name, state="ARCHIVED"))
    space.apply(manifest("RegisteredModel", name))
    assert space.ready("RegisteredModel", name)["status"]["id"] == made.id
    assert (await _model(registry, name)).state == "LIVE"


async def test_adoption_is_refused_if_the_spec_says_so(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    made = await registry.upsert_registered_model(RegisteredModel(name, description="by hand"))
    space.apply(manifest("RegisteredModel", name, description="by git", adoptionPolicy="Fail"))
    resource = space.wait("RegisteredModel", name, has_reason("AdoptionRefused"))
    assert condition(resource, "Stalled")["status"] == "True"
    assert f"id {made.id}" in condition(resource, "Ready")["message"]
    assert "id" not in resource["status"]
    assert await _model(registry, name) == made
    space.apply(manifest("RegisteredModel", name, description="by git", adoptionPolicy="Adopt"))
    space.ready("RegisteredModel", name)
    assert (await _model(registry, name)).description == "by git"


async def test_deleting_a_refused_resource_leaves_the_entry_untouched(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    made = await registry.upsert_registered_model(RegisteredModel(name))
    space.apply(manifest("RegisteredModel", name, adoptionPolicy="Fail", deletionPolicy="Archive"))
    space.wait("RegisteredModel", name, has_reason("AdoptionRefused"))
    space.delete("RegisteredModel", name)
    space.wait_gone("RegisteredModel", name)
    assert await _model(registry, name) == made


async def test_an_entry_with_our_stamp_is_resumed_under_any_adoption_policy(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    """As after a crash between the registry's answer and the status, or a cluster restored from Git."""
    name = unique("model")
    stamp = f"created:tests/{space.name}/{space.name}/{name}"
    made = await registry.upsert_registered_model(RegisteredModel(name, custom_properties={OWNER: stamp}))
    space.apply(manifest("RegisteredModel", name, adoptionPolicy="Fail"))
    assert space.ready("RegisteredModel", name)["status"]["id"] == made.id
    assert await _model(registry, name) == made


async def test_a_resource_restored_without_its_status_finds_its_entry(
    own_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
) -> None:
    model, version, artifact = unique("model"), unique("version"), {"name": "weights", "uri": "s3://b/m"}
    written = (
        manifest("RegisteredModel", model, adoptionPolicy="Fail"),
        manifest("ModelVersion", version, registeredModelRef={"name": model}, artifacts=[artifact]),
    )
    operator = start_operator(registry_url, own_space)
    own_space.apply(*written)
    ids = [own_space.ready("RegisteredModel", model)["status"]["id"], _ids(own_space, version)]
    operator.kill()
    for kind, name in (("RegisteredModel", model), ("ModelVersion", version)):
        own_space.patch(kind, name, {"metadata": {"finalizers": None}})
        own_space.delete(kind, name)
        own_space.wait_gone(kind, name)
    before = await _model(registry, model)
    own_space.apply(*written)
    operator.start()
    assert [own_space.ready("RegisteredModel", model)["status"]["id"], _ids(own_space, version)] == ids
    assert await _model(registry, model) == before


def _ids(space: Namespace, version: str) -> list[str]:
    status = space.ready("ModelVersion", version)["status"]
    return [status["id"], *(artifact["id"] for artifact in status["artifacts"])]


async def test_an_entry_of_another_installation_is_left_alone_until_take_over(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    stamp = f"created:another/cluster/{space.name}/{name}"
    made = await registry.upsert_registered_model(RegisteredModel(name, custom_properties={OWNER: stamp}))
    space.apply(manifest("RegisteredModel", name, description="ours"))
    resource = space.wait("RegisteredModel", name, has_reason("OwnedByOther"))
    assert condition(resource, "Stalled")["status"] == "True"
    assert stamp in condition(resource, "Ready")["message"]
    assert await _model(registry, name) == made
    space.annotate("RegisteredModel", name, take_over="true")
    assert space.ready("RegisteredModel", name)["status"]["id"] == made.id
    entry = await _model(registry, name)
    assert entry.custom_properties == {OWNER: f"adopted:tests/{space.name}/{space.name}/{name}"}


async def test_an_external_parent_may_be_replaced_by_a_resource_for_the_same_entry(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, version = unique("model"), unique("version")
    made = await registry.upsert_registered_model(RegisteredModel(model))
    space.apply(manifest("ModelVersion", version, registeredModelRef={"external": {"name": model}}))
    first = space.ready("ModelVersion", version)["status"]
    assert first["parentId"] == made.id
    space.apply(
        manifest("RegisteredModel", model), manifest("ModelVersion", version, registeredModelRef={"name": model})
    )
    assert space.ready("RegisteredModel", model)["status"]["id"] == made.id
    second = space.ready("ModelVersion", version)["status"]
    assert (second["id"], second["parentId"]) == (first["id"], made.id)


async def test_an_external_parent_is_found_by_id_or_name_and_waited_for(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model = await registry.upsert_registered_model(RegisteredModel(unique("model")))
    version = await registry.upsert_model_version(ModelVersion(unique("version")), model.id)
    by_id, by_name, missing = unique("by-id"), unique("by-name"), unique("missing")
    named = {"registeredModelName": model.name, "name": version.name}
    absent = {"registeredModelName": model.name, "name": unique("absent")}
    for name, external in ((by_id, {"id": version.id}), (by_name, named), (missing, absent)):
        space.apply(manifest("ModelArtifact", name, uri="s3://b/m", modelVersionRef={"external": external}))
    assert space.ready("ModelArtifact", by_id)["status"]["parentId"] == version.id
    assert space.ready("ModelArtifact", by_name)["status"]["parentId"] == version.id
    waiting = space.wait("ModelArtifact", missing, has_reason("WaitingForModelVersion"))
    assert condition(waiting, "Reconciling")["status"] == "True"
    assert not condition(waiting, "Stalled")
    assert unique("absent") in condition(waiting, "Ready")["message"]
