"""The registry fails in each way that networks and servers know: every entry is made once, and changed as written."""

from collections.abc import Callable, Iterator

import pytest

from devcluster.embedded_registry import EmbeddedRegistry
from model_registry import ModelRegistryAPIClient
from tests.support.fixtures import Unique
from tests.support.flaky import ErrorAfter, Fault, FlakyProxy, Script, Way, always, between
from tests.support.loopback import Received, Reply
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Namespace, condition, has_reason, manifest

MakeOperator = Callable[..., OperatorProcess]
MakeRegistry = Callable[..., EmbeddedRegistry]
KIND = "RegisteredModel"
BROKEN = Reply(500, {"code": "Internal", "message": "out of connections"})

WAYS: dict[str, Way] = {
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


@pytest.fixture
def proxy(registry_url: str) -> Iterator[FlakyProxy]:
    """The registry behind a bad network."""
    with between(registry_url) as proxy:
        yield proxy


def _first_write_fails(place_of: Callable[[Received], str | None]) -> Script:
    """The first write of each name suffers what `WAYS` has for it."""
    left = dict(WAYS)

    def script(received: Received) -> Way:
        place = None if received.method == "GET" else place_of(received)
        return left.pop(place, None) if place is not None else None

    return script


async def test_every_way_to_fail_a_write_leaves_one_entry_as_written(
    own_space: Namespace,
    own_operator: MakeOperator,
    proxy: FlakyProxy,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    names = {unique(way): way for way in WAYS}
    operator = own_operator(proxy.url, own_space, "--workers=16", "--feed-interval=0.5")
    proxy.script = _first_write_fails(lambda received: names.get(received.json.get("name", "")))
    own_space.apply(*(manifest(KIND, name, description="made") for name in names))
    ids = {own_space.ready(KIND, name)["status"]["id"]: way for name, way in names.items()}
    proxy.script = _first_write_fails(lambda received: ids.get(received.path.rpartition("/")[2]))
    own_space.apply(*(manifest(KIND, name, description="changed") for name in names))
    for name in names:
        own_space.ready(KIND, name)
    found = [one for one in await registry.get_registered_models() if one.name in names]
    assert {str(one.id): names[one.name] for one in found} == ids
    assert [one.description for one in found] == ["changed"] * len(WAYS)
    assert "Traceback" not in operator.log


async def test_a_registry_that_accepts_and_never_answers_is_told_and_awaited(
    own_space: Namespace, own_operator: MakeOperator, proxy: FlakyProxy, unique: Unique
) -> None:
    operator = own_operator(proxy.url, own_space)
    settled, waiting = unique("settled"), unique("waiting")
    own_space.apply(manifest(KIND, settled))
    before = own_space.ready(KIND, settled)
    proxy.script = always(Fault.STALL_BEFORE)
    own_space.apply(manifest(KIND, waiting))
    resource = own_space.wait(KIND, waiting, has_reason("RegistryUnavailable"))
    assert "did not answer" in condition(resource, "Ready")["message"]
    proxy.heal()
    own_space.ready(KIND, waiting)
    assert own_space.get(KIND, settled) == before
    assert "Traceback" not in operator.log


async def test_a_registry_that_crashes_in_the_middle_of_the_work(
    own_space: Namespace, own_operator: MakeOperator, embedded_registry: MakeRegistry, unique: Unique
) -> None:
    server = embedded_registry()
    with between(server.url) as proxy:
        operator = own_operator(proxy.url, own_space)
        names = [f"{unique('model')}-{number}" for number in range(30)]

        def crash(received: Received) -> Way:
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
        assert {one.name: one.id for one in await registry.get_registered_models()} == ids
        assert len(await registry.get_registered_models()) == len(names)
    assert "Traceback" not in operator.log
