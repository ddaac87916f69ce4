"""Which replica may write, by the rules of the lease: two replicas against a simulated API server and clock."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registrar.api.bodies import Body
from registrar.cluster.api import KubernetesError, ResourceGoneError, StaleResourceError
from registrar.election.elector import ElectionError, LeaderElector, LeaseDurations, ObservedRecord
from registrar.fencing import Leadership, NotLeadingError, WriteFence
from registrar.telemetry.metrics import Metrics

TERMS = LeaseDurations(duration=15, renew_deadline=10.0, retry_period=2.0)
LONGEST_WRITE = TERMS.duration - TERMS.renew_deadline


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Server:
    """The lease as the API server keeps it: a replacement must name the version that it replaces."""

    def __init__(self) -> None:
        self.lease: Body | None = None
        self._version = 0

    def get(self) -> Body | None:
        return self.lease

    def create(self, spec: Body) -> Body:
        if self.lease is not None:
            raise StaleResourceError(409, "AlreadyExists", "it exists")
        return self._keep(spec)

    def replace(self, lease: Body, spec: Body) -> Body:
        if self.lease is None:
            raise ResourceGoneError(404, "NotFound", "it does not exist")
        if self.lease["metadata"]["resourceVersion"] != lease["metadata"]["resourceVersion"]:
            raise StaleResourceError(409, "Conflict", "it has changed")
        return self._keep(spec)

    def _keep(self, spec: Body) -> Body:
        self._version += 1
        self.lease = {"metadata": {"resourceVersion": str(self._version)}, "spec": dict(spec)}
        return self.lease


class Link:
    """One replica's way to the server; each request waits to be served, then to be answered, or is lost."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._call: Callable[[], Body | None] | None = None
        self._answer: asyncio.Future[Any] | None = None
        self._result: Body | KubernetesError | None = None

    def get(self) -> Awaitable[Body | None]:
        return self._ask(self._server.get)

    def create(self, spec: Body) -> Awaitable[Body]:
        return self._ask(lambda: self._server.create(spec))

    def replace(self, lease: Body, spec: Body) -> Awaitable[Body]:
        return self._ask(lambda: self._server.replace(lease, spec))

    def _ask(self, call: Callable[[], Body | None]) -> Awaitable[Any]:
        self._call, self._answer = call, asyncio.get_running_loop().create_future()
        return self._answer

    def serve(self) -> None:
        """Let the server carry out the request that waits, if one does."""
        if self._call is not None:
            try:
                self._result = self._call()
            except KubernetesError as error:
                self._result = error
            self._call = None

    def answer(self) -> None:
        """Deliver the answer, or, of a request that was not served yet, that it was lost."""
        if self._answer is None:
            return
        result = KubernetesError(0, "Unreachable", "lost") if self._call is not None else self._result
        self._settle(result)

    def lose(self) -> None:
        """Lose the answer, whether the request was carried out or not."""
        if self._answer is not None:
            self._settle(KubernetesError(0, "Unreachable", "lost"))

    def _settle(self, result: Body | KubernetesError | None) -> None:
        answer, self._answer, self._call = self._answer, None, None
        assert answer is not None
        if isinstance(result, KubernetesError):
            answer.set_exception(result)
        else:
            answer.set_result(result)


class Replica:
    """One process after another in the same place: it ends when its lease is lost, and starts with another name."""

    def __init__(self, number: int, server: Server, clock: Clock) -> None:
        self._number = number
        self._server = server
        self._clock = clock
        self._starts = 0
        self._task: asyncio.Task[bool] | None = None
        self.writes_end = -math.inf
        """When the last write of its former processes has timed out."""
        self._start()

    def _start(self) -> None:
        self._starts += 1
        # Monotonic clocks of two machines have nothing in common.
        self._offset = 1e6 * self._number
        self.link = Link(self._server)
        self.leadership = Leadership(self._monotonic)
        self.name = f"{self._number}-{self._starts}"
        self.candidate = LeaderElector(self.link, self.name, TERMS, self.leadership, self._monotonic)

    def _monotonic(self) -> float:
        return self._clock() + self._offset

    async def attempt(self) -> None:
        """Begin an attempt, as the process would; a process that lost its lease is replaced first."""
        if self._task is not None and not self._task.done():
            return
        if self.leadership.begun.is_set() and not self.leadership.is_held:
            self._start()
        self._task = asyncio.create_task(self.candidate.attempt(60))

    async def attempt_at_once(self) -> None:
        """Read the lease, then take it if it is free."""
        await self.attempt()
        for _ in range(2):
            await self.settle()
            self.link.serve()
            self.link.answer()

    async def attempt_slowly(self, seconds: float, other: Replica) -> None:
        """The same, but another replica acts while the answers are under way, and they need so long."""
        await self.attempt()
        for _ in range(2):
            await self.settle()
            self.link.serve()
            await other.attempt_at_once()
            self._clock.now += seconds
            self.link.answer()

    async def settle(self) -> None:
        """Let the replica react to the answers."""
        for _ in range(6):
            await asyncio.sleep(0)
        if self.leadership.begun.is_set():
            self.writes_end = max(self.writes_end, self.leadership._until - self._offset + LONGEST_WRITE)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


SECONDS = st.sampled_from([1.0, 4.0, 6.0, 9.0])
WHO = st.integers(0, 1)
ACTIONS = st.one_of(
    st.tuples(st.just("advance"), SECONDS),
    st.tuples(st.just("attempt at once"), WHO),
    st.tuples(st.just("attempt at once"), WHO),
    st.tuples(st.just("attempt with slow answers"), WHO, SECONDS),
    st.tuples(st.sampled_from(["attempt", "serve", "answer", "lose"]), WHO),
    st.tuples(st.just("delete the lease")),
)


async def _act(action: tuple[Any, ...], replicas: list[Replica], clock: Clock, server: Server) -> None:
    match action:
        case ("advance", seconds):
            clock.now += seconds
        case ("attempt", who):
            await replicas[who].attempt()
        case ("attempt at once", who):
            await replicas[who].attempt_at_once()
        case ("attempt with slow answers", who, seconds):
            await replicas[who].attempt_slowly(seconds, replicas[1 - who])
        case ("delete the lease",):
            # A replica that has just started, and has not seen the holder, cannot know that one existed.
            seen = [
                ObservedRecord(server.lease, 0).holder in {replica.candidate._seen.holder, replica.name}
                for replica in replicas
            ]
            if all(seen) and not any(
                replica.leadership.begun.is_set() and not replica.leadership.is_held for replica in replicas
            ):
                server.lease = None
        case (what, who):
            getattr(replicas[who].link, what)()
    for replica in replicas:
        await replica.settle()


async def _play(actions: list[tuple[Any, ...]]) -> None:
    clock, server = Clock(), Server()
    replicas = [Replica(number, server, clock) for number in range(2)]
    for action in actions:
        led = [replica for replica in replicas if replica.leadership.is_held]
        await _act(action, replicas, clock, server)
        leading = [replica for replica in replicas if replica.leadership.is_held]
        assert len(leading) <= 1
        if leading and leading != led:
            others = [replica for replica in replicas if replica is not leading[0]]
            assert all(replica.writes_end <= clock.now for replica in others), (
                "a former leader's write may still be under way"
            )
    for replica in replicas:
        await replica.stop()


@settings(max_examples=600, deadline=None)
@given(actions=st.lists(ACTIONS, min_size=5, max_size=30))
def test_two_replicas_never_write_at_once_whatever_is_slow_or_lost(actions: list[tuple[Any, ...]]) -> None:
    asyncio.run(_play(actions))


def _lease(holder: str, version: str = "1", duration: int | None = 15) -> Body:
    return {
        "metadata": {"resourceVersion": version},
        "spec": {"holderIdentity": holder, "leaseDurationSeconds": duration},
    }


def test_a_lease_is_free_once_it_is_unchanged_for_its_own_duration() -> None:
    seen = ObservedRecord(None, 0.0).followed_by(_lease("other", duration=20), 100.0)
    assert not seen.is_free_for("me", 119.9, TERMS)
    assert seen.is_free_for("me", 120.0, TERMS)
    again = seen.followed_by(_lease("other", duration=20), 110.0)
    assert again.is_free_for("me", 120.0, TERMS), "reading the same lease again is no sign of life"
    renewed = again.followed_by(_lease("other", "2", duration=20), 110.0)
    assert not renewed.is_free_for("me", 120.0, TERMS)
    assert ObservedRecord(_lease("other", duration=None), 0.0).is_free_for("me", 15.0, TERMS)


@pytest.mark.parametrize("holder", ["", "me"])
def test_a_released_lease_and_ones_own_are_free_at_once(holder: str) -> None:
    assert ObservedRecord(_lease(holder), 0.0).is_free_for("me", 0.0, TERMS)


def test_a_deleted_lease_belongs_to_its_holder_for_its_duration() -> None:
    seen = ObservedRecord(_lease("other", duration=20), 90.0).followed_by(None, 100.0)
    again = seen.followed_by(None, 110.0)
    assert not again.is_free_for("me", 119.9, TERMS)
    assert again.is_free_for("me", 120.0, TERMS)
    assert again.is_free_for("other", 100.0, TERMS), "the holder creates it again"
    assert not again.followed_by(_lease("other"), 111.0).is_free_for("me", 121.0, TERMS)
    assert ObservedRecord(None, 0.0).followed_by(None, 1.0).is_free_for("me", 1.0, TERMS), "no lease ever existed"
    assert ObservedRecord(_lease(""), 0.0).followed_by(None, 1.0).is_free_for("me", 1.0, TERMS), "nobody held it"


def test_no_write_begins_before_the_lease_or_after_the_deadline() -> None:
    clock = Clock()
    leadership = Leadership(clock)
    gate = WriteFence(leadership, Metrics().to_kubernetes)

    def may_write() -> bool:
        gate.request_starts("GET")
        try:
            gate.request_starts("PATCH")
        except NotLeadingError:
            return False
        return True

    assert not may_write()
    leadership.extend(clock.now + 10)
    assert may_write()
    clock.now += 10
    assert not may_write()
    leadership.extend(clock.now + 10)
    assert may_write()
    leadership.end()
    assert not may_write()


class _Refusing(Link):
    """An API server that answers the first read with an error."""

    def __init__(self, error: KubernetesError) -> None:
        super().__init__(Server())
        self._error = error

    async def get(self) -> Body | None:
        raise self._error


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (KubernetesError(403, "Forbidden", "leases is forbidden"), "get, create and update leases"),
        (ResourceGoneError(404, "NotFound", 'namespaces "x" not found'), "Check --lease-namespace"),
    ],
)
async def test_an_error_that_waiting_does_not_mend_ends_a_replica_that_never_led(
    error: KubernetesError, message: str
) -> None:
    with pytest.raises(ElectionError, match=message):
        await LeaderElector(_Refusing(error), "me", TERMS, Leadership()).run()


async def test_a_leader_survives_errors_until_its_deadline(caplog: pytest.LogCaptureFixture) -> None:
    clock, server = Clock(), Server()
    leadership = Leadership(clock)
    link = Link(server)
    candidate = LeaderElector(link, "me", TERMS, leadership, clock)
    for error in (None, KubernetesError(403, "Forbidden", "not any more"), KubernetesError(500, "", "broken")):
        task = asyncio.create_task(candidate.attempt(60))
        while not task.done():
            await asyncio.sleep(0)
            if link._answer is None:
                continue
            link.serve()
            link.answer() if error is None else link._settle(error)
        assert await task is (error is None)
        assert leadership.is_held
        clock.now += 4
    assert "not any more" in caplog.text
    clock.now += 2
    assert not leadership.is_held
