"""The registry fails in every way of networks and servers: each entry is created once, and changed as declared."""

from collections.abc import Callable

from model_registry import ModelRegistryAPIClient
from tests.env.registry import EmbeddedServers
from tests.support.fault_proxy import ErrorAfter, Fault, FaultProxy, Script, Treatment, always, proxy_to
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Received, Reply
from tests.support.resources import Namespace, condition, has_reason, manifest

KIND = "RegisteredModel"
BROKEN = Reply(500, {"code": "Internal", "message": "out of connections"})

FAULTS: dict[str, Treatment] = {
    "reset-before": Fault.RESET_BEFORE,
    "reset-after": Fault.RESET_AFTER,
    "drop-after": Fault.DROP_AFTER,
    "cut-after": Fault.CUT_AFTER,
    "garbled-after": Fault.GARBLE_AFTER,
    "half-open": Fault.STALL_BEFORE,
    "too-slow": Fault.STALL_AFTER,
    "500-before": BROKEN,
    "500-after": ErrorAfter(BROKEN),
    "503-before": Reply(503, "<h1>Try later</h1>", {"Content-Type": "text/html"}),
    "504-after": ErrorAfter(Reply(504, "<h1>Gateway Timeout</h1>", {"Content-Type": "text/html"})),
}


def _first_write_fails(fault_of: Callable[[Received], str | None]) -> Script:
    """Treat the first write of each entry as `FAULTS` says."""
    left = dict(FAULTS)

    def script(received: Received) -> Treatment:
        fault = None if received.method == "GET" else fault_of(received)
        return left.pop(fault, None) if fault is not None else None

    return script


async def test_every_fault_of_a_write_leaves_one_entry_as_declared(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_proxy: FaultProxy,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    names = {unique(fault): fault for fault in FAULTS}
    operator = start_operator(registry_proxy.url, own_space, "--workers=16", "--feed-interval=0.5")
    registry_proxy.script = _first_write_fails(lambda received: names.get(received.json.get("name", "")))
    own_space.apply(*(manifest(KIND, name, description="created") for name in names))
    ids = {own_space.ready(KIND, name)["status"]["id"]: fault for name, fault in names.items()}
    registry_proxy.script = _first_write_fails(lambda received: ids.get(received.path.rpartition("/")[2]))
    own_space.apply(*(manifest(KIND, name, description="changed") for name in names))
    for name in names:
        own_space.ready(KIND, name)
    found = [model for model in await registry.get_registered_models() if model.name in names]
    assert {str(entry.id): names[entry.name] for entry in found} == ids
    assert [entry.description for entry in found] == ["changed"] * len(FAULTS)
    assert "Traceback" not in operator.log


async def test_a_registry_that_never_answers_is_reported_and_awaited(
    own_space: Namespace, start_operator: StartOperator, registry_proxy: FaultProxy, unique: Unique
) -> None:
    operator = start_operator(registry_proxy.url, own_space)
    settled, waiting = unique("settled"), unique("waiting")
    own_space.apply(manifest(KIND, settled))
    before = own_space.ready(KIND, settled)
    registry_proxy.script = always(Fault.STALL_BEFORE)
    own_space.apply(manifest(KIND, waiting))
    resource = own_space.wait(KIND, waiting, has_reason("RegistryUnavailable"))
    message = condition(resource, "Ready")["message"]
    assert "did not answer" in message
    assert message.endswith("no network policy or proxy is in the way. The operator keeps trying.")
    registry_proxy.heal()
    own_space.ready(KIND, waiting)
    assert own_space.get(KIND, settled) == before
    assert "Traceback" not in operator.log


async def test_a_registry_that_crashes_between_creations_has_each_entry_once(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers, unique: Unique
) -> None:
    server = embedded_registry()
    with proxy_to(server.url) as proxy:
        operator = start_operator(proxy.url, own_space)
        names = [f"{unique('model')}-{number}" for number in range(30)]

        def crash(received: Received) -> Treatment:
            """Kill the registry at the tenth create."""
            if len(proxy.requests("POST")) == 10 and received.method == "POST":
                server.kill()
            return None

        proxy.script = crash
        own_space.apply(*(manifest(KIND, name) for name in names))
        operator.wait_for_log("cannot be read; retrying")
        server.start()
        ids = {name: own_space.ready(KIND, name)["status"]["id"] for name in names}
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        assert {model.name: model.id for model in await registry.get_registered_models()} == ids
        assert len(await registry.get_registered_models()) == len(names)
    assert "Traceback" not in operator.log
