"""Before the cache has synced, what a resource waits for may only be unread: its status keeps what it says."""

import pytest

from registrar.api.bodies import ResourceKey
from registrar.reconcile import report as report_module
from registrar.reconcile.pipeline import reconcile
from tests.support.loopback import Received, Reply, serving
from tests.unit.build import body, context_of

VERSION = ResourceKey("ModelVersion", "team", "v1")


async def test_a_child_does_not_report_a_parent_missing_that_may_not_be_read_yet(
    registry_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_module, "QUIET_SECONDS", 0.0)
    child = body("ModelVersion", "v1")

    def answer(_: Received) -> Reply:
        return Reply(body=child, headers={"Content-Type": "application/json"})

    with serving(answer) as server:
        async with context_of(registry_url=registry_url, kubernetes_url=server.url) as context:
            await context.registry.load()
            context.memory.keep(child)
            await reconcile(VERSION, context)
            assert [request.method for request in server.received] == []
            assert context.memory.sync_waits.end() == {VERSION}
            context.memory.cache.synced.set()
            await reconcile(VERSION, context)
            assert "does not exist" in server.received[0].body.decode()
            assert context.memory.sync_waits.end() == frozenset()
