"""A registry that bears so many requests: what it asks for is done, and what the operator was told is kept to."""

import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from devcluster.embedded_registry import EmbeddedRegistry
from tests.support.fixtures import Unique
from tests.support.flaky import FlakyProxy, Way, between
from tests.support.loopback import Received, Reply
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Namespace, condition, has_reason, manifest

MakeOperator = Callable[..., OperatorProcess]


class Gateway:
    """What stands before a registry and lets so many requests through.

    Attributes:
        refusal: what is answered to everything; None passes it on.
        most_per_second: of a second's requests so many are passed on, the others told to come back in the next.
        refused: what was asked and refused.
        passed_on: when each request was passed on, on the monotonic clock.
    """

    def __init__(self, proxy: FlakyProxy) -> None:
        self.url = proxy.url
        self.refusal: Reply | None = None
        self.most_per_second: int | None = None
        self.refused: list[Received] = []
        self.passed_on: list[float] = []
        self._counting = threading.Lock()
        proxy.script = self._judge

    def _judge(self, received: Received) -> Way:
        with self._counting:
            now = time.monotonic()
            refusal = self.refusal
            is_full = self.most_per_second is not None and len(self._recent(now)) >= self.most_per_second
            if refusal is None and is_full:
                refusal = Reply(429, "slower", {"Retry-After": "1"})
            if refusal is None:
                self.passed_on.append(now)
            else:
                self.refused.append(received)
            return refusal

    def _recent(self, now: float) -> list[float]:
        return [one for one in self.passed_on if now - one < 1]


@pytest.fixture
def gateway(embedded_registry: Callable[..., EmbeddedRegistry]) -> Iterator[Gateway]:
    """A registry behind a gateway."""
    with between(embedded_registry().url) as proxy:
        yield Gateway(proxy)


def test_a_gateway_that_asks_for_fewer_requests_gets_them(
    own_space: Namespace, own_operator: MakeOperator, gateway: Gateway, unique: Unique
) -> None:
    operator = own_operator(gateway.url, own_space, "--feed-interval=1")
    first = unique("first")
    own_space.apply(manifest("RegisteredModel", first))
    own_space.ready("RegisteredModel", first)
    gateway.most_per_second = 10
    names = [f"{unique('model')}-{number}" for number in range(40)]
    own_space.apply(*(manifest("RegisteredModel", name) for name in names))
    for name in names:
        own_space.ready("RegisteredModel", name)
    refused = [one for one in gateway.refused if one.method == "POST"]
    # In each second the requests that are under way at once, and none after the first refusal.
    assert 0 < len(refused) < 40 * 16 / 10
    assert "Traceback" not in operator.log
    gateway.most_per_second = None
    own_space.patch("RegisteredModel", first, {"spec": {"description": "edited"}})
    own_space.ready("RegisteredModel", first)


def test_a_registry_that_says_when_it_is_back_is_not_asked_before(
    own_space: Namespace, own_operator: MakeOperator, gateway: Gateway, unique: Unique
) -> None:
    own_operator(gateway.url, own_space, "--feed-interval=0.2")
    settled, waiting = unique("settled"), unique("waiting")
    own_space.apply(manifest("RegisteredModel", settled))
    own_space.ready("RegisteredModel", settled)
    gateway.refusal = Reply(503, "away", {"Retry-After": "300"})
    while not gateway.refused:
        pass
    asked = len(gateway.refused)
    own_space.apply(manifest("RegisteredModel", waiting))
    resource = own_space.wait("RegisteredModel", waiting, has_reason("RegistryUnavailable"))
    assert condition(resource, "Reconciling")["status"] == "True"
    assert len(gateway.refused) <= asked + 1, "without the header it would have looked four times by now"


def test_so_many_requests_per_second_and_the_feed_among_them(
    own_space: Namespace, own_operator: MakeOperator, gateway: Gateway, unique: Unique
) -> None:
    limits = ("--registry-requests-per-second=20", "--registry-requests-in-flight=4", "--feed-interval=0.2")
    own_operator(gateway.url, own_space, *limits)
    names = [f"{unique('model')}-{number}" for number in range(60)]
    own_space.apply(*(manifest("RegisteredModel", name) for name in names))
    for name in names:
        own_space.ready("RegisteredModel", name)
    starts = gateway.passed_on
    assert len(starts) >= 60
    window = [later - earlier for earlier, later in zip(starts, starts[30:], strict=False)]
    assert min(window) > 1, "30 requests within one second, of 20 that were allowed"
    assert all(later >= earlier for earlier, later in pairwise(starts))
