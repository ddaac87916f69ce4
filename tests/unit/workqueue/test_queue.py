"""The queue on a real event loop: what runs, what never runs at once, and what runs again."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registrar.workqueue.queue import ALL, DONE, FIRST_BACKOFF, MAX_BACKOFF, NOW, RETRY, Result, WorkQueue
from tests.unit.workqueue.playing import LIMIT, assert_no_overlap


class Work:
    """A process function in place of the pipeline: records what runs, and holds a run until the gate opens."""

    def __init__(self, *outcomes: Result) -> None:
        self.started: asyncio.Queue[str] = asyncio.Queue()
        self.runs: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._outcomes = list(outcomes)

    async def __call__(self, key: str) -> Result:
        self.runs.append(key)
        self.started.put_nowait(key)
        await self.gate.wait()
        return self._outcomes.pop(0) if self._outcomes else DONE

    async def next(self) -> str:
        """The key of the next run, as soon as it begins."""
        return await asyncio.wait_for(self.started.get(), LIMIT)

    async def nothing_more(self, queue: WorkQueue[str]) -> None:
        """Run one more key through a single worker: all that was queued before it has run then."""
        queue.add("last")
        assert await self.next() == "last"


def at_once(_: float) -> float:
    return 0.0


async def test_a_key_that_is_added_twice_runs_once() -> None:
    work = Work()
    queue = WorkQueue(work, workers=1)
    for key in ("a", "b", "a", "a"):
        queue.add(key)
    assert len(queue) == 2
    queue.start()
    await work.next()
    await work.next()
    await work.nothing_more(queue)
    assert work.runs == ["a", "b", "last"]
    await queue.drain(LIMIT)


async def test_a_key_that_is_added_while_it_runs_runs_once_more() -> None:
    work = Work()
    work.gate.clear()
    queue = WorkQueue(work, workers=2)
    queue.start()
    queue.add("a")
    await work.next()
    queue.add("a")
    queue.add("a")
    queue.add("b")
    assert await work.next() == "b"
    work.gate.set()
    assert await work.next() == "a"
    await work.nothing_more(queue)
    assert Counter(work.runs) == {"a": 2, "b": 1, "last": 1}
    await queue.drain(LIMIT)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=40),
    st.integers(0, 2**32),
)
def test_a_key_is_never_in_two_workers(workers: int, steps: list[tuple[str, int]], seed: int) -> None:
    """Whatever is added when, every add is followed by a run that began after it."""
    assert_no_overlap([(key, ALL, pause) for key, pause in steps], seed, workers=workers)


async def test_an_edit_overtakes_ten_thousand_background_keys() -> None:
    work = Work()
    queue = WorkQueue(work, workers=1)
    for number in range(10_000):
        queue.add(f"resync {number}")
    queue.add("edit", urgent=True)
    queue.start()
    assert await work.next() == "edit"
    queue.add("resync 9999", urgent=True)
    for _ in range(10_000):
        await work.next()
    assert work.runs.index("resync 9999") < 5, "an edit of a key that waits already goes before the others too"
    assert len(work.runs) == len(set(work.runs)) == 10_001
    await queue.drain(LIMIT)


async def test_an_edit_of_a_running_key_goes_before_what_waits() -> None:
    work = Work()
    work.gate.clear()
    queue = WorkQueue(work, workers=1)
    queue.start()
    queue.add("a")
    await work.next()
    queue.add("b")
    queue.add("a", urgent=True)
    queue.add("a")
    work.gate.set()
    assert [await work.next(), await work.next()] == ["a", "b"]
    await queue.drain(LIMIT)


async def test_a_key_that_another_one_wakes_while_it_runs_goes_before_what_has_arrived() -> None:
    work = Work()
    work.gate.clear()
    queue = WorkQueue(work, workers=1)
    queue.add("child", urgent=True)
    queue.start()
    await work.next()
    for number in range(3):
        queue.add(f"new {number}", urgent=True)
    queue.add("child", urgent=True, front=True)
    queue.add("child", urgent=True)
    work.gate.set()
    assert [await work.next() for _ in range(4)] == ["child", "new 0", "new 1", "new 2"]
    await queue.drain(LIMIT)


async def test_an_immediate_rerun_keeps_its_lane_and_a_retry_does_not() -> None:
    work = Work(NOW, RETRY)
    work.gate.clear()
    queue = WorkQueue(work, workers=1, jitter=at_once)
    queue.start()
    queue.add("edit", urgent=True)
    await work.next()
    for number in range(3):
        queue.add(str(number))
    work.gate.set()
    assert [await work.next() for _ in range(5)] == ["edit", "0", "1", "2", "edit"]
    await queue.drain(LIMIT)


async def test_runs_without_a_pause_let_the_event_loop_continue() -> None:
    async def process(_: int) -> Result:
        return DONE

    queue = WorkQueue(process, workers=4)
    for number in range(1000):
        queue.add(number)
    queue.start()
    for _ in range(10):
        await asyncio.sleep(0)
    assert 0 < len(queue) < 1000
    await queue.drain(LIMIT)


async def test_no_more_keys_run_at_once_than_there_are_workers() -> None:
    work = Work()
    work.gate.clear()
    queue = WorkQueue(work, workers=2)
    for key in "abc":
        queue.add(key)
    queue.start()
    await work.next()
    await work.next()
    assert len(queue) == 1
    assert work.started.empty()
    work.gate.set()
    assert await work.next() == "c"
    await queue.drain(LIMIT)


async def test_a_result_can_ask_for_an_immediate_rerun() -> None:
    work = Work(NOW)
    queue = WorkQueue(work, workers=1)
    queue.start()
    queue.add("a")
    assert [await work.next(), await work.next()] == ["a", "a"]
    await queue.drain(LIMIT)


async def test_back_off_grows_is_capped_and_starts_again_after_success() -> None:
    ceilings: list[float] = []

    def record(ceiling: float) -> float:
        ceilings.append(ceiling)
        return 0.0

    work = Work(*[RETRY] * 12, DONE, RETRY, DONE)
    queue = WorkQueue(work, workers=1, jitter=record)
    queue.start()
    queue.add("a")
    for _ in range(13):
        await work.next()
    assert ceilings == [min(MAX_BACKOFF, FIRST_BACKOFF * 2**n) for n in range(12)]
    assert ceilings[-1] == MAX_BACKOFF
    queue.add("a")
    await work.next()
    await work.next()
    assert ceilings[12:] == [FIRST_BACKOFF]
    await queue.drain(LIMIT)


async def test_forgetting_a_key_resets_its_back_off() -> None:
    ceilings: list[float] = []

    def record(ceiling: float) -> float:
        ceilings.append(ceiling)
        return 0.0

    work = Work(RETRY, RETRY, RETRY)
    queue = WorkQueue(work, workers=1, jitter=record)
    queue.start()
    queue.add("a")
    await work.next()
    await work.next()
    work.gate.clear()
    await work.next()
    assert queue.failures("a") == 2
    queue.forget("a")
    assert queue.failures("a") == 0
    work.gate.set()
    await work.next()
    assert ceilings == [FIRST_BACKOFF, 2 * FIRST_BACKOFF, FIRST_BACKOFF]
    await queue.drain(LIMIT)


async def test_requeue_after_comes_before_the_back_off(recorded: Callable[[], list[float]]) -> None:
    work = Work(Result(requeue_after=70, failed=True), RETRY)
    queue = WorkQueue(work, workers=1, jitter=lambda ceiling: ceiling)
    queue.start()
    queue.add("a")
    await work.next()
    await work.nothing_more(queue)
    assert 70 + FIRST_BACKOFF in recorded()
    assert queue.failures("a") == 1
    await queue.drain(LIMIT)


def test_jitter_is_anywhere_below_the_ceiling() -> None:
    queue = WorkQueue(Work(), workers=1)
    drawn = [queue._jitter(100.0) for _ in range(1000)]
    assert min(drawn) >= 0
    assert max(drawn) <= 100
    assert min(drawn) < 20
    assert max(drawn) > 80


async def test_a_repeated_failure_lets_other_keys_through() -> None:
    async def process(key: str) -> Result:
        runs[key] += 1
        if key == "good":
            done.set()
        return RETRY if key == "bad" else DONE

    runs: Counter[str] = Counter()
    done = asyncio.Event()
    queue = WorkQueue(process, workers=1, jitter=at_once)
    queue.start()
    queue.add("bad")
    queue.add("good")
    await asyncio.wait_for(done.wait(), LIMIT)
    assert runs["bad"] == 1
    await queue.drain(LIMIT)


async def test_an_unexpected_exception_is_logged_and_retried(caplog: pytest.LogCaptureFixture) -> None:
    runs: asyncio.Queue[str] = asyncio.Queue()

    async def process(key: str) -> Result:
        runs.put_nowait(key)
        if queue.failures(key) == 0:
            raise ZeroDivisionError("unforeseen")
        return DONE

    queue = WorkQueue(process, workers=1, jitter=at_once)
    queue.start()
    with caplog.at_level(logging.ERROR):
        queue.add("a")
        for _ in range(2):
            assert await asyncio.wait_for(runs.get(), LIMIT) == "a"
    assert "Reconciling a failed unexpectedly; retrying" in caplog.text
    assert "ZeroDivisionError: unforeseen" in caplog.text
    await queue.drain(LIMIT)
    assert queue.failures("a") == 0


async def test_of_two_delays_the_earlier_holds(recorded: Callable[[], list[float]]) -> None:
    queue = WorkQueue(Work(), workers=1)
    queue.add_after("a", 50)
    queue.add_after("a", 100)
    assert recorded() == [50]
    queue.add_after("a", 10)
    assert recorded() == [10]
    await queue.drain(LIMIT)
    assert recorded() == []


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[float]]:
    """The delays, in seconds, that the loop holds timers for; cancelled ones do not count."""
    timers: list[tuple[float, asyncio.TimerHandle]] = []
    call_later = asyncio.BaseEventLoop.call_later

    def record(loop: asyncio.BaseEventLoop, delay: float, *rest: object) -> asyncio.TimerHandle:
        timer = call_later(loop, delay, *rest)  # type: ignore[arg-type]  # passed on as it came
        timers.append((delay, timer))
        return timer

    monkeypatch.setattr(asyncio.BaseEventLoop, "call_later", record)
    return lambda: [delay for delay, timer in timers if not timer.cancelled()]


async def test_adding_a_delayed_key_runs_it_now_and_only_once(recorded: Callable[[], list[float]]) -> None:
    work = Work(Result(requeue_after=1000))
    queue = WorkQueue(work, workers=1)
    queue.start()
    queue.add("a")
    await work.next()
    await work.nothing_more(queue)
    assert 1000 in recorded()
    queue.add("a")
    assert 1000 not in recorded()
    assert await work.next() == "a"
    await queue.drain(LIMIT)


async def test_a_delayed_key_runs_when_its_time_has_come() -> None:
    work = Work()
    queue = WorkQueue(work, workers=1)
    queue.start()
    queue.add_after("later", 0.02)
    queue.add_after("now", 0)
    assert [await work.next(), await work.next()] == ["now", "later"]
    await queue.drain(LIMIT)


async def test_a_key_that_waits_for_a_worker_takes_no_delay(recorded: Callable[[], list[float]]) -> None:
    queue = WorkQueue(Work(), workers=1)
    queue.add("a")
    queue.add_after("a", 100)
    assert recorded() == []
    await queue.drain(LIMIT)


async def test_draining_lets_runs_finish_and_starts_none() -> None:
    work = Work()
    work.gate.clear()
    queue = WorkQueue(work, workers=1)
    queue.start()
    queue.add("running")
    queue.add("queued")
    await work.next()
    draining = asyncio.create_task(queue.drain(LIMIT))
    await asyncio.sleep(0)
    assert not draining.done()
    work.gate.set()
    await asyncio.wait_for(draining, LIMIT)
    assert work.runs == ["running"]


async def test_a_failure_while_draining_leaves_no_timer(recorded: Callable[[], list[float]]) -> None:
    work = Work(RETRY)
    work.gate.clear()
    queue = WorkQueue(work, workers=1, jitter=lambda ceiling: ceiling)
    queue.start()
    queue.add("a")
    await work.next()
    draining = asyncio.create_task(queue.drain(LIMIT))
    await asyncio.sleep(0)
    work.gate.set()
    await draining
    assert FIRST_BACKOFF not in recorded()


async def test_draining_cancels_and_names_what_takes_too_long(caplog: pytest.LogCaptureFixture) -> None:
    work = Work()
    work.gate.clear()
    queue = WorkQueue(work, workers=1)
    queue.start()
    queue.add("stuck")
    await work.next()
    await queue.drain(0.01)
    assert "Stopped while still reconciling: stuck" in caplog.text
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("worker")]


async def test_draining_an_idle_queue_ends_at_once() -> None:
    queue = WorkQueue(Work(), workers=3)
    queue.start()
    await asyncio.wait_for(queue.drain(LIMIT), LIMIT / 2)
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("worker")]
