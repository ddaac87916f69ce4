"""Several registries in one operator: each resource is in one of them, and none of them holds back another."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from local_registry.store import Store
from tests.controller.registries.several import WORKERS
from tests.env.registry import serve
from tests.support.fault_proxy import Fault, FaultProxy, proxy_to
from tests.support.operator_process import OperatorProcess
from tests.support.probes import Probes, probes_of
from tests.support.resources import Namespace, is_ready, manifest
from tests.support.rest import Rest
from tests.support.waiting import wait_until

PROGRAM = Path(__file__).with_name("several.py")


@dataclass(frozen=True)
class Two:
    """An operator with two registries, each for one namespace."""

    spaces: tuple[Namespace, Namespace]
    rests: tuple[Rest, Rest]
    proxies: tuple[FaultProxy, FaultProxy]
    operator: OperatorProcess

    @property
    def probes(self) -> Probes:
        return probes_of(self.operator)


@pytest.fixture
def two(own_space: Namespace, other_space: Namespace, tmp_path: Path) -> Iterator[Two]:
    spaces = own_space, other_space
    with ExitStack() as stack:
        http = stack.enter_context(httpx.Client(trust_env=False))
        urls = [stack.enter_context(serve(Store(":memory:"))) for _ in spaces]
        first, second = (Rest(url, http) for url in urls)
        proxies = stack.enter_context(proxy_to(urls[0])), stack.enter_context(proxy_to(urls[1]))
        places = [f"{space.name}={proxy.url}" for space, proxy in zip(spaces, proxies, strict=True)]
        arguments = [f"tests/{own_space.name}", str(own_space.cluster.kubeconfig), *places]
        operator = OperatorProcess(arguments, tmp_path / "operator.log", program=[PROGRAM])
        operator.start()
        operator.wait_for_log("Ready: watching")
        yield Two(spaces, (first, second), proxies, operator)
        operator.stop()
        print(operator.log)  # noqa: T201 - pytest shows it where the test failed


def _chain(name: str, description: str) -> list[dict[str, object]]:
    return [
        manifest("RegisteredModel", name, description=description),
        manifest("ModelVersion", f"{name}-v1", name="v1", registeredModelRef={"name": name}),
        manifest("ModelArtifact", f"{name}-weights", modelVersionRef={"name": f"{name}-v1"}, uri="s3://models/weights"),
    ]


def test_resources_of_one_name_have_an_entry_in_each_registry(two: Two) -> None:
    two.rests[1].model("takes-the-first-id")
    for space, description in zip(two.spaces, ("first", "second"), strict=True):
        space.apply(*_chain("fraud", description))
    for space, rest, description in zip(two.spaces, two.rests, ("first", "second"), strict=True):
        model = space.wait("RegisteredModel", "fraud", is_ready)
        space.wait("ModelVersion", "fraud-v1", is_ready)
        artifact = space.wait("ModelArtifact", "fraud-weights", is_ready)
        entry = rest.get(f"registered_models/{model['status']['id']}")
        assert (entry["name"], entry["description"]) == ("fraud", description)
        assert rest.get(f"artifacts/{artifact['status']['id']}")["uri"] == "s3://models/weights"
    ids = [space.get("RegisteredModel", "fraud")["status"]["id"] for space in two.spaces]
    assert ids[0] != ids[1]
    two.spaces[0].delete("ModelArtifact", "fraud-weights")
    two.spaces[0].wait_gone("ModelArtifact", "fraud-weights")
    states = [[entry["state"] for entry in rest.get("artifacts")["items"]] for rest in two.rests]
    assert states == [["MARKED_FOR_DELETION"], ["LIVE"]]


def test_drift_in_one_registry_is_corrected_there_and_read_from_there_only(two: Two) -> None:
    for space in two.spaces:
        space.apply(manifest("RegisteredModel", "fraud", description="declared"))
    ids = [space.wait("RegisteredModel", "fraud", is_ready)["status"]["id"] for space in two.spaces]
    writes = [len(proxy.writes()) for proxy in two.proxies]
    path = f"registered_models/{ids[1]}"
    two.rests[1].change(path, description="edited")
    wait_until(lambda: two.rests[1].get(path)["description"] == "declared", "the drift is not corrected")
    assert [len(proxy.writes()) - before for proxy, before in zip(two.proxies, writes, strict=True)] == [0, 1]
    metrics = two.probes.metrics()
    patches = [
        metrics.get(f"registrar_registry_requests_total{{code=200,method=PATCH,registry={space.name}}}", 0)
        for space in two.spaces
    ]
    assert patches == [0, 1]
    assert all(
        metrics[f"registrar_feed_polls_total{{registry={space.name},result=success}}"] > 0 for space in two.spaces
    )


def test_a_registry_that_accepts_and_never_answers_holds_back_no_other(two: Two) -> None:
    hung, live = two.spaces
    two.proxies[0].script = lambda received: Fault.STALL_BEFORE if received.method == "POST" else None
    hung.apply(*(manifest("RegisteredModel", f"hung-{number}") for number in range(20)))
    two.proxies[0].wait_for_stalled(WORKERS)
    live.apply(*_chain("fraud", "live"))
    for kind, name in (("RegisteredModel", "fraud"), ("ModelVersion", "fraud-v1"), ("ModelArtifact", "fraud-weights")):
        live.wait(kind, name, is_ready)
    metrics = two.probes.metrics()
    assert len(two.proxies[0].stalled) == WORKERS, "its workers still wait for their first answers"
    assert metrics[f"registrar_workqueue_depth{{registry={hung.name}}}"] == 20 - WORKERS
    assert metrics[f"registrar_workqueue_depth{{registry={live.name}}}"] == 0
    assert (two.probes.get("/livez")[0], two.probes.get("/readyz")[0]) == (200, 200)
    two.proxies[0].heal()
    for number in range(20):
        hung.wait("RegisteredModel", f"hung-{number}", is_ready)
    assert len(two.rests[0].get("registered_models?pageSize=100")["items"]) == 20


def test_a_registry_that_is_away_at_a_restart_holds_back_no_other(two: Two) -> None:
    away, live = two.spaces
    for space in two.spaces:
        space.apply(*_chain("fraud", "declared"))
        space.wait("ModelArtifact", "fraud-weights", is_ready)
    two.operator.stop()
    two.proxies[0].script = lambda _: Fault.STALL_BEFORE
    writes = [len(proxy.writes()) for proxy in two.proxies]
    two.operator.start()
    two.proxies[0].wait_for_stalled(1)
    live.apply(manifest("RegisteredModel", "fraud", description="edited"))
    live.wait("RegisteredModel", "fraud", lambda found: is_ready(found) and found["metadata"]["generation"] == 2)
    assert away.get("RegisteredModel", "fraud")["status"]["id"] is not None
    assert [len(proxy.writes()) - before for proxy, before in zip(two.proxies, writes, strict=True)] == [0, 1]
    two.proxies[0].heal()
    away.apply(manifest("RegisteredModel", "fraud", description="edited"))
    away.wait("RegisteredModel", "fraud", lambda found: is_ready(found) and found["metadata"]["generation"] == 2)
