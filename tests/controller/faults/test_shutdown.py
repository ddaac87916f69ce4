"""SIGTERM in the middle of a create: it is finished, or taken up by the next start, and the process ends in time."""

from collections.abc import Callable, Iterator
from threading import Event

import pytest

from model_registry import ModelRegistryAPIClient
from tests.support.fixtures import Unique
from tests.support.flaky import Fault, FlakyProxy, Way, between
from tests.support.front import holding
from tests.support.loopback import Received
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Namespace, manifest

MakeOperator = Callable[..., OperatorProcess]
KIND = "RegisteredModel"


@pytest.fixture
def proxy(registry_url: str) -> Iterator[FlakyProxy]:
    """The registry behind a bad network."""
    with between(registry_url) as proxy:
        yield proxy


async def test_a_create_in_flight_is_finished_and_its_id_told(
    own_space: Namespace,
    own_operator: MakeOperator,
    proxy: FlakyProxy,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    arrived, release = Event(), Event()

    def hold(received: Received) -> Way:
        if received.method == "POST":
            arrived.set()
            release.wait()
        return None

    proxy.script = hold
    operator = own_operator(proxy.url, own_space)
    name = unique("model")
    own_space.apply(manifest(KIND, name))
    assert arrived.wait(30)
    operator.terminate()
    operator.wait_for_log("Operator is stopping")
    release.set()
    assert operator.wait() == 0
    entry = await registry.get_registered_model_by_params(name=name)
    assert entry is not None
    assert own_space.get(KIND, name)["status"]["id"] == entry.id
    assert "Stopped while still reconciling" not in operator.log


async def test_a_create_that_does_not_end_is_taken_up_by_the_next_start(
    own_space: Namespace,
    own_operator: MakeOperator,
    proxy: FlakyProxy,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    proxy.script = holding(Fault.STALL_AFTER, lambda received: received.method != "GET")
    operator = own_operator(proxy.url, own_space)
    name = unique("model")
    own_space.apply(manifest(KIND, name))
    proxy.wait_for_stalled(1)
    # A pod has 30 s; the proxy holds the answer for longer than that.
    operator.terminate()
    assert operator.wait(25) == 0
    entry = await registry.get_registered_model_by_params(name=name)
    proxy.heal()
    operator.start()
    assert entry is not None
    assert own_space.ready(KIND, name)["status"]["id"] == entry.id
    assert [one for one in await registry.get_registered_models() if one.name == name] == [entry]
