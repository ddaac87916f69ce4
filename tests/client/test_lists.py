"""Lists, pages and filters, with a registry."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import NotARegistryError, UnreadableEntry
from model_registry.types import (
    ArtifactTypeQueryParam,
    DocArtifact,
    ListOptions,
    ModelArtifact,
    ModelVersion,
    Pager,
    RegisteredModel,
    StructProperty,
)
from tests.support.loopback import MODEL, Received, Reply, serving

Unique = Callable[[str], str]

HALF = "a\ud800b"


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


UNREADABLE = [{"id": "7", "customProperties": {}}, {"id": "8", "name": 5}, None]


async def test_an_entry_that_cannot_be_read_is_left_out_counted_and_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    page = Reply(200, {"items": [UNREADABLE[0], MODEL, *UNREADABLE[1:]], "nextPageToken": ""})
    with serving(lambda _: page) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            options = ListOptions(limit=10)
            pager = Pager(client.get_registered_models)
            for _ in range(2):
                assert [model.id for model in await client.get_registered_models(options)] == ["1"]
                assert options.passed_over == 3
                assert [model.id async for model in pager.restart()] == ["1"]
                assert pager.passed_over == 3
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "Lists leave out registered model 7, because it cannot be read: name: Field required",
        "Lists leave out registered model 8, because it cannot be read: name: Input should be a valid string",
        "Lists leave out registered model without an ID, because it cannot be read: name: Field required",
    ]


async def test_nothing_is_passed_over_in_a_list_that_can_be_read() -> None:
    options = ListOptions(passed_over=5)
    with serving(lambda _: Reply(200, {"items": [MODEL], "nextPageToken": ""})) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            await client.get_registered_models(options)
    assert options.passed_over == 0


@pytest.mark.parametrize(("before", "loop"), [(0, 1), (0, 2), (1, 1), (3, 2), (2, 5), (9, 4)])
async def test_a_list_that_never_ends_is_an_error(before: int, loop: int) -> None:
    tokens = itertools.count()

    def page(_: Received) -> Reply:
        number = next(tokens)
        token = number if number < before else before + (number - before) % loop
        return Reply(200, {"items": [MODEL], "nextPageToken": f"page {token}"})

    with serving(page) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            pager = Pager(client.get_registered_models)
            with pytest.raises(NotARegistryError, match="the list never ends"):
                [entry async for entry in pager if len(server.received) < 100]


async def test_a_pager_that_starts_again_knows_no_page_of_the_list_before() -> None:
    pages = ["a", "b", "c", "", "b", "a", "c", ""]
    answers = iter(pages)
    with serving(lambda _: Reply(200, {"items": [MODEL], "nextPageToken": next(answers)})) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            pager = Pager(client.get_registered_models)
            for _ in range(2):
                assert len([entry async for entry in pager.restart()]) == 4


@pytest.mark.parametrize(
    ("call", "place"),
    [
        (lambda client: client.get_registered_model_by_params(name=HALF), "name"),
        (lambda client: client.get_registered_model_by_params(external_id=HALF), "externalId"),
        (lambda client: client.get_artifact_by_id(HALF), "an ID"),
        (lambda client: client.get_model_versions(HALF), "an ID"),
        (lambda client: client.get_artifacts(filter_query=HALF), "filterQuery"),
        (lambda client: client.upsert_registered_model(RegisteredModel(HALF)), "name"),
        (lambda client: client.upsert_registered_model(RegisteredModel("m", language=["de", HALF])), "language"),
        (
            lambda client: client.upsert_registered_model(RegisteredModel("m", id="1", custom_properties={"a": HALF})),
            r"customProperties\.a\.string_value",
        ),
        (
            lambda client: client.upsert_registered_model(
                RegisteredModel("m", custom_properties={"a": StructProperty({"struct_value": f'{{"b": "{HALF}"}}'})})
            ),
            r"customProperties\.a",
        ),
        (
            lambda client: client.upsert_registered_model(RegisteredModel("m", custom_properties={HALF: "a"})),
            "a name in customProperties",
        ),
    ],
)
async def test_half_a_character_is_refused_with_its_place(
    call: Callable[[ModelRegistryAPIClient], Awaitable[Any]], place: str
) -> None:
    with serving(lambda _: Reply(200, MODEL)) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            with pytest.raises(ValueError, match=f"^{place}: half a character") as raised:
                await call(client)
        assert not isinstance(raised.value, UnicodeError)
        assert server.received == []


async def test_getting_an_entry_that_cannot_be_read_raises_an_error_that_says_why() -> None:
    with serving(lambda _: Reply(200, UNREADABLE[1])) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            for read in (client.get_registered_model_by_id("8"), client.get_registered_model_by_params("m")):
                with pytest.raises(UnreadableEntry, match="registered model 8 cannot be read: name: Input should be a"):
                    await read
            with pytest.raises(UnreadableEntry, match="artifact 8 cannot be read"):
                await client.get_artifact_by_id("8")


async def test_calls_that_share_their_options_do_not_take_each_other_for_a_loop(
    client: ModelRegistryAPIClient, unique: Callable[[str], str]
) -> None:
    for number in range(3):
        await client.upsert_registered_model(RegisteredModel(unique(f"m{number}")))
    options = ListOptions(limit=2)
    pages = await asyncio.gather(*(client.get_registered_models(options) for _ in range(4)))
    assert [len(page) for page in pages] == [2] * 4
