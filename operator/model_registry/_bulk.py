"""Many concurrent calls, with a result for each."""

import asyncio
import inspect
import logging
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Collection, Iterable
from typing import Generic, TypeVar

logger = logging.getLogger("model_registry")

T = TypeVar("T")

DEFAULT_AT_ONCE = 16

_PENDING = RuntimeError("pending")


class Results(list[T | Exception], Generic[T]):
    """The result of each call, in the order of the calls: its return value, or the exception that it raised."""

    @property
    def failures(self) -> dict[int, Exception]:
        """The exceptions, by the position of their call. Empty if no call failed."""
        return {position: result for position, result in enumerate(self) if isinstance(result, Exception)}

    def values(self) -> list[T]:
        """Return the return values of the calls.

        Raises:
            ExceptionGroup: With all the exceptions, if any call failed.
        """
        failures = list(self.failures.values())
        if failures:
            raise ExceptionGroup(f"{len(failures)} of {len(self)} calls failed", failures)
        return [result for result in self if not isinstance(result, Exception)]


async def bulk(
    calls: Iterable[Awaitable[T]] | AsyncIterable[Awaitable[T]], *, at_once: int = DEFAULT_AT_ONCE
) -> Results[T]:
    """Await many calls, a limited number at a time. A failed call does not stop the others.

    A call is taken from the iterable only when it can run, so a generator may produce thousands of calls. If a call
    raises an exception, this exception is its result, and a `RuntimeError` if something else has cancelled that call;
    failures are also logged as a warning.

    Args:
        calls: Calls of the client's methods, or of your own functions that make several calls.
        at_once: Maximum number of concurrent calls. More than 16 do not help, because by default a client has at most
            16 requests in flight.

    Returns:
        One result per call, in order.

    Raises:
        ValueError: If `at_once` is less than 1.
        Exception: Whatever `calls` itself raises during iteration. The running calls are cancelled first.
    """
    if at_once < 1:
        _close_unused(calls)
        raise ValueError(f"at_once must be at least 1, got {at_once}")
    source, source_lock = _iterate(calls), asyncio.Lock()
    results: Results[T] = Results()
    workers = [asyncio.create_task(_work(source, source_lock, results)) for _ in range(at_once)]
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


async def _work(source: AsyncGenerator[Awaitable[T], None], source_lock: asyncio.Lock, results: Results[T]) -> None:
    """Await one call after the other, and store each result at the position of its call."""
    while True:
        async with source_lock:
            try:
                call = await anext(source)
            except StopAsyncIteration:
                return
            position = len(results)
            results.append(_PENDING)
        try:
            results[position] = await call
        except asyncio.CancelledError as error:
            if _is_being_cancelled():
                raise
            # Another part of the program has cancelled that call alone.
            results[position] = cancelled = RuntimeError("The call was cancelled")
            cancelled.__cause__ = error
        except Exception as error:  # noqa: BLE001 - it is the result, which the caller handles
            results[position] = error


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _iterate(calls: Iterable[Awaitable[T]] | AsyncIterable[Awaitable[T]]) -> AsyncGenerator[Awaitable[T], None]:
    if isinstance(calls, AsyncIterable):
        async for call in calls:
            yield call
    else:
        for call in calls:
            yield call


def _close_unused(calls: object) -> None:
    """Close the coroutines that were created but never started, because of an interruption."""
    for call in calls if isinstance(calls, Collection) else ():
        if inspect.iscoroutine(call) and inspect.getcoroutinestate(call) == inspect.CORO_CREATED:
            call.close()
