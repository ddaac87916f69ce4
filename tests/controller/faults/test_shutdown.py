"""SIGTERM in the middle of a create: it is finished, or taken up by the next start, and the process ends in time."""

from threading import Event

from model_registry import ModelRegistryAPIClient
from tests.support.fault_proxy import Fault, FaultProxy, Treatment, on_matching
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Received
from tests.support.resources import Namespace, manifest

KIND = "RegisteredModel"


async def test_a_create_in_flight_is_finished_and_its_id_reported(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_proxy: FaultProxy,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    arrived, release = Event(), Event()

    def hold(received: Received) -> Treatment:
        if received.method == "POST":
            arrived.set()
            release.wait()
        return None

    registry_proxy.script = hold
    operator = start_operator(registry_proxy.url, own_space)
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


async def test_a_create_that_does_not_end_is_completed_by_the_next_start(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_proxy: FaultProxy,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    registry_proxy.script = on_matching(Fault.STALL_AFTER, lambda received: received.method != "GET")
    operator = start_operator(registry_proxy.url, own_space)
    name = unique("model")
    own_space.apply(manifest(KIND, name))
    registry_proxy.wait_for_stalled(1)
    # A pod has 30 s; the registry_proxy holds the answer for longer than that.
    operator.terminate()
    assert operator.wait(25) == 0
    entry = await registry.get_registered_model_by_params(name=name)
    registry_proxy.heal()
    operator.start()
    assert entry is not None
    assert own_space.ready(KIND, name)["status"]["id"] == entry.id
    assert [model for model in await registry.get_registered_models() if model.name == name] == [entry]
