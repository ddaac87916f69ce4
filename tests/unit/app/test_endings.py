"""Endings: one after the other for one name, and no name waits for another."""

import asyncio
from collections.abc import Awaitable, Callable

from registrar.app.endings import Endings
from tests.support.waiting import wait_for


class World:
    """Endings, each of which lasts until it is released."""

    def __init__(self) -> None:
        self.endings = Endings()
        self.notes: list[str] = []
        self.released: dict[str, asyncio.Event] = {}

    def begin(self, name: str, text: str) -> None:
        self.released[text] = asyncio.Event()
        self.endings.begin(name, self._ending(text))

    def _ending(self, text: str) -> Callable[[], Awaitable[None]]:
        async def end() -> None:
            self.notes.append(f"{text} begins")
            await self.released[text].wait()
            self.notes.append(f"{text} ends")

        return end

    async def noted(self) -> list[str]:
        return self.notes

    async def wait(self, text: str) -> None:
        await wait_for(self.noted, lambda notes: text in notes)


async def test_only_those_of_one_name_follow_each_other() -> None:
    world = World()
    world.begin("a", "first")
    world.begin("a", "second")
    world.begin("b", "other")
    await world.wait("other begins")
    assert world.notes == ["first begins", "other begins"]
    world.released["first"].set()
    await world.wait("second begins")
    assert world.notes == ["first begins", "other begins", "first ends", "second begins"]
    for released in world.released.values():
        released.set()
    await world.endings.finish(5)
    assert sorted(world.notes[4:]) == ["other ends", "second ends"]
    assert list(world.endings) == []


async def test_one_that_failed_stays_to_be_found() -> None:
    endings = Endings()

    async def fail() -> None:
        raise ValueError("a client that cannot be closed")

    endings.begin("a", fail)
    await endings.finish(5)
    (task,) = endings
    assert isinstance(task.exception(), ValueError)


async def test_one_that_takes_too_long_is_cancelled_at_the_end() -> None:
    world = World()
    world.begin("a", "first")
    await world.wait("first begins")
    (task,) = world.endings
    await world.endings.finish(0.01)
    assert task.cancelled()
