"""Two replicas on one registry: one writes, and the other takes over whatever becomes of the first."""

import json
import time
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import pytest

from model_registry import ModelRegistryAPIClient
from tests.support.accounts import reader_kubeconfig
from tests.support.fixtures import Unique
from tests.support.flaky import FlakyProxy, Way, between
from tests.support.loopback import Received
from tests.support.operator_process import OperatorProcess
from tests.support.resources import WAIT_LIMIT, Namespace, manifest

MakeOperator = Callable[..., OperatorProcess]

RESOURCES = 40
ENOUGH = 8
"""Writes after which a replica counts as being in the middle of its work."""
SHORT = ("--lease-duration=6", "--renew-deadline=4", "--retry-period=0.3")
LONG = ("--lease-duration=600", "--renew-deadline=300", "--retry-period=0.3")
"""Terms by which a lease does not expire while a test waits."""


class Slow:
    """A registry, slow enough to be caught at work.

    Attributes:
        url: its address.
        writers: the bearer token of each write, in the order in which they were passed on.
    """

    def __init__(self, proxy: FlakyProxy) -> None:
        self.url = proxy.url
        self.writers: list[str] = []
        proxy.script = self._pass_on

    def _pass_on(self, received: Received) -> Way:
        if received.method != "GET":
            time.sleep(0.2)
            self.writers.append(received.headers["authorization"].removeprefix("Bearer "))
        return None


@pytest.fixture
def proxy(registry_url: str) -> Iterator[Slow]:
    """The registry, slow enough to be caught at work."""
    with between(registry_url) as proxy:
        yield Slow(proxy)


@pytest.fixture
def replica(own_operator: MakeOperator, own_space: Namespace, proxy: Slow) -> MakeOperator:
    """Starts replicas of one operator, which the proxy tells apart by name: ``replica("first", *more_arguments)``."""

    def make(name: str, *more: str) -> OperatorProcess:
        election = ("--leader-election", f"--lease-namespace={own_space.name}")
        return own_operator(proxy.url, own_space, *election, f"--registry-token={name}", "--workers=4", *more)

    return make


def _pair(replica: MakeOperator, terms: tuple[str, ...]) -> tuple[OperatorProcess, OperatorProcess]:
    first = replica("first", *terms)
    first.wait_for_log("leads now")
    second = replica("second", *terms)
    second.wait_for_log("Standing by")
    return first, second


def _wait_until(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + WAIT_LIMIT
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)


def _give_work(own_space: Namespace, proxy: Slow, unique: Unique) -> list[str]:
    """Apply many resources, and return when some of them are written."""
    names = [f"{unique('model')}-{number}" for number in range(RESOURCES)]
    own_space.apply(*(manifest("RegisteredModel", name) for name in names))
    _wait_until(lambda: len(proxy.writers) >= ENOUGH, "nothing was written")
    return names


async def _assert_all_are_there_once(names: list[str], own_space: Namespace, registry: ModelRegistryAPIClient) -> None:
    for name in names:
        status = own_space.ready("RegisteredModel", name)["status"]
        entry = await registry.get_registered_model_by_params(name=name)
        assert entry is not None
        assert entry.id == status["id"]


def _turns(proxy: Slow) -> list[str]:
    """Who wrote, one after the other."""
    return [writer for writer, _ in groupby(proxy.writers)]


async def test_a_killed_leader_is_followed_by_the_other(
    own_space: Namespace,
    replica: MakeOperator,
    proxy: Slow,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    first, second = _pair(replica, SHORT)
    names = _give_work(own_space, proxy, unique)
    first.kill()
    assert len(proxy.writers) < RESOURCES, "the first was not caught at work"
    second.wait_for_log("leads now")
    await _assert_all_are_there_once(names, own_space, registry)
    assert _turns(proxy) == ["first", "second"]


async def test_a_leader_that_hung_writes_nothing_when_it_wakes(
    own_space: Namespace,
    replica: MakeOperator,
    proxy: Slow,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    first, second = _pair(replica, SHORT)
    names = _give_work(own_space, proxy, unique)
    first.pause()
    try:
        assert len(proxy.writers) < RESOURCES, "the first was not caught at work"
        second.wait_for_log("leads now")
        # The other is still at work when the first wakes with all that it had left to do.
        _wait_until(lambda: "second" in proxy.writers, "the second wrote nothing")
    finally:
        first.resume()
    assert first.wait() == 1
    assert "this replica ends" in first.log
    assert "Traceback" not in first.log
    await _assert_all_are_there_once(names, own_space, registry)
    assert _turns(proxy) == ["first", "second"]


async def test_a_leader_that_is_told_to_stop_hands_over_at_once(
    own_space: Namespace,
    replica: MakeOperator,
    proxy: Slow,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    first, second = _pair(replica, LONG)
    names = _give_work(own_space, proxy, unique)
    assert first.stop() == 0
    second.wait_for_log("leads now")
    await _assert_all_are_there_once(names, own_space, registry)
    assert _turns(proxy) == ["first", "second"]
    assert "Stopped while still reconciling" not in first.log


def _lease(own_space: Namespace) -> dict[str, str]:
    answer = own_space.cluster.run_kubectl(
        "get", "lease", "model-registrar", "--namespace", own_space.name, "-o", "jsonpath={.spec}"
    )
    spec: dict[str, str] = json.loads(answer.stdout)
    return spec


def test_of_replicas_that_start_together_one_leads(own_space: Namespace, replica: MakeOperator) -> None:
    replicas = [replica(name, *LONG) for name in ("one", "two", "three")]
    _wait_until(
        lambda: all("leads now" in one.log or "Standing by" in one.log for one in replicas),
        "they did not find out who leads",
    )
    leading = [one for one in replicas if "leads now" in one.log]
    assert len(leading) == 1
    assert f"({_lease(own_space)['holderIdentity']}) leads now" in leading[0].log


def test_a_leader_whose_lease_was_taken_ends(own_space: Namespace, replica: MakeOperator) -> None:
    leader = replica("first", *LONG)
    leader.wait_for_log("leads now")
    taken = json.dumps({"spec": {"holderIdentity": "somebody-else"}})
    own_space.cluster.run_kubectl(
        "patch", "lease", "model-registrar", "--namespace", own_space.name, "--type=merge", "-p", taken
    )
    assert leader.wait() == 1
    assert "somebody-else took the lease: this replica ends" in leader.log
    assert "Traceback" not in leader.log
    assert _lease(own_space)["holderIdentity"] == "somebody-else"


def test_a_lease_that_is_deleted_stays_its_holders(own_space: Namespace, replica: MakeOperator) -> None:
    first, second = _pair(replica, LONG)
    holder = _lease(own_space)["holderIdentity"]
    # So that it cannot make it anew before the other has looked.
    first.pause()
    try:
        own_space.cluster.run_kubectl("delete", "lease", "model-registrar", "--namespace", own_space.name)
        second.wait_for_log("the lease was deleted, and")
    finally:
        first.resume()
    _wait_until(lambda: "holderIdentity" in _lease_or_nothing(own_space), "nobody made it anew")
    assert _lease(own_space)["holderIdentity"] == holder
    assert "leads now" not in second.log
    own_space.apply(manifest("RegisteredModel", "after"))
    own_space.ready("RegisteredModel", "after")
    assert "this replica ends" not in first.log


def _lease_or_nothing(own_space: Namespace) -> dict[str, str]:
    found = own_space.cluster.run_kubectl("get", "leases", "--namespace", own_space.name, "-o", "json")
    return {name: value for one in json.loads(found.stdout)["items"] for name, value in one["spec"].items()}


def test_an_account_that_may_not_use_leases_is_told_so(
    own_space: Namespace, replica: MakeOperator, tmp_path: Path
) -> None:
    operator = replica("first", f"--kubeconfig={reader_kubeconfig(own_space, tmp_path)}")
    assert operator.wait() == 1
    assert "leases.coordination.k8s.io" in operator.log
    assert "Allow its account to get, create and update leases" in operator.log
    assert "Traceback" not in operator.log


def test_outside_a_pod_the_namespace_of_the_lease_must_be_given(
    own_space: Namespace, own_operator: MakeOperator, registry_url: str
) -> None:
    operator = own_operator(registry_url, own_space, "--leader-election")
    assert operator.wait() == 1
    assert "give --lease-namespace" in operator.log
    assert "Traceback" not in operator.log
