"""What makes an operator unfit to live."""

import asyncio

import pytest

from registrar import probes
from registrar.leadership import Leadership
from registrar.probes import why_not_live
from registrar.resources import ResourceKey
from registrar.workqueue import DONE, Next, WorkQueue

KEY = ResourceKey("RegisteredModel", "ns", "name")


async def test_a_reconcile_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    started, end = asyncio.Event(), asyncio.Event()

    async def process(_: ResourceKey) -> Next:
        started.set()
        await end.wait()
        return DONE

    queue = WorkQueue(process, workers=2)
    leadership = Leadership.without_rivals()
    queue.start()
    queue.add(KEY)
    await started.wait()
    assert why_not_live(leadership, queue) == []
    monkeypatch.setattr(probes, "STUCK", 0.0)
    assert why_not_live(leadership, queue) == ["RegisteredModel ns/name has been reconciled for 0 s"]
    end.set()
    await queue.drain(5)
    assert why_not_live(leadership, queue) == ["a worker has ended"]


def test_a_process_that_outlives_its_lease() -> None:
    now = 0.0
    leadership = Leadership(lambda: now)

    async def process(_: ResourceKey) -> Next:
        return DONE

    queue = WorkQueue(process, workers=1)
    now = 1000.0
    assert why_not_live(leadership, queue) == [], "a standby may wait for ever"
    leadership.prolong(now + 10)
    now += 10 + probes.OVERDUE
    assert why_not_live(leadership, queue) == []
    now += 1
    assert why_not_live(leadership, queue) == ["the lease ended 31 s ago and the process did not"]
