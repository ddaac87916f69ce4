"""Several resources want one entry or external ID; rename and move, in both orders that Argo CD uses."""

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import DocArtifact, RegisteredModel
from tests.support.entries import model_named
from tests.support.fixtures import Unique
from tests.support.resources import Namespace, annotated, condition, has_reason, manifest

pytestmark = pytest.mark.usefixtures("operator")


async def test_the_first_resource_keeps_an_entry_and_the_second_takes_over_after_it(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name, first, second = unique("entry"), unique("first"), unique("second")
    space.apply(manifest("RegisteredModel", first, name=name, description="first"))
    entry_id = space.ready("RegisteredModel", first)["status"]["id"]
    space.apply(manifest("RegisteredModel", second, name=name, description="second"))
    loser = space.wait("RegisteredModel", second, has_reason("NameConflict"))
    assert condition(loser, "Reconciling")["status"] == "True"
    assert not condition(loser, "Stalled")
    assert f"{space.name}/{first}" in condition(loser, "Ready")["message"]
    assert (await model_named(registry, name)).description == "first"
    space.delete("RegisteredModel", first)
    space.wait_gone("RegisteredModel", first)
    assert space.ready("RegisteredModel", second)["status"]["id"] == entry_id
    entry = await model_named(registry, name)
    assert (entry.description, entry.state) == ("second", "LIVE")


async def test_deleting_the_loser_leaves_the_entry_untouched(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name, first, second = unique("entry"), unique("first"), unique("second")
    space.apply(manifest("RegisteredModel", first, name=name))
    space.ready("RegisteredModel", first)
    space.apply(manifest("RegisteredModel", second, name=name, deletionPolicy="Archive"))
    space.wait("RegisteredModel", second, has_reason("NameConflict"))
    before = await model_named(registry, name)
    space.delete("RegisteredModel", second)
    space.wait_gone("RegisteredModel", second)
    assert await model_named(registry, name) == before


@pytest.mark.parametrize("is_new_first", [True, False], ids=["new applied first", "old pruned first"])
@pytest.mark.parametrize("is_move", [True, False], ids=["namespace move", "rename"])
async def test_rename_and_move_keep_the_entry(
    space: Namespace,
    second_space: Namespace,
    registry: ModelRegistryAPIClient,
    unique: Unique,
    is_new_first: bool,  # noqa: FBT001 - a parameter of the test
    is_move: bool,  # noqa: FBT001 - the same
) -> None:
    entry_name, old = unique("entry"), unique("old")
    new, target = (old, second_space) if is_move else (unique("new"), space)
    space.apply(manifest("RegisteredModel", old, name=entry_name, description="same"))
    entry_id = space.ready("RegisteredModel", old)["status"]["id"]
    if is_new_first:
        target.apply(manifest("RegisteredModel", new, name=entry_name, description="same"))
        target.wait("RegisteredModel", new, has_reason("NameConflict"))
        space.delete("RegisteredModel", old)
    else:
        space.delete("RegisteredModel", old)
        space.wait_gone("RegisteredModel", old)
        target.apply(manifest("RegisteredModel", new, name=entry_name, description="same"))
    space.wait_gone("RegisteredModel", old)
    assert target.ready("RegisteredModel", new)["status"]["id"] == entry_id
    entry = await model_named(registry, entry_name)
    assert entry.state == "LIVE"
    assert entry.custom_properties == {"model-registrar.dev/owner": f"created:tests/{space.name}/{target.name}/{new}"}
    # The successor owns it as the first did: this installation created the entry.
    target.delete("RegisteredModel", new)
    target.wait_gone("RegisteredModel", new)
    assert (await model_named(registry, entry_name)).state == "ARCHIVED"


async def test_a_corrected_name_frees_the_old_one(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    """A typo in the name, which collides with another resource, is corrected before the entry has an ID."""
    name, first, second = unique("entry"), unique("first"), unique("second")
    space.apply(manifest("RegisteredModel", first, name=name))
    space.ready("RegisteredModel", first)
    space.apply(manifest("RegisteredModel", second, name=name))
    space.wait("RegisteredModel", second, has_reason("NameConflict"))
    space.apply(manifest("RegisteredModel", second, name=unique("corrected")))
    entry_id = space.ready("RegisteredModel", second)["status"]["id"]
    assert (await model_named(registry, unique("corrected"))).id == entry_id


async def test_a_taken_external_id_names_its_holder(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    holder = await registry.upsert_registered_model(
        RegisteredModel(unique("holder"), external_id=unique("ext"), state="ARCHIVED")
    )
    space.apply(manifest("RegisteredModel", name, externalId=unique("ext")))
    resource = space.wait("RegisteredModel", name, has_reason("ExternalIdConflict"))
    assert condition(resource, "Stalled")["status"] == "True"
    message = condition(resource, "Ready")["message"]
    assert unique("holder") in message
    assert f"id {holder.id}" in message
    assert "ARCHIVED" in message
    assert await registry.get_registered_model_by_params(name=name) is None
    space.apply(manifest("RegisteredModel", name, externalId=unique("other")))
    space.ready("RegisteredModel", name)
    # The same by an update: the entry keeps what it has.
    space.apply(manifest("RegisteredModel", name, externalId=unique("ext")))
    space.wait("RegisteredModel", name, has_reason("ExternalIdConflict"))
    assert (await model_named(registry, name)).external_id == unique("other")


async def test_children_of_an_entry_that_is_recorded_do_not_wait_for_its_external_id(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    entry, former, model, version = unique("entry"), unique("former"), unique("model"), unique("version")
    space.apply(manifest("RegisteredModel", former, name=entry, deletionPolicy="Archive"))
    entry_id = space.ready("RegisteredModel", former)["status"]["id"]
    space.delete("RegisteredModel", former)
    space.wait_gone("RegisteredModel", former)
    await registry.upsert_registered_model(RegisteredModel(unique("holder"), external_id=unique("ext")))
    space.apply(
        manifest("RegisteredModel", model, name=entry, externalId=unique("ext")),
        manifest("ModelVersion", version, registeredModelRef={"name": model}),
    )
    assert space.ready("ModelVersion", version)["status"]["parentId"] == entry_id
    assert has_reason("ExternalIdConflict")(space.get("RegisteredModel", model))


async def test_an_inline_artifact_and_a_resource_may_not_share_an_entry(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, version, artifact = unique("model"), unique("version"), unique("artifact")
    inline = {"name": artifact, "uri": "s3://inline"}
    space.apply(
        manifest("RegisteredModel", model),
        manifest("ModelVersion", version, registeredModelRef={"name": model}, artifacts=[inline]),
    )
    status = space.ready("ModelVersion", version)["status"]
    space.apply(manifest("ModelArtifact", artifact, uri="s3://own", modelVersionRef={"name": version}))
    loser = space.wait("ModelArtifact", artifact, has_reason("NameConflict"))
    assert f"ModelVersion {space.name}/{version}" in condition(loser, "Ready")["message"]
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": model}))
    winner = space.ready("ModelArtifact", artifact)["status"]
    assert winner["id"] == status["artifacts"][0]["id"]
    entry = await registry.get_artifact_by_id(winner["id"])
    assert entry is not None
    assert (entry.uri, entry.state) == ("s3://own", "LIVE")


@pytest.mark.parametrize("is_paused", [True, False], ids=["paused", "waiting for another parent"])
async def test_a_version_that_is_not_reconciled_keeps_no_artifact_that_it_does_not_declare(
    space: Namespace,
    registry: ModelRegistryAPIClient,
    unique: Unique,
    is_paused: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    model, version, artifact, other = unique("model"), unique("version"), unique("artifact"), unique("other")
    declared = manifest(
        "ModelVersion", version, registeredModelRef={"name": model}, artifacts=[{"name": "weights", "uri": "s3://b/w"}]
    )
    space.apply(manifest("RegisteredModel", model), declared)
    entry_id = space.ready("ModelVersion", version)["status"]["artifacts"][0]["id"]
    space.apply(annotated(manifest("RegisteredModel", other, name=model), paused="true"))
    space.wait("RegisteredModel", other, has_reason("Paused"))
    changed = annotated(declared, paused="true") if is_paused else declared
    parent = model if is_paused else other
    space.apply({**changed, "spec": {**declared["spec"], "registeredModelRef": {"name": parent}, "artifacts": []}})
    space.wait("ModelVersion", version, has_reason("Paused" if is_paused else "WaitingForRegisteredModel"))
    reference = {"name": version} if is_paused else {"external": {"registeredModelName": model, "name": version}}
    space.apply(manifest("ModelArtifact", artifact, name="weights", uri="s3://b/new", modelVersionRef=reference))
    assert space.ready("ModelArtifact", artifact)["status"]["id"] == entry_id
    assert getattr(await registry.get_artifact_by_id(entry_id), "uri", None) == "s3://b/new"


async def test_a_document_of_the_same_name_is_another_entry(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, version, artifact = unique("model"), unique("version"), unique("artifact")
    space.apply(
        manifest("RegisteredModel", model), manifest("ModelVersion", version, registeredModelRef={"name": model})
    )
    version_id = space.ready("ModelVersion", version)["status"]["id"]
    document = await registry.upsert_model_version_artifact(DocArtifact(artifact, uri="https://doc"), version_id)
    space.apply(manifest("ModelArtifact", artifact, uri="s3://model", modelVersionRef={"name": version}))
    entry_id = space.ready("ModelArtifact", artifact)["status"]["id"]
    assert entry_id != document.id
    assert await registry.get_artifact_by_id(str(document.id)) == document
