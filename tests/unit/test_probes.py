"""What makes an operator unfit to live."""

import asyncio

import pytest

from registrar.api.bodies import ResourceKey
from registrar.cluster.liveness import WatchLiveness
from registrar.fencing import Leadership
from registrar.telemetry import probes
from registrar.telemetry.probes import why_not_live
from registrar.workqueue.queue import DONE, Result, WorkQueue

KEY = ResourceKey("RegisteredModel", "ns", "name")


async def test_a_reconcile_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    started, end = asyncio.Event(), asyncio.Event()

    async def process(_: ResourceKey) -> Result:
        started.set()
        await end.wait()
        return DONE

    queue = WorkQueue(process, workers=2)
    leadership = Leadership.without_rivals()
    queue.start()
    queue.add(KEY)
    await started.wait()
    assert why_not_live(leadership, queue, WatchLiveness()) == []
    monkeypatch.setattr(probes, "STUCK", 0.0)
    assert why_not_live(leadership, queue, WatchLiveness()) == ["RegisteredModel ns/name has been reconciled for 0 s"]
    end.set()
    await queue.drain(5)
    assert why_not_live(leadership, queue, WatchLiveness()) == ["a worker has ended"]


def test_a_process_that_outlives_its_lease() -> None:
    now = 0.0
    leadership = Leadership(lambda: now)

    async def process(_: ResourceKey) -> Result:
        return DONE

    queue = WorkQueue(process, workers=1)
    now = 1000.0
    assert why_not_live(leadership, queue, WatchLiveness()) == [], "a standby may wait for ever"
    leadership.extend(now + 10)
    now += 10 + probes.OVERDUE
    assert why_not_live(leadership, queue, WatchLiveness()) == []
    now += 1
    assert why_not_live(leadership, queue, WatchLiveness()) == ["the lease ended 31 s ago and the process did not"]


async def test_a_queue_that_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    async def process(_: ResourceKey) -> Result:
        return DONE

    leadership, begin = Leadership.without_rivals(), asyncio.Event()
    queue = WorkQueue(process, workers=1)
    queue.start(begin)
    monkeypatch.setattr(probes, "STUCK", 0.0)
    # Behind the back of its worker, who therefore never hears of it.
    queue._lanes.add(KEY, 0.0, urgent=False)
    assert why_not_live(leadership, queue, WatchLiveness()) == [], "a standby's turn has not come"
    begin.set()
    await asyncio.sleep(0.01)
    assert why_not_live(leadership, queue, WatchLiveness()) == [
        "1 resources have been waiting for 0 s for a free worker"
    ]
    monkeypatch.setattr(probes, "STUCK", 600.0)
    assert why_not_live(leadership, queue, WatchLiveness()) == []
    await queue.drain(5)


def test_a_watch_that_nobody_asks_for_any_more() -> None:
    now = 0.0
    watches, leadership = WatchLiveness(lambda: now), Leadership.without_rivals()

    async def process(_: ResourceKey) -> Result:
        return DONE

    queue = WorkQueue(process, workers=1)
    watches.expect(["/a", "/b"])
    for _ in range(5):
        now += probes.DEAF - 1
        assert why_not_live(leadership, queue, watches) == []
        watches.asked("/a")
        watches.asked("/b")
        watches.asked("/not/ours")
    now += probes.DEAF - 1
    watches.asked("/a")
    now += 2
    assert why_not_live(leadership, queue, watches) == [f"/b has not been watched for {probes.DEAF + 1:.0f} s"]
