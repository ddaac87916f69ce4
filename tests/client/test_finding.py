"""Getting by ID and finding by name or external ID, with a registry."""

from collections.abc import Callable

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import AmbiguousEntryError
from model_registry.types import DocArtifact, ModelArtifact, ModelVersion, RegisteredModel

Unique = Callable[[str], str]

MISSING = "2147483647"


@pytest.mark.parametrize(
    "name", ["a_b", "50%", r"back\slash", "o'clock", 'quo"te', "x:y", "ümläut 模型", "a/b?c#d&e=f", r"\%"]
)
async def test_names_are_found_exactly(client: ModelRegistryAPIClient, unique: Unique, name: str) -> None:
    """The registry treats a name to find as an SQL pattern."""
    name = unique(name)
    decoys = {name.replace(sign, "-") for sign in "_%\\:"} | {f"x{name}", f"x:{name}", name.upper()}
    decoys -= {name}
    model = await client.upsert_registered_model(RegisteredModel(name))
    for decoy in sorted(decoys):
        await client.upsert_registered_model(RegisteredModel(decoy))
    assert await client.get_registered_model_by_params(name) == model

    version = await client.upsert_model_version(ModelVersion(name), model.id)
    for decoy in sorted(decoys):
        await client.upsert_model_version(ModelVersion(decoy), model.id)
    assert await client.get_model_version_by_params(model.id, name) == version

    artifact = await client.upsert_model_artifact(ModelArtifact(name, uri="u"), version.id)
    for decoy in sorted(decoys):
        await client.upsert_model_artifact(ModelArtifact(decoy, uri="u"), version.id)
    assert await client.get_model_artifact_by_params(name, version.id) == artifact
    assert await client.get_artifact_by_params(name, version.id) == artifact


@pytest.mark.parametrize("pattern", ["{}%", "%", "_{}", "{}_"])
async def test_a_name_that_is_a_pattern_finds_nothing_but_itself(
    client: ModelRegistryAPIClient, model: RegisteredModel, version: ModelVersion, pattern: str
) -> None:
    await client.upsert_model_artifact(ModelArtifact("artifact", uri="u"), version.id)
    assert await client.get_registered_model_by_params(pattern.format(model.name)) is None
    assert await client.get_model_version_by_params(model.id, pattern.format("v1")) is None
    assert await client.get_artifact_by_params(pattern.format("artifact"), version.id) is None


async def test_an_artifact_is_not_found_by_what_follows_a_colon_in_its_name(
    client: ModelRegistryAPIClient, version: ModelVersion
) -> None:
    await client.upsert_model_artifact(ModelArtifact("x:a", uri="u"), version.id)
    assert await client.get_model_artifact_by_params("a", version.id) is None


async def test_artifacts_of_two_types_may_share_a_name(client: ModelRegistryAPIClient, version: ModelVersion) -> None:
    trained = await client.upsert_model_version_artifact(ModelArtifact("same", uri="u"), version.id)
    document = await client.upsert_model_version_artifact(DocArtifact("same", uri="u"), version.id)
    assert await client.get_model_artifact_by_params("same", version.id) == trained
    with pytest.raises(AmbiguousEntryError, match="2 artifacts are named 'same'") as ambiguous:
        await client.get_artifact_by_params("same", version.id)
    assert ambiguous.value.entries == [trained, document]


async def test_a_document_is_not_a_model_artifact(client: ModelRegistryAPIClient, version: ModelVersion) -> None:
    document = await client.upsert_model_version_artifact(DocArtifact("d", uri="u"), version.id)
    assert await client.get_model_artifact_by_id(document.id) is None
    assert await client.get_model_artifact_by_params("d", version.id) is None
    assert await client.get_artifact_by_id(document.id) == document
    assert await client.get_artifact_by_params("d", version.id) == document


async def test_a_name_that_linking_makes_ambiguous_is_reported(
    client: ModelRegistryAPIClient, version: ModelVersion
) -> None:
    """The registry allows linking artifacts with the same name to a version if they were created without one."""
    twins = [await client.upsert_model_artifact(ModelArtifact("twin", uri="u")) for _ in range(2)]
    for twin in twins:
        await client.upsert_model_artifact(twin, version.id)
    with pytest.raises(AmbiguousEntryError) as ambiguous:
        await client.get_model_artifact_by_params("twin", version.id)
    assert [entry.id for entry in ambiguous.value.entries] == [twin.id for twin in twins]


async def test_name_and_external_id_together_are_both_required(client: ModelRegistryAPIClient, unique: Unique) -> None:
    model = await client.upsert_registered_model(RegisteredModel(unique("m"), external_id=unique("e")))
    assert await client.get_registered_model_by_params(unique("m"), unique("e")) == model
    assert await client.get_registered_model_by_params(unique("m"), unique("other")) is None


async def test_what_does_not_exist_is_none(client: ModelRegistryAPIClient) -> None:
    assert await client.get_registered_model_by_id(MISSING) is None
    assert await client.get_model_version_by_id(MISSING) is None
    assert await client.get_model_artifact_by_id(MISSING) is None
    assert await client.get_artifact_by_id(MISSING) is None
    assert await client.get_model_versions(MISSING) == []


async def test_a_look_up_without_parameters_is_refused(client: ModelRegistryAPIClient) -> None:
    with pytest.raises(TypeError, match=r"Expected either \('name'\) or \('external_id'\) arguments to be given"):
        await client.get_registered_model_by_params()
    with pytest.raises(TypeError, match=r"\('registered_model_id', 'name'\) or \('external_id'\)"):
        await client.get_model_version_by_params(name="v")
    with pytest.raises(TypeError, match=r"\('name', 'model_version_id'\) or \('external_id'\)"):
        await client.get_model_artifact_by_params(name="a")
    with pytest.raises(TypeError, match=r"\('name', 'model_version_id'\) or \('external_id'\)"):
        await client.get_artifact_by_params(model_version_id="1")
    with pytest.raises(TypeError, match="`version` is another name for the parameter `name`"):
        await client.get_model_version_by_params("1", "v", version="v")
    with pytest.raises(ValueError, match="An external ID cannot be empty"):
        await client.get_registered_model_by_params(external_id="")


@pytest.mark.parametrize("entry_id", [None, ""])
async def test_a_missing_id_is_refused_before_anything_is_sent(
    client: ModelRegistryAPIClient, entry_id: str | None
) -> None:
    message = "an entry gets its ID when it is created"
    with pytest.raises(ValueError, match=message):
        await client.get_registered_model_by_id(entry_id)
    with pytest.raises(ValueError, match=message):
        await client.get_model_version_artifacts(entry_id)
    with pytest.raises(ValueError, match="Registered model ID required for creating a new model version: 'v'"):
        await client.upsert_model_version(ModelVersion("v"), entry_id)


async def test_an_alias_leads_to_its_version(
    client: ModelRegistryAPIClient, model: RegisteredModel, version: ModelVersion
) -> None:
    properties = {"alias.champion": version.name, "alias.gone": "none", "alias.empty": "", "alias.number": 1}
    await client.upsert_registered_model(RegisteredModel(model.name, id=model.id, custom_properties=properties))
    assert await client.get_model_version_by_alias(model.id, "champion") == version
    for alias in ("gone", "empty", "number", "nobody"):
        assert await client.get_model_version_by_alias(model.id, alias) is None
    assert await client.get_model_version_by_alias(MISSING, "champion") is None


@pytest.mark.parametrize("entry_id", [".", ".."])
async def test_a_step_in_a_path_is_no_id(client: ModelRegistryAPIClient, entry_id: str) -> None:
    for call in (
        client.get_registered_model_by_id(entry_id),
        client.get_model_version_artifacts(entry_id),
        client.upsert_model_version_artifact(ModelArtifact("a", uri="s3://1"), entry_id),
    ):
        with pytest.raises(ValueError, match="is no ID: pass the ID that the registry has assigned"):
            await call


async def test_a_version_is_not_written_where_another_model_is_asked_for(
    client: ModelRegistryAPIClient, version: ModelVersion
) -> None:
    changed = version.model_copy(update={"description": "changed"})
    with pytest.raises(ValueError, match=r"belongs to the model with ID .*Nothing has been sent"):
        await client.upsert_model_version(changed, "999")
    assert await client.get_model_version_by_id(version.id) == version
