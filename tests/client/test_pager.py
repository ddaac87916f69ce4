"""Pager with fake page functions. test_seed_document.py uses it with a registry."""

import asyncio
import copy
import pickle
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Any

import pytest

from model_registry.types import ListOptions, Pager, RegisteredModel


class Shelf:
    """Serves pages of entries with the IDs 1 to `size`, and records the options of each request."""

    def __init__(self, size: int) -> None:
        self.entries = [RegisteredModel(f"m{number}", id=str(number)) for number in range(1, size + 1)]
        self.asked: list[dict[str, str]] = []

    def page(self, options: ListOptions) -> list[RegisteredModel]:
        params = options.as_params()
        self.asked.append(params)
        start = int(params.get("nextPageToken", 0))
        end = start + int(params["pageSize"])
        entries = self.entries if options.is_asc else self.entries[::-1]
        options.next_page_token = str(end) if end < len(entries) else ""
        return entries[start:end]

    async def async_page(self, options: ListOptions | None = None) -> list[RegisteredModel]:
        await asyncio.sleep(0)
        return self.page(options or ListOptions())

    async def async_page_of(self, shelf: str, options: ListOptions | None = None) -> list[RegisteredModel]:
        assert shelf == "top"
        return await self.async_page(options)


def ids(entries: list[RegisteredModel]) -> list[int]:
    return [int(entry.id or 0) for entry in entries]


def test_a_sync_page_function_makes_a_sync_iterator() -> None:
    shelf = Shelf(5)
    assert ids(list(Pager(shelf.page).page_size(2))) == [1, 2, 3, 4, 5]
    assert len(shelf.asked) == 3


async def test_an_async_page_function_makes_an_async_iterator() -> None:
    shelf = Shelf(5)
    assert ids([entry async for entry in Pager(shelf.async_page).page_size(2)]) == [1, 2, 3, 4, 5]
    assert len(shelf.asked) == 3


async def test_a_sync_page_function_may_be_iterated_asynchronously() -> None:
    assert ids([entry async for entry in Pager(Shelf(3).page)]) == [1, 2, 3]


def test_an_async_page_function_cannot_be_iterated_synchronously() -> None:
    with pytest.raises(TypeError, match="iterate with `async for`"):
        next(iter(Pager(Shelf(3).async_page)))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4])
async def test_the_number_of_requests_is_the_number_of_pages(size: int) -> None:
    shelf = Shelf(size)
    assert ids([entry async for entry in Pager(shelf.async_page).page_size(2)]) == list(range(1, size + 1))
    assert len(shelf.asked) == max(1, -(-size // 2))


async def test_a_page_has_a_hundred_entries_in_order_of_their_ids_by_default() -> None:
    shelf = Shelf(3)
    await Pager(shelf.async_page).next_page()
    assert shelf.asked == [{"orderBy": "ID", "sortOrder": "ASC", "pageSize": "100"}]


async def test_order_direction_and_page_size_are_set_by_methods() -> None:
    shelf = Shelf(3)
    pager = Pager(shelf.async_page).order_by_creation_time().descending().limit(2)
    assert ids(await pager.next_page()) == [3, 2]
    assert shelf.asked == [{"orderBy": "CREATE_TIME", "sortOrder": "DESC", "pageSize": "2"}]
    pager.order_by_update_time().ascending().page_size(1)
    assert ids(await pager.next_page()) == [1]
    pager.order_by_id()
    assert ids(await pager.next_page()) == [1]
    assert shelf.asked[1:] == [
        {"orderBy": "LAST_UPDATE_TIME", "sortOrder": "ASC", "pageSize": "1"},
        {"orderBy": "ID", "sortOrder": "ASC", "pageSize": "1"},
    ]


@pytest.mark.parametrize("size", [0, -3])
def test_a_page_size_below_one_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"Page size must be at least 1, got {size}"):
        Pager(Shelf(1).page).limit(size)


async def test_the_given_options_are_copied() -> None:
    options = ListOptions(limit=2, is_asc=False)
    pager = Pager(Shelf(5).async_page, options)
    assert ids(await pager.next_page()) == [5, 4]
    assert options == ListOptions(limit=2, is_asc=False)


async def test_pages_after_the_last_are_empty_until_restart() -> None:
    shelf = Shelf(3)
    pager = Pager(shelf.async_page).page_size(2)
    assert [ids(await pager.next_page()) for _ in range(4)] == [[1, 2], [3], [], []]
    assert len(shelf.asked) == 2
    assert ids(await pager.restart().next_page()) == [1, 2]


def test_sync_pages_after_the_last_are_empty_too() -> None:
    pager = Pager(Shelf(3).page).page_size(2)
    assert [ids(pager.next_page()) for _ in range(3)] == [[1, 2], [3], []]


async def test_async_items_one_by_one() -> None:
    pager = Pager(Shelf(3).async_page).page_size(2)
    assert ids([await pager.next_item() for _ in range(3)]) == [1, 2, 3]
    with pytest.raises(StopAsyncIteration):
        await pager.next_item()


def test_sync_items_one_by_one() -> None:
    pager = Pager(Shelf(3).page).page_size(2)
    assert ids([pager.next_item() for _ in range(3)]) == [1, 2, 3]
    with pytest.raises(StopIteration):
        pager.next_item()


async def test_iterating_continues_where_the_last_iteration_stopped() -> None:
    pager = Pager(Shelf(5).async_page).page_size(2)
    async for entry in pager:
        assert entry.id == "1"
        break
    assert ids([entry async for entry in pager]) == [2, 3, 4, 5]
    assert ids([entry async for entry in pager]) == []
    assert ids([entry async for entry in pager.restart()]) == [1, 2, 3, 4, 5]


async def test_iterating_continues_after_a_page() -> None:
    pager = Pager(Shelf(5).async_page).page_size(2)
    assert ids(await pager.next_page()) == [1, 2]
    assert ids([entry async for entry in pager]) == [3, 4, 5]


def test_synchronous_iteration_continues_too() -> None:
    pager = Pager(Shelf(5).page).page_size(2)
    assert next(pager).id == "1"
    assert [ids(list(islice(pager, 2))) for _ in range(3)] == [[2, 3], [4, 5], []]
    assert ids(list(pager.restart())) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("take", ["__anext__", "next_item"])
async def test_several_tasks_share_a_pager(take: str) -> None:
    shelf = Shelf(50)
    pager = Pager(shelf.async_page).page_size(3)
    seen: list[RegisteredModel] = []

    async def work() -> None:
        try:
            while True:
                seen.append(await getattr(pager, take)())
        except StopAsyncIteration:
            return

    await asyncio.gather(*(work() for _ in range(7)))
    assert sorted(ids(seen)) == list(range(1, 51))
    assert len(shelf.asked) == 17


def test_several_threads_share_a_pager() -> None:
    shelf = Shelf(50)

    def slow_page(options: ListOptions) -> list[RegisteredModel]:
        time.sleep(0.002)
        return shelf.page(options)

    pager = Pager(slow_page).page_size(3)
    with ThreadPoolExecutor(4) as threads:
        seen = [entry for found in threads.map(lambda _: list(pager), range(4)) for entry in found]
    assert sorted(ids(seen)) == list(range(1, 51))
    assert len(shelf.asked) == 17


async def test_several_tasks_share_the_pages() -> None:
    shelf = Shelf(5)
    pager = Pager(shelf.async_page).page_size(2)
    pages = await asyncio.gather(*(pager.next_page() for _ in range(6)))
    assert sorted(number for page in pages for number in ids(page)) == [1, 2, 3, 4, 5]
    assert len(shelf.asked) == 3


def test_a_pager_is_used_in_one_event_loop_after_the_other() -> None:
    pager = Pager(Shelf(5).async_page).page_size(2)

    async def both() -> list[int]:
        return ids([await entry for entry in [pager.next_item(), pager.next_item()]])

    async def together() -> list[int]:
        return ids(await asyncio.gather(pager.next_item(), pager.next_item()))

    assert sorted(asyncio.run(together()) + asyncio.run(both())) == [1, 2, 3, 4]


def test_a_used_pager_is_copied_and_pickled_with_its_place() -> None:
    pager = Pager(Shelf(5).page).page_size(2)
    assert next(pager).id == "1"
    for twin in (copy.deepcopy(pager), pickle.loads(pickle.dumps(pager))):  # noqa: S301 - our own bytes
        assert ids(list(twin)) == [2, 3, 4, 5]
    assert ids(list(pager)) == [2, 3, 4, 5]


async def test_a_used_asynchronous_pager_is_pickled_too() -> None:
    pager = Pager(Shelf(5).async_page).page_size(2)
    assert (await anext(pager)).id == "1"
    twin = pickle.loads(pickle.dumps(pager))  # noqa: S301 - our own bytes
    assert ids([entry async for entry in twin]) == [2, 3, 4, 5]


@pytest.mark.parametrize(
    "page_fn_on",
    [
        lambda shelf: lambda o: shelf.async_page_of("top", o),
        lambda shelf: partial(shelf.async_page_of, "top"),
        lambda shelf: partial(shelf.async_page_of, shelf="top"),
    ],
    ids=["lambda", "partial", "partial by name"],
)
async def test_arguments_before_the_options_can_be_bound(
    page_fn_on: Callable[[Shelf], Callable[..., Awaitable[list[RegisteredModel]]]],
) -> None:
    pager = Pager(page_fn_on(Shelf(3)), ListOptions(limit=2))
    assert ids([entry async for entry in pager]) == [1, 2, 3]


async def test_entries_that_appear_twice_in_a_time_order_are_returned_once() -> None:
    """The registry orders by time without a tie-breaker: an entry that is updated during paging appears again."""
    pages = {"": ([1, 2], "a"), "a": ([2, 3], "b"), "b": ([1], "")}

    async def page(options: ListOptions) -> list[RegisteredModel]:
        numbers, options.next_page_token = pages[options.next_page_token or ""]
        return [RegisteredModel("m", id=str(number)) for number in numbers]

    assert ids([entry async for entry in Pager(page).order_by_update_time()]) == [1, 2, 3]


async def test_an_empty_page_in_the_middle_does_not_end_the_list() -> None:
    pages: dict[str, tuple[list[RegisteredModel], str]] = {"": ([], "a"), "a": ([RegisteredModel("m", id="1")], "")}

    async def page(options: ListOptions) -> list[RegisteredModel]:
        entries, options.next_page_token = pages[options.next_page_token or ""]
        return entries

    assert ids([entry async for entry in Pager(page)]) == [1]
    assert ids([await Pager(page).next_item()]) == [1]


async def test_an_error_reaches_the_caller_and_the_page_can_be_requested_again() -> None:
    shelf = Shelf(3)
    failures = [RuntimeError("down")]

    async def page(options: ListOptions) -> list[RegisteredModel]:
        if options.next_page_token and failures:
            raise failures.pop()
        return shelf.page(options)

    pager: Pager[Any] = Pager(page).page_size(2)
    assert ids(await pager.next_page()) == [1, 2]
    with pytest.raises(RuntimeError, match="down"):
        await pager.next_page()
    assert ids(await pager.next_page()) == [3]
