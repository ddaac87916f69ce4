"""The shares of the queue: whose keys hang holds back nobody else, and a key moves with what it belongs to."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registrar.workqueue.queue import DONE, Result, WorkQueue
from tests.unit.workqueue.playing import LIMIT, assert_no_overlap, until_idle


def _share_of(key: str) -> str:
    return key[0]


async def test_a_share_whose_keys_all_hang_holds_back_no_other() -> None:
    hanging, ran = asyncio.Event(), asyncio.Queue[str]()

    async def process(key: str) -> Result:
        if key.startswith("a"):
            await hanging.wait()
        ran.put_nowait(key)
        return DONE

    queue = WorkQueue(process, workers=2, shares=("a", "b"), share_of=_share_of)
    queue.start()
    for number in range(50):
        queue.add(f"a{number}", urgent=True)
    for number in range(50):
        queue.add(f"b{number}")
    async with asyncio.timeout(LIMIT):
        found = [await ran.get() for _ in range(50)]
    assert found == [f"b{number}" for number in range(50)]
    assert (queue.active, queue.depth("a"), queue.depth("b"), len(queue)) == (2, 48, 0, 48)
    hanging.set()
    async with asyncio.timeout(LIMIT):
        assert {await ran.get() for _ in range(50)} == {f"a{number}" for number in range(50)}
    await queue.drain(LIMIT)


async def test_each_share_has_its_own_number_of_workers() -> None:
    busy: Counter[str] = Counter()
    most: Counter[str] = Counter()

    async def process(key: str) -> Result:
        busy[key[0]] += 1
        most[key[0]] = max(most[key[0]], busy[key[0]])
        await asyncio.sleep(0)
        busy[key[0]] -= 1
        return DONE

    queue = WorkQueue(process, workers=3, shares=("a", "b"), share_of=_share_of)
    for number in range(20):
        queue.add(f"a{number}")
        queue.add(f"b{number}")
    queue.start()
    await until_idle(queue)
    assert most == {"a": 3, "b": 3}
    await queue.drain(LIMIT)


async def test_a_key_that_moved_runs_once_and_in_its_new_share() -> None:
    hanging, ran, home = asyncio.Event(), list[str](), {"x": "a"}

    async def process(key: str) -> Result:
        if key == "a":
            await hanging.wait()
        ran.append(key)
        return DONE

    queue = WorkQueue(process, workers=1, shares=("a", "b"), share_of=lambda key: home.get(key, key))
    queue.start()
    queue.add("a", urgent=True)
    queue.add("x", urgent=True)
    await asyncio.sleep(0.01)
    assert (ran, queue.active) == ([], 1), "its share is occupied"
    home["x"] = "b"
    queue.add("x")
    async with asyncio.timeout(LIMIT):
        while ran != ["x"]:  # noqa: ASYNC110 - the queue reports no runs
            await asyncio.sleep(0)
    hanging.set()
    await until_idle(queue)
    assert ran == ["x", "a"]
    await queue.drain(LIMIT)


async def test_a_withdrawn_key_leaves_its_worker_waiting() -> None:
    """The worker was woken for it, and must not take a key that does not exist."""
    ran, home = asyncio.Queue[str](), {"x": "a"}

    async def process(key: str) -> Result:
        ran.put_nowait(key)
        return DONE

    queue = WorkQueue(process, workers=1, shares=("a", "b"), share_of=lambda key: home.get(key, key))
    queue.add("x")
    home["x"] = "b"
    queue.add("x")
    queue.start()
    async with asyncio.timeout(LIMIT):
        assert await ran.get() == "x"
        queue.add("a")
        assert await ran.get() == "a"
    assert queue.has_workers()
    await queue.drain(LIMIT)


@pytest.mark.parametrize("moved", ["a", "b"])
async def test_a_delayed_key_runs_in_the_share_that_it_has_by_then(moved: str) -> None:
    ran, home = asyncio.Queue[str](), {"x": "a"}

    async def process(key: str) -> Result:
        ran.put_nowait(key)
        return DONE

    queue = WorkQueue(process, workers=1, shares=("a", "b"), share_of=lambda key: home[key])
    queue.add_after("x", 0.01)
    home["x"] = moved
    async with asyncio.timeout(LIMIT):
        while not len(queue):  # noqa: ASYNC110 - the timer is the loop's
            await asyncio.sleep(0)
    assert queue.depth(moved) == 1
    queue.start()
    async with asyncio.timeout(LIMIT):
        assert await ran.get() == "x"
    await queue.drain(LIMIT)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from("ab"), st.integers(0, 3)), max_size=40),
    st.integers(0, 2**32),
)
def test_a_key_is_never_in_two_workers_though_it_moves(steps: list[tuple[str, str, int]], seed: int) -> None:
    """Whatever moves when, every add is followed by a run that began after it."""
    assert_no_overlap(steps, seed, workers=2, shares=("a", "b"))


async def test_a_share_that_is_closed_ends_its_runs_and_no_others() -> None:
    gates = {share: asyncio.Event() for share in "ab"}
    home = {"key": "a", "other": "b"}
    ended: list[str] = []

    async def process(key: str) -> Result:
        share = home[key]
        await gates[share].wait()
        ended.append(f"{key} in {share}")
        return DONE

    queue: WorkQueue[str] = WorkQueue(process, workers=1, shares="ab", share_of=home.__getitem__)
    queue.start()
    for key in home:
        queue.add(key)
    await asyncio.sleep(0)
    closing = asyncio.create_task(queue.close_share("a", 30))
    await asyncio.sleep(0)
    assert (queue.shares, queue.depth("a"), queue.active) == (("b",), 0, 2)
    # What is asked for meanwhile is run where the key belongs by now.
    home["key"] = "b"
    queue.add("key")
    gates["a"].set()
    await closing
    assert (ended, queue.has_workers()) == (["key in a"], True)
    gates["b"].set()
    await until_idle(queue)
    assert ended == ["key in a", "other in b", "key in b"]
    await queue.drain(1)


async def test_a_run_that_outlives_its_share_is_cancelled_and_repeated_elsewhere() -> None:
    home = {"key": "a"}
    ran: list[str] = []
    runs = asyncio.Event()

    async def process(key: str) -> Result:
        ran.append(home[key])
        if home[key] == "a":
            runs.set()
            await asyncio.Event().wait()
        return DONE

    queue: WorkQueue[str] = WorkQueue(process, workers=1, shares="ab", share_of=home.__getitem__)
    queue.start()
    queue.add("key")
    await runs.wait()
    home["key"] = "b"
    queue.add("key")
    await queue.close_share("a", 0)
    await until_idle(queue)
    assert ran == ["a", "b"]
    await queue.drain(1)


async def test_a_share_that_is_opened_while_the_queue_runs_waits_for_its_event() -> None:
    ran: list[str] = []

    async def process(key: str) -> Result:
        ran.append(key)
        return DONE

    queue: WorkQueue[str] = WorkQueue(process, workers=1, shares=("a",), share_of=lambda _: "b")
    queue.start()
    begin = asyncio.Event()
    queue.open_share("b", begin)
    queue.add("key")
    for _ in range(10):
        await asyncio.sleep(0)
    assert (ran, queue.depth("b")) == ([], 1)
    begin.set()
    await until_idle(queue)
    assert ran == ["key"]
    await queue.drain(1)
