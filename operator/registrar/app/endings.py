"""Ends connections while everything else goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

End = Callable[[], Awaitable[None]]


class Endings:
    """What is being ended, in tasks of their own: one after the other for one name, but no name waits for another.

    Iterating yields the tasks that run, and those that failed.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._last: dict[str, asyncio.Task[None]] = {}

    def __iter__(self) -> Iterator[asyncio.Task[None]]:
        return iter(tuple(self._tasks))

    def begin(self, name: str, end: End) -> None:
        """End something, once what was to end before under the same name has ended."""
        task = asyncio.create_task(_after(self._last.get(name), end), name=f"ending {name}")
        self._tasks.add(task)
        self._last[name] = task
        task.add_done_callback(self._ended)

    async def finish(self, timeout_seconds: float) -> None:
        """Wait for everything that is being ended, and cancel what takes longer."""
        if not self._tasks:
            return
        _, running = await asyncio.wait(self._tasks, timeout=timeout_seconds)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        for name in [name for name, last in self._last.items() if last is task]:
            del self._last[name]
        if task.cancelled() or task.exception() is None:
            self._tasks.discard(task)


async def _after(before: asyncio.Task[None] | None, end: End) -> None:
    if before is not None:
        await asyncio.wait({before})
    await end()
