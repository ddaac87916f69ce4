"""Plays what adds keys to a queue at random moments."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence

from registrar.workqueue.queue import ALL, DONE, NOW, Result, WorkQueue

LIMIT = 20.0
"""Seconds until a test that waits gives up; what it waits for takes milliseconds."""


async def until_idle(queue: WorkQueue[str]) -> None:
    """Wait until no key waits or runs; delayed ones do not count."""
    async with asyncio.timeout(LIMIT):
        while len(queue) or queue.active:  # noqa: ASYNC110 - the queue reports no idleness
            await asyncio.sleep(0)


def assert_no_overlap(
    steps: Sequence[tuple[str, str, int]],
    seed: int,
    *,
    workers: int,
    shares: Sequence[str] = (ALL,),
) -> None:
    """Assert that no key is in two workers at once, and that a run begins after each add.

    Args:
        steps: what is added, to which share it belongs from then on, and for how many turns of the loop it rests then.
        seed: for how long keys run, and which run again.
        workers: of each share.
        shares: all of them; keys begin in the first.
    """

    async def scenario() -> None:
        chance = random.Random(seed)  # noqa: S311 - the test's own dice
        home = dict.fromkeys((key for key, _, _ in steps), shares[0])
        running: set[str] = set()
        overlaps: list[str] = []
        begun: Counter[str] = Counter()
        begun_at_last_add: dict[str, int] = {}

        async def process(key: str) -> Result:
            overlaps.extend({key} & running)
            running.add(key)
            begun[key] += 1
            for _ in range(chance.randint(0, 4)):
                await asyncio.sleep(0)
            running.discard(key)
            return chance.choice([DONE, NOW]) if begun[key] < 20 else DONE

        share_of: Callable[[str], str] = home.__getitem__
        queue = WorkQueue(process, workers=workers, shares=shares, share_of=share_of)
        queue.start()
        for key, share, pause in steps:
            begun_at_last_add[key] = begun[key]
            home[key] = share
            queue.add(key)
            for _ in range(pause):
                await asyncio.sleep(0)
        await until_idle(queue)
        assert overlaps == []
        assert all(begun[key] > before for key, before in begun_at_last_add.items())
        await queue.drain(LIMIT)

    asyncio.run(scenario())
