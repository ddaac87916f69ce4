"""Iteration over lists of any length, page by page."""

import asyncio
import inspect
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Generic, Self, TypeVar

from model_registry.types.base import RegistryEntry
from model_registry.types.options import ListOptions, OrderByField, checked_page_size

T = TypeVar("T", bound=RegistryEntry)

DEFAULT_PAGE_SIZE = 100


class Pager(Generic[T]):
    """Iterates over all entries that a list method returns.

    It is synchronous or asynchronous like the list method: use `for` or `async for`. `next_page()` and `next_item()`
    return their result or an awaitable of it. Iteration continues where the last one stopped, and ends after the last
    entry. To start again, call `restart()`, or set an order, a direction or a page size. Several threads may share a
    synchronous pager, and several tasks an asynchronous one; each entry goes to one of them. A copy goes on from where
    the pager stands. The pager keeps at most one page in memory.

    Attributes:
        passed_over: How many entries were skipped since the first page because they cannot be read.

    Args:
        page_fn: A list method of the client, or a lambda or a partial that calls one. It takes `ListOptions`, writes
            `next_page_token` into them, and returns a list of entries or an awaitable of one.
        options: The options to start with. They are copied. Without a limit, a page has 100 entries.
    """

    def __init__(
        self, page_fn: Callable[..., list[T] | Awaitable[list[T]]], options: ListOptions | None = None
    ) -> None:
        options = options or ListOptions()
        self.options = replace(options, limit=options.limit or DEFAULT_PAGE_SIZE)
        self.page_fn = page_fn
        self._by_keyword = _takes_options_by_name(page_fn)
        self._awaits = False
        self._turns: tuple[asyncio.AbstractEventLoop, asyncio.Lock] | None = None
        self._reading = threading.RLock()
        self.restart()

    def restart(self) -> Self:
        """Start again at the first page."""
        self.options.next_page_token = self.options.earlier_token = None
        self._pages = 0
        self._ended = False
        self._waiting: deque[T] = deque()
        self._seen: set[str | None] = set()
        self.passed_over = 0
        return self

    def order_by_creation_time(self) -> Self:
        """Order by creation time, and start again."""
        return self._ordered(OrderByField.CREATE_TIME)

    def order_by_update_time(self) -> Self:
        """Order by the time of the last update, and start again."""
        return self._ordered(OrderByField.LAST_UPDATE_TIME)

    def order_by_id(self) -> Self:
        """Order by ID, and start again. This is the default, and the only order that never misses an entry."""
        return self._ordered(OrderByField.ID)

    def ascending(self) -> Self:
        """Sort in ascending order (the default), and start again."""
        self.options.is_asc = True
        return self.restart()

    def descending(self) -> Self:
        """Sort in descending order, and start again."""
        self.options.is_asc = False
        return self.restart()

    def page_size(self, n: int) -> Self:
        """Read this many entries per request, and start again.

        Raises:
            ValueError: If it is less than 1.
        """
        self.options.limit = checked_page_size(n)
        return self.restart()

    def limit(self, n: int) -> Self:
        """Read this many entries per request. This is another name for `page_size`."""
        return self.page_size(n)

    def next_page(self) -> Any:
        """Read the next page.

        Returns:
            The list of its entries, or an awaitable of that list. After the last page, `[]` until `restart()`.
        """
        with self._reading:
            self._waiting.clear()
            if self._ended:
                return _value([]) if self._awaits else []
            result = self._request()
            return self._take_awaited(result) if inspect.isawaitable(result) else self._take(result)

    def next_item(self) -> Any:
        """Read the next entry.

        Returns:
            The entry, or an awaitable of it.

        Raises:
            StopIteration: After the last entry.
            StopAsyncIteration: After the last entry, if the result is awaited.
        """
        with self._reading:
            if self._waiting or self._ended:
                return self.__anext__() if self._awaits else self.__next__()
            result = self._request()
            if inspect.isawaitable(result):
                return self._first_of(result)
            self._waiting.extend(self._take(result))
            return self.__next__()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        with self._reading:
            while not self._waiting:
                if self._ended:
                    raise StopIteration
                result = self._request()
                if inspect.isawaitable(result):
                    _close(result)
                    raise TypeError("the list method is asynchronous: iterate with `async for`")
                self._waiting.extend(self._take(result))
            return self._waiting.popleft()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        async with self._turn():
            while not self._waiting:
                if self._ended:
                    raise StopAsyncIteration
                result = self._request()
                self._waiting.extend(self._take(await result if inspect.isawaitable(result) else result))
            return self._waiting.popleft()

    def __getstate__(self) -> dict[str, Any]:
        # Another process, or another copy, waits for its own tasks and threads only.
        return {name: value for name, value in vars(self).items() if name not in {"_turns", "_reading"}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _turns=None, _reading=threading.RLock())

    def __copy__(self) -> Self:
        twin = object.__new__(type(self))
        twin.__setstate__(self.__getstate__())
        # Each copy goes on for itself from where this one stands.
        twin.options, twin._waiting, twin._seen = replace(self.options), self._waiting.copy(), self._seen.copy()
        return twin

    def _turn(self) -> asyncio.Lock:
        """Return the lock that lets one task of the running loop read at a time."""
        loop = asyncio.get_running_loop()
        if self._turns is None or self._turns[0] is not loop:
            self._turns = loop, asyncio.Lock()
        return self._turns[1]

    def _ordered(self, field: OrderByField) -> Self:
        self.options.order_by = field
        return self.restart()

    def _request(self) -> list[T] | Awaitable[list[T]]:
        result = self.page_fn(options=self.options) if self._by_keyword else self.page_fn(self.options)
        self._awaits = inspect.isawaitable(result)
        return result

    def _take(self, page: list[T]) -> list[T]:
        """Record whether this is the last page, and drop entries that the time orders return twice."""
        self._ended = not self.options.next_page_token
        self._pages += 1
        if self._pages.bit_count() == 1:
            # Brent's algorithm: with the token of each power of two, a loop of any length is found without all tokens.
            self.options.earlier_token = self.options.next_page_token
        self.passed_over += self.options.passed_over
        if self.options.order_by in (None, OrderByField.ID):
            return page
        new = [entry for entry in page if entry.id not in self._seen]
        self._seen.update(entry.id for entry in new)
        return new

    async def _take_awaited(self, page: Awaitable[list[T]]) -> list[T]:
        async with self._turn():
            if self._ended:  # another task has read the last page in the meantime
                _close(page)
                return []
            return self._take(await page)

    async def _first_of(self, page: Awaitable[list[T]]) -> T:
        async with self._turn():
            if self._waiting or self._ended:
                _close(page)
            else:
                self._waiting.extend(self._take(await page))
        return await self.__anext__()


def _close(page: object) -> None:
    """Close a coroutine that is not awaited."""
    if inspect.iscoroutine(page):
        page.close()


async def _value(page: list[T]) -> list[T]:
    return page


def _takes_options_by_name(page_fn: Callable[..., Any]) -> bool:
    """Return whether to pass `options=`, which a partial with keyword arguments requires."""
    try:
        return "options" in inspect.signature(page_fn).parameters
    except ValueError:  # some callables written in other languages have no signature
        return False
