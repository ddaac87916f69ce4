"""Many calls at once, with a result for each."""

import asyncio
import inspect
import logging
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Collection, Iterable
from typing import Generic, TypeVar

logger = logging.getLogger("model_registry")

T = TypeVar("T")

AT_ONCE = 16

_UNDER_WAY = RuntimeError("under way")


class Results(list[T | Exception], Generic[T]):
    """What became of each call, in the order in which they were given: what it returned, or the exception it raised."""

    @property
    def failures(self) -> dict[int, Exception]:
        """The exceptions, by the position of their call; empty if there are none."""
        return {number: result for number, result in enumerate(self) if isinstance(result, Exception)}

    def values(self) -> list[T]:
        """Return what the calls returned.

        Raises:
            ExceptionGroup: Of all exceptions, if there is any.
        """
        failures = list(self.failures.values())
        if failures:
            raise ExceptionGroup(f"{len(failures)} of {len(self)} calls failed", failures)
        return [result for result in self if not isinstance(result, Exception)]


async def bulk(calls: Iterable[Awaitable[T]] | AsyncIterable[Awaitable[T]], *, at_once: int = AT_ONCE) -> Results[T]:
    """Await many calls, a limited number at once, each to its end whatever becomes of the others.

    The calls are taken one by one as there is room, so a generator may make thousands of them. An exception is the
    result of its call; that there were any is logged as a warning, too.

    Args:
        calls: Calls of the client's methods, or of functions of your own that make several.
        at_once: How many are under way at most. More than 16 do not help one client: that many requests it sends.

    Returns:
        One result per call, in order.

    Raises:
        ValueError: If `at_once` is less than 1.
        Exception: What `calls` itself raises when it is iterated, after the calls under way have been cancelled.
    """
    if at_once < 1:
        _close_unused(calls)
        raise ValueError(f"at_once must be at least 1, got {at_once}")
    source, taking = _each(calls), asyncio.Lock()
    results: Results[T] = Results()
    workers = [asyncio.create_task(_work(source, taking, results)) for _ in range(at_once)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        _close_unused(calls)
    if results.failures:
        first = next(iter(results.failures.values()))
        logger.warning("%d of %d calls failed, the first with: %s", len(results.failures), len(results), first)
    return results


async def _work(source: AsyncGenerator[Awaitable[T], None], taking: asyncio.Lock, results: Results[T]) -> None:
    """Take one call after the other, and keep its result at its place."""
    while True:
        async with taking:
            try:
                call = await anext(source)
            except StopAsyncIteration:
                return
            number = len(results)
            results.append(_UNDER_WAY)
        try:
            results[number] = await call
        except Exception as error:  # noqa: BLE001 - it is the result, and the caller's to look at
            results[number] = error


async def _each(calls: Iterable[Awaitable[T]] | AsyncIterable[Awaitable[T]]) -> AsyncGenerator[Awaitable[T], None]:
    if isinstance(calls, AsyncIterable):
        async for call in calls:
            yield call
    else:
        for call in calls:
            yield call


def _close_unused(calls: object) -> None:
    """Close the coroutines that were made but never begun, because of an interruption."""
    for call in calls if isinstance(calls, Collection) else ():
        if inspect.iscoroutine(call) and inspect.getcoroutinestate(call) == inspect.CORO_CREATED:
            call.close()
