"""Limits of requests to the registry: the operator does what a gateway asks for, and keeps its own limit."""

import threading
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.env.registry import EmbeddedServers
from tests.support.fault_proxy import FaultProxy, Treatment, proxy_to
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Received, Reply
from tests.support.resources import Namespace, condition, has_reason, manifest
from tests.support.waiting import wait_until


class Gateway:
    """A gateway before a registry that can refuse requests, or limit their rate.

    Attributes:
        refusal: its answer to every request; None passes them on.
        max_per_second: the requests that it passes on in a second; it asks to send the others a second later.
        refused: the requests that it refused.
        passed_on: when it passed each request on, on the monotonic clock.
    """

    def __init__(self, proxy: FaultProxy) -> None:
        self.url = proxy.url
        self.refusal: Reply | None = None
        self.max_per_second: int | None = None
        self.refused: list[Received] = []
        self.passed_on: list[float] = []
        self._counting = threading.Lock()
        proxy.script = self._judge

    def _judge(self, received: Received) -> Treatment:
        with self._counting:
            now = time.monotonic()
            refusal = self.refusal
            is_full = self.max_per_second is not None and len(self._recent(now)) >= self.max_per_second
            if refusal is None and is_full:
                refusal = Reply(429, "slower", {"Retry-After": "1"})
            if refusal is None:
                self.passed_on.append(now)
            else:
                self.refused.append(received)
            return refusal

    def _recent(self, now: float) -> list[float]:
        return [moment for moment in self.passed_on if now - moment < 1]


@pytest.fixture
def gateway(embedded_registry: EmbeddedServers) -> Iterator[Gateway]:
    """A registry behind a gateway."""
    with proxy_to(embedded_registry().url) as proxy:
        yield Gateway(proxy)


def test_a_gateway_that_asks_for_fewer_requests_gets_fewer(
    own_space: Namespace, start_operator: StartOperator, gateway: Gateway, unique: Unique
) -> None:
    operator = start_operator(gateway.url, own_space, "--feed-interval=1")
    first = unique("first")
    own_space.apply(manifest("RegisteredModel", first))
    own_space.ready("RegisteredModel", first)
    gateway.max_per_second = 10
    names = [f"{unique('model')}-{number}" for number in range(40)]
    own_space.apply(*(manifest("RegisteredModel", name) for name in names))
    for name in names:
        own_space.ready("RegisteredModel", name)
    refused = [request for request in gateway.refused if request.method == "POST"]
    # In each second at most the requests in flight are refused, and none after the first refusal.
    assert 0 < len(refused) < 40 * 16 / 10
    assert "Traceback" not in operator.log
    gateway.max_per_second = None
    own_space.patch("RegisteredModel", first, {"spec": {"description": "edited"}})
    own_space.ready("RegisteredModel", first)


def test_the_retry_after_of_an_unavailable_registry_is_respected(
    own_space: Namespace, start_operator: StartOperator, gateway: Gateway, unique: Unique
) -> None:
    start_operator(gateway.url, own_space, "--feed-interval=0.2")
    settled, waiting = unique("settled"), unique("waiting")
    own_space.apply(manifest("RegisteredModel", settled))
    own_space.ready("RegisteredModel", settled)
    gateway.refusal = Reply(503, "unavailable", {"Retry-After": "300"})
    wait_until(lambda: bool(gateway.refused), "the feed was not polled")
    asked = len(gateway.refused)
    own_space.apply(manifest("RegisteredModel", waiting))
    resource = own_space.wait("RegisteredModel", waiting, has_reason("RegistryUnavailable"))
    assert condition(resource, "Reconciling")["status"] == "True"
    assert len(gateway.refused) <= asked + 1, "without the header four probes would have been sent by now"


def test_the_rate_limit_holds_for_all_requests_with_the_feed(
    own_space: Namespace, start_operator: StartOperator, gateway: Gateway, unique: Unique
) -> None:
    limits = ("--registry-requests-per-second=20", "--registry-requests-in-flight=4", "--feed-interval=0.2")
    start_operator(gateway.url, own_space, *limits)
    names = [f"{unique('model')}-{number}" for number in range(60)]
    own_space.apply(*(manifest("RegisteredModel", name) for name in names))
    for name in names:
        own_space.ready("RegisteredModel", name)
    starts = gateway.passed_on
    assert len(starts) >= 60
    window = [later - earlier for earlier, later in zip(starts, starts[30:], strict=False)]
    assert min(window) > 1, "30 requests within one second, of 20 that were allowed"
    assert all(later >= earlier for earlier, later in pairwise(starts))
