"""Two replicas with one registry: one writes, and the other takes over however the first ends."""

import json
import threading
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from model_registry import ModelRegistryAPIClient
from tests.support.accounts import reader_kubeconfig
from tests.support.fault_proxy import STALL_LIMIT, FaultProxy, Treatment, proxy_to
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Received
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Namespace, manifest
from tests.support.waiting import wait_until

RESOURCES = 40
WORKERS = 4
MIN_WRITES = 8
"""Writes after which a replica counts as being in the middle of its work."""
SHORT = ("--lease-duration=6", "--renew-deadline=4", "--retry-period=0.3")
LONG = ("--lease-duration=600", "--renew-deadline=300", "--retry-period=0.3")
"""Durations with which a lease does not expire while a test waits."""


class Slow:
    """A registry that is slow, and after some writes stands still until the test has interrupted the operator.

    Attributes:
        url: its address.
        writers: the bearer token of each write, in the order of the writes.
        interrupted: set by the test.
    """

    def __init__(self, proxy: FaultProxy) -> None:
        self.url = proxy.url
        self.writers: list[str] = []
        self.interrupted = threading.Event()
        proxy.script = self._pass_on

    def _pass_on(self, received: Received) -> Treatment:
        if received.method != "GET":
            if len(self.writers) >= MIN_WRITES:
                self.interrupted.wait(STALL_LIMIT)
            time.sleep(0.2)
            self.writers.append(received.headers["authorization"].removeprefix("Bearer "))
        return None


@pytest.fixture
def proxy(registry_url: str) -> Iterator[Slow]:
    """The registry, slow enough to interrupt the operator in its work."""
    with proxy_to(registry_url) as proxy:
        yield Slow(proxy)


@pytest.fixture
def replica(start_operator: StartOperator, own_space: Namespace, proxy: Slow) -> StartOperator:
    """Starts replicas of one operator; the proxy knows each by its name: ``replica("first", *more_arguments)``."""

    def make(name: str, *more: str) -> OperatorProcess:
        election = ("--leader-election", f"--lease-namespace={own_space.name}")
        return start_operator(
            proxy.url, own_space, *election, f"--registry-token={name}", f"--workers={WORKERS}", *more
        )

    return make


def _pair(replica: StartOperator, durations: tuple[str, ...]) -> tuple[OperatorProcess, OperatorProcess]:
    first = replica("first", *durations)
    first.wait_for_log("is now the leader")
    second = replica("second", *durations)
    second.wait_for_log("On standby")
    return first, second


def _start_work(own_space: Namespace, proxy: Slow, unique: Unique) -> list[str]:
    """Apply many resources, and return when some of their entries have been written."""
    names = [f"{unique('model')}-{number}" for number in range(RESOURCES)]
    own_space.apply(*(manifest("RegisteredModel", name) for name in names))
    wait_until(lambda: len(proxy.writers) >= MIN_WRITES, "nothing was written")
    return names


async def _assert_all_exist_once(names: list[str], own_space: Namespace, registry: ModelRegistryAPIClient) -> None:
    for name in names:
        status = own_space.ready("RegisteredModel", name)["status"]
        entry = await registry.get_registered_model_by_params(name=name)
        assert entry is not None
        assert entry.id == status["id"]


def _turns(proxy: Slow) -> list[str]:
    """Return the replicas in the order of their writes, without repetitions."""
    return [writer for writer, _ in groupby(proxy.writers)]


async def test_the_standby_takes_over_from_a_killed_leader(
    own_space: Namespace,
    replica: StartOperator,
    proxy: Slow,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    first, second = _pair(replica, SHORT)
    names = _start_work(own_space, proxy, unique)
    first.kill()
    proxy.interrupted.set()
    second.wait_for_log("is now the leader")
    await _assert_all_exist_once(names, own_space, registry)
    assert _turns(proxy) == ["first", "second"]


async def test_a_leader_that_hung_begins_no_write_when_it_wakes(
    own_space: Namespace,
    replica: StartOperator,
    proxy: Slow,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    first, second = _pair(replica, SHORT)
    names = _start_work(own_space, proxy, unique)
    first.pause()
    proxy.interrupted.set()
    try:
        second.wait_for_log("is now the leader")
        # The second replica is still writing when the first wakes with all its remaining work.
        wait_until(lambda: "second" in proxy.writers, "the second wrote nothing")
    finally:
        first.resume()
    assert first.wait() == 1
    assert "this replica exits" in first.log
    assert "Traceback" not in first.log
    await _assert_all_exist_once(names, own_space, registry)
    # A write that passed the fence just before the process hung may still go out: at most one for each worker.
    late = proxy.writers[proxy.writers.index("second") :].count("first")
    assert late <= WORKERS < len(names) - MIN_WRITES - WORKERS


async def test_a_leader_that_is_stopped_hands_over_at_once(
    own_space: Namespace,
    replica: StartOperator,
    proxy: Slow,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    first, second = _pair(replica, LONG)
    names = _start_work(own_space, proxy, unique)
    first.terminate()
    proxy.interrupted.set()
    assert first.wait() == 0
    second.wait_for_log("is now the leader")
    await _assert_all_exist_once(names, own_space, registry)
    assert _turns(proxy) == ["first", "second"]
    assert "Stopped while still reconciling" not in first.log


def _lease(own_space: Namespace) -> dict[str, str]:
    answer = own_space.cluster.run_kubectl(
        "get", "lease", "model-registrar", "--namespace", own_space.name, "-o", "jsonpath={.spec}"
    )
    spec: dict[str, str] = json.loads(answer.stdout)
    return spec


def test_one_of_several_replicas_that_start_together_leads(own_space: Namespace, replica: StartOperator) -> None:
    replicas = [replica(name, *LONG) for name in ("one", "two", "three")]
    wait_until(
        lambda: all("is now the leader" in replica.log or "On standby" in replica.log for replica in replicas),
        "no replica leads",
    )
    leading = [replica for replica in replicas if "is now the leader" in replica.log]
    assert len(leading) == 1
    assert f"({_lease(own_space)['holderIdentity']}) is now the leader" in leading[0].log


def test_a_leader_whose_lease_was_taken_ends(own_space: Namespace, replica: StartOperator) -> None:
    leader = replica("first", *LONG)
    leader.wait_for_log("is now the leader")
    taken = json.dumps({"spec": {"holderIdentity": "another-replica"}})
    own_space.cluster.run_kubectl(
        "patch", "lease", "model-registrar", "--namespace", own_space.name, "--type=merge", "-p", taken
    )
    assert leader.wait() == 1
    assert "another-replica took the lease: this replica exits" in leader.log
    assert "Traceback" not in leader.log
    assert _lease(own_space)["holderIdentity"] == "another-replica"


def test_a_deleted_lease_still_belongs_to_its_holder(own_space: Namespace, replica: StartOperator) -> None:
    first, second = _pair(replica, LONG)
    holder = _lease(own_space)["holderIdentity"]
    # So that the holder cannot create the lease again before the other replica has read it.
    first.pause()
    try:
        own_space.cluster.run_kubectl("delete", "lease", "model-registrar", "--namespace", own_space.name)
        second.wait_for_log("the lease was deleted, and")
    finally:
        first.resume()
    wait_until(lambda: "holderIdentity" in _lease_or_nothing(own_space), "nobody created the lease again")
    assert _lease(own_space)["holderIdentity"] == holder
    assert "is now the leader" not in second.log
    own_space.apply(manifest("RegisteredModel", "after"))
    own_space.ready("RegisteredModel", "after")
    assert "this replica exits" not in first.log


def _lease_or_nothing(own_space: Namespace) -> dict[str, str]:
    found = own_space.cluster.run_kubectl("get", "leases", "--namespace", own_space.name, "-o", "json")
    return {name: value for lease in json.loads(found.stdout)["items"] for name, value in lease["spec"].items()}


def test_an_account_without_rights_to_leases_ends_the_operator_with_a_sentence(
    own_space: Namespace, replica: StartOperator, tmp_path: Path
) -> None:
    operator = replica("first", f"--kubeconfig={reader_kubeconfig(own_space, tmp_path)}")
    assert operator.wait() == 1
    assert "leases.coordination.k8s.io" in operator.log
    assert "Allow its account to get, create and update leases" in operator.log
    assert "Traceback" not in operator.log


def test_outside_a_pod_the_lease_needs_a_namespace(
    own_space: Namespace, start_operator: StartOperator, registry_url: str
) -> None:
    operator = start_operator(registry_url, own_space, "--leader-election")
    assert operator.wait() == 1
    assert "give --lease-namespace" in operator.log
    assert "Traceback" not in operator.log
