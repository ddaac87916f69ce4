"""The end of a reconcile: Events that cannot be posted are logged, as loudly as they deserve."""

import logging

import pytest

from registrar.reconcile.report import post_events
from registrar.reconcile.resource import read_resource
from registrar.reporting.outcome import EventNote
from tests.support.loopback import Received, Reply, serving
from tests.unit.build import body, context_of

ENDING = 'events "fraud.1" is forbidden: unable to create new content in namespace team because it is being terminated'
FORBIDDEN = 'events is forbidden: User "operator" cannot create resource "events"'


@pytest.mark.parametrize(("message", "level"), [(ENDING, "DEBUG"), (FORBIDDEN, "WARNING")], ids=["ending", "forbidden"])
async def test_only_an_event_that_should_have_been_posted_is_warned_about(
    caplog: pytest.LogCaptureFixture, message: str, level: str
) -> None:
    def refuse(_: Received) -> Reply:
        return Reply(403, {"reason": "Forbidden", "message": message})

    caplog.set_level(logging.DEBUG, logger="registrar.reconcile.posting")
    with serving(refuse) as server:
        async with context_of(kubernetes_url=server.url) as context:
            await post_events(read_resource(body()), [EventNote("Archived", "m")], context.memory, context.kube)
            assert len(server.received) == 1
    said = [record for record in caplog.records if "was not posted" in record.getMessage()]
    assert [record.levelname for record in said] == [level]
