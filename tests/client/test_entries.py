"""What the client makes of the registry's ways, on a registry."""

import asyncio
from collections.abc import Callable

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import (
    AmbiguousEntryError,
    BadRequest,
    ConflictError,
    IdentityMismatch,
    NotFound,
    Unprocessable,
)
from model_registry.types import (
    Artifact,
    ArtifactState,
    ArtifactTypeQueryParam,
    DocArtifact,
    ListOptions,
    ModelArtifact,
    ModelVersion,
    ModelVersionState,
    Pager,
    RegisteredModel,
    RegisteredModelState,
)

Unique = Callable[[str], str]

MISSING = "2147483647"


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


async def test_none_leaves_alone_and_empty_clears(client: ModelRegistryAPIClient, unique: Unique) -> None:
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
    """The registry resets a state that an update does not mention."""
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


@pytest.mark.parametrize(
    "name", ["a_b", "50%", r"back\slash", "o'clock", 'quo"te', "x:y", "ümläut 模型", "a/b?c#d&e=f", r"\%"]
)
async def test_names_are_found_exactly(client: ModelRegistryAPIClient, unique: Unique, name: str) -> None:
    """The registry takes a name to find for an SQL pattern."""
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


async def test_a_document_is_no_model_artifact(client: ModelRegistryAPIClient, version: ModelVersion) -> None:
    document = await client.upsert_model_version_artifact(DocArtifact("d", uri="u"), version.id)
    assert await client.get_model_artifact_by_id(document.id) is None
    assert await client.get_model_artifact_by_params("d", version.id) is None
    assert await client.get_artifact_by_id(document.id) == document
    assert await client.get_artifact_by_params("d", version.id) == document


async def test_linking_makes_a_name_ambiguous_and_it_is_said(
    client: ModelRegistryAPIClient, version: ModelVersion
) -> None:
    """Nothing keeps artifacts that were created outside of a version from being linked to it under one name."""
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


async def test_looking_up_without_saying_what_is_refused(client: ModelRegistryAPIClient) -> None:
    with pytest.raises(TypeError, match=r"Expected either \('name'\) or \('external_id'\) arguments to be given"):
        await client.get_registered_model_by_params()
    with pytest.raises(TypeError, match=r"\('registered_model_id', 'name'\) or \('external_id'\)"):
        await client.get_model_version_by_params(name="v")
    with pytest.raises(TypeError, match=r"\('name', 'model_version_id'\) or \('external_id'\)"):
        await client.get_model_artifact_by_params(name="a")
    with pytest.raises(TypeError, match=r"\('name', 'model_version_id'\) or \('external_id'\)"):
        await client.get_artifact_by_params(model_version_id="1")
    with pytest.raises(TypeError, match="`version` is another word for `name`"):
        await client.get_model_version_by_params("1", "v", version="v")
    with pytest.raises(ValueError, match="An external ID cannot be empty"):
        await client.get_registered_model_by_params(external_id="")


@pytest.mark.parametrize("entry_id", [None, ""])
async def test_an_id_that_is_none_is_refused_before_anything_is_asked(
    client: ModelRegistryAPIClient, entry_id: str | None
) -> None:
    message = "an entry gets its ID when it is created"
    with pytest.raises(ValueError, match=message):
        await client.get_registered_model_by_id(entry_id)
    with pytest.raises(ValueError, match=message):
        await client.get_model_version_artifacts(entry_id)
    with pytest.raises(ValueError, match="Registered model ID required for creating a new model version: 'v'"):
        await client.upsert_model_version(ModelVersion("v"), entry_id)


async def test_a_version_may_name_its_model_itself(client: ModelRegistryAPIClient, model: RegisteredModel) -> None:
    version = await client.upsert_model_version(ModelVersion("v", registered_model_id=model.id))
    assert await client.get_model_versions(model.id) == [version]


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


async def test_get_or_create_gives_the_one_that_exists_as_it_is(client: ModelRegistryAPIClient, unique: Unique) -> None:
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


async def test_an_id_of_another_entry_is_noticed_after_the_update(
    client: ModelRegistryAPIClient, model: RegisteredModel, version: ModelVersion, unique: Unique
) -> None:
    artifact = await client.upsert_model_artifact(ModelArtifact("a", uri="u"), version.id)
    with pytest.raises(IdentityMismatch, match=r"is .*\(name\), which has been updated") as of_model:
        await client.upsert_registered_model(RegisteredModel(unique("other"), id=model.id))
    assert of_model.value.found.id == model.id
    assert of_model.value.found.name == model.name
    assert of_model.value.expected.name == unique("other")
    with pytest.raises(IdentityMismatch, match=r"\(registered_model_id\)"):
        await client.upsert_model_version(ModelVersion(version.name, id=version.id, registered_model_id=MISSING))
    with pytest.raises(IdentityMismatch):
        await client.upsert_artifact(ModelArtifact("b", id=artifact.id))
    with pytest.raises(IdentityMismatch):
        await client.upsert_model_version_artifact(ModelArtifact("b", id=artifact.id, uri="u"), version.id)


async def test_an_update_of_what_does_not_exist_is_an_error(client: ModelRegistryAPIClient) -> None:
    with pytest.raises(NotFound) as missing:
        await client.upsert_registered_model(RegisteredModel("m", id=MISSING))
    assert missing.value.status == 404
    assert missing.value.method == "PATCH"
    assert missing.value.url.endswith(f"/registered_models/{MISSING}")
    assert missing.value.message == f"no registered model found for id {MISSING}: not found"
    with pytest.raises(NotFound):
        await client.upsert_model_artifact(ModelArtifact("a", uri="u"), MISSING)


async def test_what_the_registry_refuses_is_told_in_its_words(
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


async def test_an_artifact_outside_of_a_version(client: ModelRegistryAPIClient, unique: Unique) -> None:
    artifact = await client.upsert_model_artifact(ModelArtifact("free", uri="u", external_id=unique("e")))
    document = await client.upsert_artifact(DocArtifact("free", uri="u", external_id=unique("d")))
    assert await client.get_model_artifact_by_params(external_id=unique("e")) == artifact
    assert await client.get_artifact_by_params(external_id=unique("d")) == document
    artifact.uri = "new"
    assert (await client.upsert_model_artifact(artifact)).uri == "new"


async def test_types_without_a_class_of_their_own_are_plain_artifacts(
    client: ModelRegistryAPIClient, version: ModelVersion
) -> None:
    data = await client.upsert_model_version_artifact(
        Artifact("data", uri="u", artifact_type="dataset-artifact"), version.id
    )
    assert type(data) is Artifact
    assert data.artifact_type == "dataset-artifact"
    data.description = "changed"
    assert (await client.upsert_artifact(data)).description == "changed"


async def test_lists_of_artifacts_by_type(
    client: ModelRegistryAPIClient, version: ModelVersion, unique: Unique
) -> None:
    trained = await client.upsert_model_artifact(
        ModelArtifact("m", uri="u", custom_properties={"batch": unique("b")}), version.id
    )
    document = await client.upsert_model_version_artifact(
        DocArtifact("d", uri="u", custom_properties={"batch": unique("b")}), version.id
    )
    ours = f"batch = '{unique('b')}'"
    doc_type = ArtifactTypeQueryParam.DOC_ARTIFACT
    assert await client.get_model_version_artifacts(version.id) == [trained, document]
    assert await client.get_model_artifacts(version.id) == [trained]
    assert await client.get_artifacts(ours) == [trained, document]
    assert await client.get_artifacts(ours, "doc-artifact") == [document]
    assert await client.get_artifacts(options=ListOptions(filter_query=ours, artifact_type_param=doc_type)) == [
        document
    ]
    assert await client.get_model_version_artifacts(version.id, ListOptions.artifact_type(doc_type)) == [document]


async def test_a_page_of_model_artifacts_is_full_even_where_documents_come_first(
    client: ModelRegistryAPIClient, version: ModelVersion
) -> None:
    for number in range(3):
        await client.upsert_model_version_artifact(DocArtifact(f"d{number}", uri="u"), version.id)
    trained = await client.upsert_model_artifact(ModelArtifact("m", uri="u"), version.id)
    assert await client.get_model_artifacts(version.id, ListOptions(limit=1)) == [trained]


async def test_lists_are_filtered_and_paged(client: ModelRegistryAPIClient, unique: Unique) -> None:
    stamp = unique("stamp")
    made = [
        await client.upsert_registered_model(
            RegisteredModel(unique(f"m{number}"), custom_properties={"team/stamp": stamp})
        )
        for number in range(5)
    ]
    ours = ListOptions(filter_query=f"`team/stamp` = '{stamp}'")
    assert await client.get_registered_models(ours) == made
    assert ours.next_page_token == ""
    pager = Pager(client.get_registered_models, ours).page_size(2)
    assert [model async for model in pager] == made
    assert [model async for model in pager.descending()] == made[::-1]
    assert len(await pager.restart().next_page()) == 2


async def test_versions_of_all_models(client: ModelRegistryAPIClient, unique: Unique) -> None:
    stamp = unique("stamp")
    made = []
    for word in ("m1", "m2"):
        model = await client.upsert_registered_model(RegisteredModel(unique(word)))
        made.append(await client.upsert_model_version(ModelVersion("v", custom_properties={"stamp": stamp}), model.id))
    options = ListOptions(filter_query=f"stamp = '{stamp}'")
    assert await client.get_model_versions(options=options) == made


async def test_a_listing_tells_the_servers_clock(client: ModelRegistryAPIClient, unique: Unique) -> None:
    made = await client.upsert_registered_model(RegisteredModel(unique("model")))
    options = ListOptions(limit=1)
    await client.get_registered_models(options)
    assert options.answered_at is not None
    # The header has whole seconds, and servers renew it once a second.
    assert abs(options.answered_at - int(made.create_time_since_epoch or "")) < 3000
