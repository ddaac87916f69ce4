"""The tasks that work for registries, which others must not cancel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Iterable


class OwnTasks(Container[asyncio.Task[None]]):
    """The tasks that work for registries at any time, also for registries that are added later.

    Args:
        is_worker: returns whether a task is a worker of the queue.
        others: returns the other tasks as they are now.
    """

    def __init__(self, is_worker: Callable[[object], bool], others: Callable[[], Iterable[asyncio.Task[None]]]) -> None:
        self._is_worker = is_worker
        self._others = others

    def __contains__(self, task: object) -> bool:
        return self._is_worker(task) or any(task is other for other in self._others())
