"""Names, external IDs and IDs that belong to another entry, with a registry."""

import asyncio
from collections.abc import Callable

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import ConflictError, IdentityMismatch, NotFound
from model_registry.types import DocArtifact, ModelArtifact, ModelVersion, RegisteredModel

Unique = Callable[[str], str]

MISSING = "2147483647"


async def test_a_taken_name_names_its_holder(
    client: ModelRegistryAPIClient, model: RegisteredModel, version: ModelVersion
) -> None:
    artifact = await client.upsert_model_artifact(ModelArtifact("a", uri="u"), version.id)
    document = await client.upsert_model_version_artifact(DocArtifact("a", uri="u"), version.id)
    with pytest.raises(ConflictError, match=f"held by RegisteredModel '{model.name}' \\(id {model.id}\\)") as of_model:
        await client.upsert_registered_model(RegisteredModel(model.name, owner="another"))
    with pytest.raises(ConflictError) as of_version:
        await client.upsert_model_version(ModelVersion(version.name), model.id)
    with pytest.raises(ConflictError) as of_artifact:
        await client.upsert_model_artifact(ModelArtifact("a", uri="other"), version.id)
    with pytest.raises(ConflictError) as of_document:
        await client.upsert_model_version_artifact(DocArtifact("a", uri="other"), version.id)
    assert of_model.value.holder == model
    assert of_version.value.holder == version
    assert of_artifact.value.holder == artifact
    assert of_document.value.holder == document
    assert await client.get_registered_model_by_id(model.id) == model, "nothing is updated by name"


async def test_a_taken_external_id_names_its_holder_whatever_its_kind(
    client: ModelRegistryAPIClient, unique: Unique
) -> None:
    """The server's message blames the name in each of these cases."""
    model = await client.upsert_registered_model(RegisteredModel(unique("m"), external_id=unique("of-model")))
    version = await client.upsert_model_version(ModelVersion("v", external_id=unique("of-version")), model.id)
    document = await client.upsert_model_version_artifact(
        DocArtifact("d", uri="u", external_id=unique("of-document")), version.id
    )
    holders: dict[str, object] = {}
    for word in ("of-model", "of-version"):
        with pytest.raises(ConflictError) as of_model:
            await client.upsert_registered_model(RegisteredModel(unique("other"), external_id=unique(word)))
        with pytest.raises(ConflictError) as of_version:
            await client.upsert_model_version(ModelVersion("other", external_id=unique(word)), model.id)
        assert of_model.value.holder == of_version.value.holder
        holders[word] = of_model.value.holder
    with pytest.raises(ConflictError) as of_artifact:
        await client.upsert_model_artifact(
            ModelArtifact("other", uri="u", external_id=unique("of-document")), version.id
        )
    with pytest.raises(ConflictError) as of_standalone:
        await client.upsert_artifact(DocArtifact("other", uri="u", external_id=unique("of-document")))
    assert holders == {"of-model": model, "of-version": version}
    assert of_artifact.value.holder == document
    assert of_standalone.value.holder == document


async def test_an_update_to_a_taken_external_id_names_its_holder(
    client: ModelRegistryAPIClient, unique: Unique
) -> None:
    holder = await client.upsert_registered_model(RegisteredModel(unique("holder"), external_id=unique("e")))
    late = await client.upsert_registered_model(RegisteredModel(unique("late"), external_id=unique("mine")))
    late.external_id = unique("e")
    with pytest.raises(ConflictError) as refused:
        await client.upsert_registered_model(late)
    assert refused.value.holder == holder
    assert (refused.value.status, refused.value.method) == (409, "PATCH")


async def test_a_version_and_an_artifact_may_share_an_external_id(
    client: ModelRegistryAPIClient, model: RegisteredModel, unique: Unique
) -> None:
    version = await client.upsert_model_version(ModelVersion("v", external_id=unique("e")), model.id)
    artifact = await client.upsert_model_artifact(ModelArtifact("a", uri="u", external_id=unique("e")), version.id)
    assert version.external_id == artifact.external_id == unique("e")


async def test_of_simultaneous_creates_one_succeeds_and_the_others_name_it(
    client: ModelRegistryAPIClient, unique: Unique
) -> None:
    results = await asyncio.gather(
        *(client.upsert_registered_model(RegisteredModel(unique("race"))) for _ in range(8)), return_exceptions=True
    )
    created = [result for result in results if isinstance(result, RegisteredModel)]
    refused = [result for result in results if isinstance(result, ConflictError)]
    assert (len(created), len(refused)) == (1, 7)
    assert all(error.holder == created[0] for error in refused)


async def test_get_or_create_returns_an_existing_entry_unchanged(
    client: ModelRegistryAPIClient, unique: Unique
) -> None:
    model = await client.get_or_create_registered_model(RegisteredModel(unique("m"), owner="first"))
    assert await client.get_or_create_registered_model(RegisteredModel(unique("m"), owner="second")) == model
    version = await client.get_or_create_model_version(ModelVersion("v", author="first"), model.id)
    assert await client.get_or_create_model_version(ModelVersion("v", author="second"), model.id) == version
    assert (model.owner, version.author) == ("first", "first")


async def test_get_or_create_does_not_hide_a_conflict_of_external_ids(
    client: ModelRegistryAPIClient, unique: Unique
) -> None:
    model = await client.upsert_registered_model(RegisteredModel(unique("m"), external_id=unique("e")))
    with pytest.raises(ConflictError) as of_model:
        await client.get_or_create_registered_model(RegisteredModel(unique("other"), external_id=unique("e")))
    with pytest.raises(ConflictError) as of_version:
        await client.get_or_create_model_version(ModelVersion("v", external_id=unique("e")), model.id)
    assert of_model.value.holder == of_version.value.holder == model


async def test_an_id_of_another_entry_is_detected_after_the_update(
    client: ModelRegistryAPIClient, model: RegisteredModel, version: ModelVersion, unique: Unique
) -> None:
    artifact = await client.upsert_model_artifact(ModelArtifact("a", uri="u"), version.id)
    with pytest.raises(
        IdentityMismatch, match=r"to have name .*, but has name .*, and that entry has been updated"
    ) as of_model:
        await client.upsert_registered_model(RegisteredModel(unique("other"), id=model.id))
    assert of_model.value.found.id == model.id
    assert of_model.value.found.name == model.name
    assert of_model.value.expected.name == unique("other")
    with pytest.raises(IdentityMismatch, match="but has registered_model_id"):
        await client.upsert_model_version(ModelVersion(version.name, id=version.id, registered_model_id=MISSING))
    with pytest.raises(IdentityMismatch):
        await client.upsert_artifact(ModelArtifact("b", id=artifact.id))
    with pytest.raises(IdentityMismatch):
        await client.upsert_model_version_artifact(ModelArtifact("b", id=artifact.id, uri="u"), version.id)


async def test_an_update_of_an_entry_that_does_not_exist_is_an_error(client: ModelRegistryAPIClient) -> None:
    with pytest.raises(NotFound) as missing:
        await client.upsert_registered_model(RegisteredModel("m", id=MISSING))
    assert missing.value.status == 404
    assert missing.value.method == "PATCH"
    assert missing.value.url.endswith(f"/registered_models/{MISSING}")
    assert missing.value.message == f"no registered model found for id {MISSING}: not found"
    with pytest.raises(NotFound):
        await client.upsert_model_artifact(ModelArtifact("a", uri="u"), MISSING)
