"""Many concurrent calls, and lists of all entries."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient, Pager, Results, bulk
from model_registry.exceptions import ConflictError, NotFound
from model_registry.types import DocArtifact, ModelArtifact, ModelVersion, RegisteredModel

Unique = Callable[[str], str]


async def test_results_come_in_order_each_an_entry_or_the_exception(
    client: ModelRegistryAPIClient, unique: Unique
) -> None:
    taken = [await client.upsert_registered_model(RegisteredModel(unique(f"m{number}"))) for number in (3, 7)]
    models = [RegisteredModel(unique(f"m{number}")) for number in range(10)]
    results = await bulk(client.upsert_registered_model(model) for model in models)
    assert len(results) == 10
    for number, result in enumerate(results):
        if number in (3, 7):
            assert isinstance(result, ConflictError)
            assert result.holder in taken
        else:
            assert isinstance(result, RegisteredModel)
            assert result.name == unique(f"m{number}")
            assert await client.get_registered_model_by_id(result.id) == result
    assert results.failures == {3: results[3], 7: results[7]}


async def test_hundreds_of_chains_of_calls(client: ModelRegistryAPIClient, unique: Unique) -> None:
    async def register(number: int) -> ModelArtifact:
        model = await client.upsert_registered_model(RegisteredModel(unique(f"m{number}")))
        version = await client.upsert_model_version(ModelVersion("v1"), model.id)
        return await client.upsert_model_version_artifact(ModelArtifact("a", uri=f"s3://{number}"), version.id)

    artifacts = (await bulk(register(number) for number in range(200))).values()
    assert [artifact.uri for artifact in artifacts] == [f"s3://{number}" for number in range(200)]
    assert len({artifact.id for artifact in artifacts}) == 200


async def test_a_list_may_be_processed_while_it_is_read(client: ModelRegistryAPIClient, model: RegisteredModel) -> None:
    await bulk(client.upsert_model_version(ModelVersion(f"v{number}"), model.id) for number in range(25))

    async def archive(version: ModelVersion) -> ModelVersion:
        version.state = "ARCHIVED"
        return await client.upsert_model_version(version)

    versions = Pager(lambda options: client.get_model_versions(model.id, options)).page_size(10)
    results = await bulk(archive(version) async for version in versions)
    assert len(results.values()) == 25
    assert {version.state for version in await client.get_model_versions(model.id)} == {"ARCHIVED"}


class Crowd:
    """Calls that wait until the test releases them, and counters of them."""

    def __init__(self) -> None:
        self.created = 0
        self.under_way = 0
        self.most = 0
        self.done = 0
        self.arrivals = asyncio.Semaphore(0)
        self.may_end = asyncio.Event()

    async def call(self, number: int) -> int:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        self.arrivals.release()
        try:
            await self.may_end.wait()
            await asyncio.sleep(0)
            self.done += 1
        finally:
            self.under_way -= 1
        return number

    def calls(self, number: int) -> Iterator[Awaitable[int]]:
        for position in range(number):
            self.created += 1
            yield self.call(position)

    async def have_begun(self, number: int) -> None:
        for _ in range(number):
            await self.arrivals.acquire()


@pytest.mark.parametrize("at_once", [1, 5, 200])
async def test_no_more_calls_are_created_and_running_than_allowed(at_once: int) -> None:
    crowd = Crowd()
    task = asyncio.create_task(bulk(crowd.calls(50), at_once=at_once))
    await crowd.have_begun(min(at_once, 50))
    assert crowd.created == min(at_once, 50), "the others are not even created"
    crowd.may_end.set()
    assert await task == list(range(50))
    assert crowd.most == min(at_once, 50)


async def test_values_are_all_of_them_or_all_exceptions(caplog: pytest.LogCaptureFixture) -> None:
    async def half(number: int) -> int:
        if number % 2:
            raise NotFound(f"no {number}", 404, "GET", "u") if number > 1 else KeyError("one")
        return number

    results = await bulk(half(number) for number in range(4))
    with pytest.raises(ExceptionGroup, match="2 of 4 calls failed") as failed:
        results.values()
    assert list(failed.value.exceptions) == [results[1], results[3]]
    assert [type(error) for error in failed.value.exceptions] == [KeyError, NotFound]
    assert (await bulk([half(0), half(2)])).values() == [0, 2]
    assert await bulk([]) == Results()
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warned == ["2 of 4 calls failed, the first with: 'one'"]


async def test_cancelling_it_cancels_running_calls_and_starts_no_more() -> None:
    crowd = Crowd()
    task = asyncio.create_task(bulk(list(crowd.calls(50)), at_once=5))
    await crowd.have_begun(5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (crowd.under_way, crowd.done, crowd.most) == (0, 0, 5)
    # pytest checks that the 45 others were closed: it turns "was never awaited" into an error.


async def test_a_call_that_something_else_cancels_does_not_stop_the_others() -> None:
    async def value() -> int:
        return 1

    cancelled = asyncio.create_task(asyncio.sleep(60, 2))
    cancelled.cancel()
    results = await bulk([value(), cancelled, value()])
    assert (results[0], results[2]) == (1, 1)
    assert [str(error) for error in results.failures.values()] == ["The call was cancelled"]


async def test_an_exception_of_the_source_ends_it() -> None:
    crowd = Crowd()

    def broken() -> Iterator[Awaitable[int]]:
        yield from crowd.calls(3)
        raise LookupError("no more rows")

    with pytest.raises(LookupError, match="no more rows"):
        await bulk(broken())
    assert (crowd.under_way, crowd.done) == (0, 0)


async def test_an_exception_of_an_asynchronous_source_ends_it() -> None:
    crowd = Crowd()

    async def broken() -> AsyncIterator[Awaitable[int]]:
        for call in crowd.calls(3):
            yield call
        raise LookupError("no more pages")

    with pytest.raises(LookupError, match="no more pages"):
        await bulk(broken())
    assert (crowd.under_way, crowd.done) == (0, 0)


@pytest.mark.parametrize("at_once", [0, -1])
async def test_less_than_one_at_once_is_refused(at_once: int) -> None:
    crowd = Crowd()
    with pytest.raises(ValueError, match=f"at_once must be at least 1, got {at_once}"):
        await bulk([crowd.call(1)], at_once=at_once)


async def test_all_entries_of_a_kind_can_be_iterated_over(client: ModelRegistryAPIClient, unique: Unique) -> None:
    models = (await bulk(client.upsert_registered_model(RegisteredModel(unique(f"m{n}"))) for n in range(3))).values()
    versions = (await bulk(client.upsert_model_version(ModelVersion("v"), model.id) for model in models)).values()
    artifacts = (
        await bulk(
            client.upsert_model_version_artifact(kind("a", uri="u"), version.id)
            for version in versions
            for kind in (ModelArtifact, DocArtifact)
        )
    ).values()

    async def found(pager: Pager[Any], kind: type[Any]) -> set[str]:
        return {f"{entry.id}" async for entry in pager.page_size(50) if type(entry) is kind}

    assert {f"{model.id}" for model in models} <= await found(Pager(client.get_registered_models), RegisteredModel)
    assert {f"{version.id}" for version in versions} <= await found(Pager(client.get_model_versions), ModelVersion)
    for pager in (Pager(client.get_model_artifacts), Pager(client.get_artifacts)):
        ids = {f"{artifact.id}" for artifact in artifacts if isinstance(artifact, ModelArtifact)}
        assert ids <= await found(pager, ModelArtifact)
    documents = {f"{artifact.id}" for artifact in artifacts if isinstance(artifact, DocArtifact)}
    assert documents <= await found(Pager(client.get_artifacts), DocArtifact)
