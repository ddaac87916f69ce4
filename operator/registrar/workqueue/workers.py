"""The workers of the work queue: the tasks that run the keys of each share."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Iterator
from typing import Any, Generic

from registrar.workqueue.lanes import Key
from registrar.workqueue.shares import Share

logger = logging.getLogger(__name__)


class Workers(Generic[Key]):
    """The tasks of all shares. Iterating yields those that `end` has not begun to end.

    Args:
        work: takes one key of a share after the other.
    """

    def __init__(self, work: Callable[[Share[Key]], Coroutine[Any, Any, None]]) -> None:
        self._work = work
        self._begin: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, list[asyncio.Task[None]]] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def __iter__(self) -> Iterator[asyncio.Task[None]]:
        for tasks in self._tasks.values():
            yield from tasks

    def wait_for(self, name: str, begin: asyncio.Event) -> None:
        """Have the workers of a share take no key before an event."""
        self._begin[name] = begin

    def start(self, name: str, share: Share[Key]) -> None:
        """Start the workers of a share in the running loop."""
        begin = self._begin.get(name)
        self._tasks[name] = [
            asyncio.create_task(self._run(share, begin), name=f"worker {number} {name}".strip())
            for number in range(share.workers)
        ]

    async def _run(self, share: Share[Key], begin: asyncio.Event | None) -> None:
        if begin is not None:
            await begin.wait()
        await self._work(share)

    async def end(self, name: str, share: Share[Key], timeout_seconds: float) -> None:
        """End the workers of a share, and cancel those that still run a key after the time-out."""
        tasks, begin = self._tasks.pop(name, []), self._begin.pop(name, None)
        share.close()
        self._ending.update(tasks)
        try:
            if tasks and (begin is None or begin.is_set()):
                _, running = await asyncio.wait(tasks, timeout=timeout_seconds)
                if running:
                    logger.warning("%s: %d reconciles did not end and are cancelled", name, len(running))
        finally:
            await _cancel(tasks)
            self._ending.difference_update(tasks)

    @property
    def everyone(self) -> Collection[asyncio.Task[None]]:
        """All workers, also those that are being ended."""
        return {*self, *self._ending}

    async def cancel(self) -> None:
        """Cancel all workers, and return once they have ended."""
        await _cancel(self.everyone)


async def _cancel(tasks: Collection[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
