"""What an update changes and what it keeps: fields, states and links, with a registry."""

import os
from collections.abc import Callable
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import BadRequest, Unprocessable
from model_registry.types import (
    Artifact,
    ArtifactState,
    DataSet,
    DocArtifact,
    ListOptions,
    Metric,
    ModelArtifact,
    ModelVersion,
    ModelVersionState,
    Parameter,
    ParameterType,
    RegisteredModel,
    RegisteredModelState,
    RegistryEntry,
)

Unique = Callable[[str], str]


def written(entry: RegistryEntry) -> dict[str, Any]:
    """Return the fields that the caller sets."""
    dump = entry.model_dump(exclude={"id", "create_time_since_epoch", "last_update_time_since_epoch", "state"})
    return {name: value for name, value in dump.items() if value not in (None, {})}


async def test_every_field_of_a_model_survives(client: ModelRegistryAPIClient, unique: Unique) -> None:
    sent = RegisteredModel(
        name=unique("full"),
        description="d",
        external_id=unique("external"),
        custom_properties={"s": "x", "i": 42, "d": 1.0, "b": True, "label": ""},
        state=RegisteredModelState.ARCHIVED,
        owner="me",
        readme="# r",
        maturity="Generally Available",
        language=["en", "de"],
        tasks=["text-generation"],
        provider="p",
        logo="data:image/png;base64,AA==",
        license="apache-2.0",
        license_link="https://x/y",
        library_name="transformers",
    )
    stored = await client.upsert_registered_model(sent)
    assigned = {"id", "create_time_since_epoch", "last_update_time_since_epoch"}
    assert stored.model_dump(exclude=assigned) == sent.model_dump(exclude=assigned)
    assert stored.custom_properties is not None
    assert {name: type(value) for name, value in stored.custom_properties.items()} == {
        "s": str,
        "i": int,
        "d": float,
        "b": bool,
        "label": str,
    }
    assert await client.get_registered_model_by_id(stored.id) == stored
    assert sent.id is None, "the argument is not changed"


async def test_every_field_of_a_version_survives(client: ModelRegistryAPIClient, model: RegisteredModel) -> None:
    sent = ModelVersion("v", description="d", author="me", state="ARCHIVED", custom_properties={"a": 0.5})
    stored = await client.upsert_model_version(sent, model.id)
    assert stored.registered_model_id == model.id
    assert (stored.description, stored.author, stored.state) == ("d", "me", ModelVersionState.ARCHIVED)
    assert stored.custom_properties == {"a": 0.5}
    assert await client.get_model_version_by_id(stored.id) == stored


async def test_every_field_of_a_model_artifact_survives(client: ModelRegistryAPIClient, version: ModelVersion) -> None:
    sent = ModelArtifact(
        name="a",
        uri="s3://b/k",
        state="LIVE",
        description="d",
        custom_properties={"accuracy": 0.97},
        model_format_name="onnx",
        model_format_version="1",
        storage_key="key",
        storage_path="path",
        service_account_name="sa",
        model_source_kind="dsp",
        model_source_class="pipelinerun",
        model_source_group="g",
        model_source_id="i",
        model_source_name="n",
    )
    stored = await client.upsert_model_artifact(sent, version.id)
    assigned = {"id", "create_time_since_epoch", "last_update_time_since_epoch"}
    assert stored.model_dump(exclude=assigned) == sent.model_dump(exclude=assigned)
    assert await client.get_model_artifact_by_id(stored.id) == stored
    assert await client.get_artifact_by_id(stored.id) == stored


async def test_none_keeps_a_value_and_empty_clears_it(client: ModelRegistryAPIClient, unique: Unique) -> None:
    stored = await client.upsert_registered_model(
        RegisteredModel(
            unique("m"), owner="me", description="d", tasks=["t"], language=["en"], custom_properties={"a": 1}
        )
    )
    untouched = await client.upsert_registered_model(RegisteredModel(stored.name, id=stored.id, readme="r"))
    assert (untouched.owner, untouched.description, untouched.tasks) == ("me", "d", ["t"])
    assert untouched.custom_properties == {"a": 1}

    cleared = await client.upsert_registered_model(
        RegisteredModel(stored.name, id=stored.id, description="", tasks=[], custom_properties={})
    )
    assert (cleared.description, cleared.tasks, cleared.custom_properties) == ("", [], {})
    assert (cleared.owner, cleared.language, cleared.readme) == ("me", ["en"], "r")


async def test_custom_properties_are_replaced_as_a_whole(client: ModelRegistryAPIClient, unique: Unique) -> None:
    stored = await client.upsert_registered_model(
        RegisteredModel(unique("m"), custom_properties={"kept": 1, "gone": "x", "turned": 1})
    )
    stored.custom_properties = {"kept": 1, "turned": 1.5, "new": False}
    assert (await client.upsert_registered_model(stored)).custom_properties == {
        "kept": 1,
        "turned": 1.5,
        "new": False,
    }


async def test_an_update_keeps_the_state_of_every_kind(
    client: ModelRegistryAPIClient, model: RegisteredModel, version: ModelVersion
) -> None:
    """The registry resets a state that an update does not contain."""
    artifact = await client.upsert_model_artifact(ModelArtifact("a", uri="u", state="MARKED_FOR_DELETION"), version.id)
    document = await client.upsert_model_version_artifact(DocArtifact("d", uri="u", state="LIVE"), version.id)
    await client.upsert_registered_model(RegisteredModel(model.name, id=model.id, state="ARCHIVED"))
    await client.upsert_model_version(ModelVersion(version.name, id=version.id, state="ARCHIVED"))

    changed: list[RegisteredModel | ModelVersion | Artifact] = [
        await client.upsert_registered_model(RegisteredModel(model.name, id=model.id, description="x")),
        await client.upsert_model_version(ModelVersion(version.name, id=version.id, description="x")),
        await client.upsert_model_artifact(ModelArtifact(id=artifact.id, description="x")),
        await client.upsert_artifact(DocArtifact(id=document.id, description="x")),
    ]
    assert [entry.state for entry in changed] == ["ARCHIVED", "ARCHIVED", "MARKED_FOR_DELETION", "LIVE"]
    assert [entry.description for entry in changed] == ["x"] * 4


async def test_an_artifact_without_a_state_keeps_it_unset_through_an_update(
    client: ModelRegistryAPIClient, version: ModelVersion
) -> None:
    artifact = await client.upsert_model_artifact(ModelArtifact("a", uri="u"), version.id)
    assert artifact.state is None
    assert (await client.upsert_model_artifact(ModelArtifact(id=artifact.id, description="x"))).state is None


async def test_a_version_may_name_its_model_itself(client: ModelRegistryAPIClient, model: RegisteredModel) -> None:
    version = await client.upsert_model_version(ModelVersion("v", registered_model_id=model.id))
    assert await client.get_model_versions(model.id) == [version]


async def test_a_refusal_is_reported_with_the_registrys_message(
    client: ModelRegistryAPIClient, model: RegisteredModel
) -> None:
    with pytest.raises(BadRequest, match="NOPE is not a valid RegisteredModelState"):
        await client.upsert_registered_model(RegisteredModel(model.name, id=model.id, state="NOPE"))
    with pytest.raises(Unprocessable, match="required field 'name' is zero value"):
        await client.upsert_registered_model(RegisteredModel(""))
    with pytest.raises(BadRequest, match="nextPageToken"):
        await client.get_registered_models(ListOptions(next_page_token="garbage"))


async def test_an_artifact_with_an_id_is_linked_to_another_version(
    client: ModelRegistryAPIClient, model: RegisteredModel, version: ModelVersion
) -> None:
    artifact = await client.upsert_model_artifact(ModelArtifact("a", uri="u", state="LIVE"), version.id)
    other = await client.upsert_model_version(ModelVersion("v2"), model.id)
    artifact.uri = "elsewhere"
    linked = await client.upsert_model_version_artifact(artifact, other.id)
    assert (linked.id, linked.uri, linked.state) == (artifact.id, "elsewhere", ArtifactState.LIVE)
    assert await client.get_model_version_artifacts(version.id) == [linked]
    assert await client.get_model_version_artifacts(other.id) == [linked]


async def test_an_artifact_without_a_version(client: ModelRegistryAPIClient, unique: Unique) -> None:
    artifact = await client.upsert_model_artifact(ModelArtifact("free", uri="u", external_id=unique("e")))
    document = await client.upsert_artifact(DocArtifact("free", uri="u", external_id=unique("d")))
    assert await client.get_model_artifact_by_params(external_id=unique("e")) == artifact
    assert await client.get_artifact_by_params(external_id=unique("d")) == document
    artifact.uri = "new"
    assert (await client.upsert_model_artifact(artifact)).uri == "new"


async def test_every_field_of_a_data_set_survives(client: ModelRegistryAPIClient, version: ModelVersion) -> None:
    data = DataSet("data", uri="u", digest="d", source_type="s3", source="s3://b/k", schema="{}", profile="p")
    stored = await client.upsert_model_version_artifact(data, version.id)
    assert written(stored) == written(data)
    assert await client.get_artifact_by_id(stored.id) == stored
    stored.digest = "changed"
    assert (await client.upsert_artifact(stored)).digest == "changed"


@pytest.mark.skipif(
    "MODEL_REGISTRY_URL" not in os.environ, reason="the embedded registry does not store metrics and parameters"
)
@pytest.mark.parametrize(
    "measured",
    [
        Metric("accuracy", value=0.5, step=3, timestamp="1700000000000"),
        Metric("epochs", value=1),
        Parameter("rate", value=0.1, parameter_type=ParameterType.NUMBER),
        Parameter("note", value="free text"),
    ],
    ids=lambda entry: entry.name,
)
async def test_every_field_of_a_measurement_survives(
    client: ModelRegistryAPIClient, version: ModelVersion, measured: Metric | Parameter
) -> None:
    stored: Artifact = await client.upsert_model_version_artifact(measured, version.id)
    assert written(stored) == written(measured)
    assert await client.get_model_version_artifacts(version.id) == [stored]
    stored.description = "changed"
    assert (await client.upsert_artifact(stored)).description == "changed"


async def test_an_artifact_is_read_as_the_class_of_its_type(
    client: ModelRegistryAPIClient, version: ModelVersion
) -> None:
    plain = Artifact("data", uri="u", artifact_type="dataset-artifact")
    assert type(await client.upsert_model_version_artifact(plain, version.id)) is DataSet
