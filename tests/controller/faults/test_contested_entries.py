"""Two installations may both take an entry over: the fight ends, and the loser reports both values."""

import time

import pytest

from model_registry import ModelRegistryAPIClient
from tests.support.fault_proxy import FaultProxy
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import WAIT_LIMIT, Manifest, Namespace, annotated, condition, has_reason, manifest

KIND = "RegisteredModel"
SOON = "--feed-interval=0.2"


def _loser(spaces: tuple[Namespace, ...], name: str) -> tuple[Namespace, Manifest]:
    """Wait until an installation gives up; returns its namespace and resource."""
    deadline = time.monotonic() + WAIT_LIMIT
    while time.monotonic() < deadline:
        for space in spaces:
            resource = space.get(KIND, name)
            if condition(resource, "Drifted").get("reason") == "Contested":
                return space, resource
        time.sleep(0.05)
    raise TimeoutError("both keep correcting the entry")


@pytest.mark.parametrize("described", [("by first", "by second"), ("same", "same")], ids=["different", "same"])
async def test_two_installations_that_take_an_entry_from_each_other_stop_and_report_it(
    own_space: Namespace,
    second_space: Namespace,
    start_operator: StartOperator,
    registry_proxy: FaultProxy,
    unique: Unique,
    described: tuple[str, str],
) -> None:
    name = unique("model")
    spaces = (own_space, second_space)
    for space, text in zip(spaces, described, strict=True):
        start_operator(registry_proxy.url, space, SOON)
        space.apply(annotated(manifest(KIND, name, description=text), take_over="true"))
    loser, resource = _loser(spaces, name)
    winner = second_space if loser is own_space else own_space
    message = condition(resource, "Drifted")["message"]
    if described[0] != described[1]:
        wanted, found = described if loser is own_space else reversed(described)
        assert f"description is {found!r}, the spec says {wanted!r}" in message
    stamps = [f"'adopted:tests/{space.name}/{space.name}/{name}'" for space in (winner, loser)]
    owner = f"model-registrar.dev/owner is {stamps[0]}, the spec says {stamps[1]}"
    assert owner in message.replace("created:", "adopted:")
    _wait_for_polls(registry_proxy)
    writes = len(registry_proxy.requests("PATCH"))
    _wait_for_polls(registry_proxy)
    assert len(registry_proxy.requests("PATCH")) == writes
    assert len(registry_proxy.requests("POST")) in {1, 2}
    async with ModelRegistryAPIClient.connect(registry_proxy.url) as registry:
        entries = [model for model in await registry.get_registered_models() if model.name == name]
        assert [entry.description for entry in entries] == [described[spaces.index(winner)]]
    for space in spaces:
        space.delete(KIND, name)
        space.wait_gone(KIND, name)


def _wait_for_polls(registry_proxy: FaultProxy) -> None:
    """Wait until both have polled a few times."""
    deadline = time.monotonic() + WAIT_LIMIT
    asked = len(registry_proxy.requests("GET"))
    while len(registry_proxy.requests("GET")) < asked + 24:
        assert time.monotonic() < deadline, "they no longer poll"
        time.sleep(0.05)


async def test_without_take_over_the_second_installation_writes_nothing(
    own_space: Namespace,
    second_space: Namespace,
    start_operator: StartOperator,
    registry_proxy: FaultProxy,
    unique: Unique,
) -> None:
    name = unique("model")
    start_operator(registry_proxy.url, own_space, SOON)
    start_operator(registry_proxy.url, second_space, SOON)
    own_space.apply(manifest(KIND, name, description="by first"))
    status = own_space.ready(KIND, name)["status"]
    second_space.apply(manifest(KIND, name, description="by second"))
    refused = second_space.wait(KIND, name, has_reason("OwnedByOther"))
    assert f"created:tests/{own_space.name}/{own_space.name}/{name}" in condition(refused, "Ready")["message"]
    second_space.delete(KIND, name)
    second_space.wait_gone(KIND, name)
    _wait_for_polls(registry_proxy)
    assert registry_proxy.requests("PATCH") == []
    assert own_space.get(KIND, name)["status"] == status
