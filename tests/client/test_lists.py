"""Lists, pages and filters, with a registry."""

from collections.abc import Callable

from model_registry import ModelRegistryAPIClient
from model_registry.types import (
    ArtifactTypeQueryParam,
    DocArtifact,
    ListOptions,
    ModelArtifact,
    ModelVersion,
    Pager,
    RegisteredModel,
)

Unique = Callable[[str], str]


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
    created = [
        await client.upsert_registered_model(
            RegisteredModel(unique(f"m{number}"), custom_properties={"team/stamp": stamp})
        )
        for number in range(5)
    ]
    ours = ListOptions(filter_query=f"`team/stamp` = '{stamp}'")
    assert await client.get_registered_models(ours) == created
    assert ours.next_page_token == ""
    pager = Pager(client.get_registered_models, ours).page_size(2)
    assert [model async for model in pager] == created
    assert [model async for model in pager.descending()] == created[::-1]
    assert len(await pager.restart().next_page()) == 2


async def test_versions_of_all_models(client: ModelRegistryAPIClient, unique: Unique) -> None:
    stamp = unique("stamp")
    created = []
    for word in ("m1", "m2"):
        model = await client.upsert_registered_model(RegisteredModel(unique(word)))
        created.append(
            await client.upsert_model_version(ModelVersion("v", custom_properties={"stamp": stamp}), model.id)
        )
    options = ListOptions(filter_query=f"stamp = '{stamp}'")
    assert await client.get_model_versions(options=options) == created


async def test_a_list_reports_the_servers_clock(client: ModelRegistryAPIClient, unique: Unique) -> None:
    created = await client.upsert_registered_model(RegisteredModel(unique("model")))
    options = ListOptions(limit=1)
    await client.get_registered_models(options)
    assert options.answered_at is not None
    # The header has whole seconds, and servers update it once a second.
    assert abs(options.answered_at - int(created.create_time_since_epoch or "")) < 3000
