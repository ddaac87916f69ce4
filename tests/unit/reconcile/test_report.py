"""The end of a reconcile: outages are reported by a few at once, and Events that cannot be posted are logged."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import pytest

from registrar.api.bodies import Body, ResourceKey, key_of
from registrar.api.conditions import Reason
from registrar.api.meta import ObjectMeta
from registrar.planning.problems import Disposition, Problem
from registrar.reconcile import report as reporting
from registrar.reconcile.report import PROVISIONAL_REQUEUE_SECONDS, post_events, report
from registrar.reconcile.resource import read_resource
from registrar.registries.breaker import REPORTS
from registrar.reporting.outcome import EventNote, Facts, Outcome
from registrar.workqueue.queue import Result
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


class SlowCluster:
    """An API server that takes a moment for each status, and counts how many it writes at once."""

    def __init__(self) -> None:
        self.writing = 0
        self.most = 0
        self.written: list[ResourceKey] = []

    async def patch_status(self, key: ResourceKey, _: ObjectMeta, status: Mapping[str, Any]) -> Body:
        self.writing += 1
        self.most = max(self.most, self.writing)
        await asyncio.sleep(0.01)
        self.writing -= 1
        self.written.append(key)
        return {**body(key.kind, key.name, version=2), "status": dict(status)}

    async def write_event(self, name: str, event: Mapping[str, Any], patch: Mapping[str, Any] | None) -> None:
        """Take an Event, which nothing here reads."""


@pytest.mark.parametrize(
    ("disposition", "most"), [(Disposition.OUTAGE, REPORTS), (Disposition.TERMINAL, 10)], ids=["outage", "other"]
)
async def test_few_resources_report_an_outage_at_once(
    monkeypatch: pytest.MonkeyPatch, disposition: Disposition, most: int
) -> None:
    """Thousands may wait for one registry, while the resources of others need the API server too."""
    monkeypatch.setattr(reporting, "QUIET_SECONDS", 0.0)
    cluster = SlowCluster()
    problem = Problem(disposition, Reason.REGISTRY_UNAVAILABLE, "It does not answer.")
    outcome = Outcome(Facts(), problem)
    bodies = [body("RegisteredModel", f"model-{number}") for number in range(10)]
    async with context_of() as context:
        context.registry.breaker.open(problem, 0.0)
        for each in bodies:
            context.memory.keep(each)
        await asyncio.gather(
            *(report(read_resource(each), outcome, context.memory, cluster, context.registry) for each in bodies)  # type: ignore[arg-type]  # the part that is used
        )
        assert len(cluster.written) == len(bodies)
        assert cluster.most == most


async def test_an_outage_that_has_ended_is_not_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that wait for their turn to report it would say what is not true any more."""
    monkeypatch.setattr(reporting, "QUIET_SECONDS", 0.0)
    cluster = SlowCluster()
    problem = Problem(Disposition.OUTAGE, Reason.REGISTRY_UNAVAILABLE, "It does not answer.")
    bodies = [body("RegisteredModel", f"model-{number}") for number in range(10)]
    async with context_of() as context:
        context.registry.breaker.open(problem, 0.0)

        async def reported(each: dict[str, Any], outcome: Outcome) -> Result:
            return await report(read_resource(each), outcome, context.memory, cluster, context.registry)  # type: ignore[arg-type]  # the part that is used

        for each in bodies:
            context.memory.keep(each)
        *plain, last = bodies
        running = [asyncio.create_task(reported(each, Outcome(Facts(), problem))) for each in plain]
        # What the operator did before the outage is news all the same.
        running.append(asyncio.create_task(reported(last, Outcome(Facts(id="7"), problem))))
        await asyncio.sleep(0)
        assert set(context.registry.breaker.close(1.0)) == {key_of(each) for each in bodies}
        results = await asyncio.gather(*running)
    again = Result(requeue_after=PROVISIONAL_REQUEUE_SECONDS)
    assert results[REPORTS:-1] == [again] * (len(plain) - REPORTS)
    assert cluster.written == [key_of(each) for each in (*plain[:REPORTS], last)]


UNAVAILABLE = Problem(Disposition.OUTAGE, Reason.REGISTRY_UNAVAILABLE, "It does not answer.")
REPLACED = Problem(Disposition.WAITING, Reason.REGISTRY_REPLACED, "It was reset.")


@pytest.mark.parametrize(
    ("problem", "lines"),
    [
        (
            Problem(Disposition.TERMINAL, Reason.ADOPTION_REFUSED, "It is there."),
            ["RegisteredModel team/fraud: AdoptionRefused: It is there."],
        ),
        (UNAVAILABLE, []),
        (REPLACED, []),
    ],
    ids=["of this resource", "of all: an outage", "of all: another registry"],
)
async def test_a_problem_of_one_resource_is_logged_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, problem: Problem, lines: list[str]
) -> None:
    """A problem of the whole registry is logged where it is noticed, and not for each of its resources."""
    monkeypatch.setattr(reporting, "QUIET_SECONDS", 0.0)
    cluster = SlowCluster()
    async with context_of() as context:
        context.memory.cache.synced.set()
        if problem is UNAVAILABLE:
            context.registry.breaker.open(problem, 0.0)
        context.memory.keep(body())
        for _ in range(2):
            known = context.memory.cache.get(key_of(body()))
            assert known is not None
            await report(read_resource(known), Outcome(Facts(), problem), context.memory, cluster, context.registry)  # type: ignore[arg-type]  # the part that is used
    assert cluster.written
    said = [record.getMessage() for record in caplog.records if record.name == "registrar.reconcile.posting"]
    assert said == lines
