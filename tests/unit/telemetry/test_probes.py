"""What only a restart fixes, as the liveness probe reports it."""

import asyncio

import pytest

from registrar.api.bodies import ResourceKey
from registrar.cluster.liveness import WatchLiveness
from registrar.fencing import Leadership
from registrar.telemetry import probes
from registrar.telemetry.probes import MAX_OVERDUE_SECONDS, MAX_SILENCE_SECONDS
from registrar.workqueue.queue import ALL, DONE, Result, WorkQueue
from tests.unit.build import model_key


def _queue_problems(queue: WorkQueue[ResourceKey]) -> list[str]:
    return list(probes.queue_problems(queue))


async def test_a_reconcile_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    started, end = asyncio.Event(), asyncio.Event()

    async def process(_: ResourceKey) -> Result:
        started.set()
        await end.wait()
        return DONE

    queue = WorkQueue(process, workers=2)
    queue.start()
    queue.add(model_key("name", "ns"))
    await started.wait()
    assert _queue_problems(queue) == []
    monkeypatch.setattr(probes, "MAX_RUN_SECONDS", 0.0)
    assert _queue_problems(queue) == ["RegisteredModel ns/name has been reconciled for 0 s"]
    end.set()
    await queue.drain(5)
    assert _queue_problems(queue) == ["a worker has ended"]


async def test_a_queue_that_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    async def process(_: ResourceKey) -> Result:
        return DONE

    begin = asyncio.Event()
    queue = WorkQueue(process, workers=1, shares=())
    queue.open_share(ALL, begin)
    queue.start()
    monkeypatch.setattr(probes, "MAX_RUN_SECONDS", 0.0)
    # Behind the queue's back, so that its worker never learns of the key.
    queue._shares[ALL]._lanes.add(model_key(), 0.0, urgent=False)
    assert _queue_problems(queue) == [], "a standby's turn has not come"
    begin.set()
    await asyncio.sleep(0.01)
    assert _queue_problems(queue) == ["1 resources have been waiting for 0 s for a free worker"]
    monkeypatch.setattr(probes, "MAX_RUN_SECONDS", 600.0)
    assert _queue_problems(queue) == []
    await queue.drain(5)


def test_a_process_that_outlives_its_lease() -> None:
    now = 0.0
    leadership = Leadership(lambda: now)
    now = 1000.0
    assert list(probes.lease_problems(leadership)) == [], "a standby may wait for ever"
    leadership.extend(now + 10)
    now += 10 + MAX_OVERDUE_SECONDS
    assert list(probes.lease_problems(leadership)) == []
    now += 1
    assert list(probes.lease_problems(leadership)) == ["the lease ended 31 s ago, but the process is still running"]


def test_an_operator_without_rivals_has_no_lease_problem() -> None:
    assert list(probes.lease_problems(Leadership.without_rivals())) == []


def test_a_watch_that_is_not_requested_any_more() -> None:
    now = 0.0
    liveness = WatchLiveness(lambda: now)

    def watch_problems() -> list[str]:
        return list(probes.watch_problems(liveness.longest_silence()))

    assert watch_problems() == [], "nothing is watched before the start"
    liveness.expect(["/a", "/b"])
    for _ in range(5):
        now += MAX_SILENCE_SECONDS - 1
        assert watch_problems() == []
        liveness.requested("/a")
        liveness.requested("/b")
        liveness.requested("/not/ours")
    now += MAX_SILENCE_SECONDS - 1
    liveness.requested("/a")
    now += 2
    assert watch_problems() == [f"/b has not been watched for {MAX_SILENCE_SECONDS + 1:.0f} s"]
