"""Two installations that are both told to take an entry over: the fight ends, and both values are told."""

import time
from collections.abc import Callable

import pytest

from model_registry import ModelRegistryAPIClient
from tests.support.fixtures import Unique
from tests.support.flaky import FlakyProxy
from tests.support.operator_process import OperatorProcess
from tests.support.resources import WAIT_LIMIT, Manifest, Namespace, annotated, condition, has_reason, manifest

MakeOperator = Callable[..., OperatorProcess]
KIND = "RegisteredModel"
SOON = "--feed-interval=0.2"


def _loser(spaces: tuple[Namespace, ...], name: str) -> tuple[Namespace, Manifest]:
    """Wait until one gives up."""
    deadline = time.monotonic() + WAIT_LIMIT
    while time.monotonic() < deadline:
        for space in spaces:
            resource = space.get(KIND, name)
            if condition(resource, "Drifted").get("reason") == "Contested":
                return space, resource
        time.sleep(0.05)
    raise TimeoutError("they fight for ever")


@pytest.mark.parametrize("described", [("by one", "by other"), ("same", "same")], ids=["different", "same"])
async def test_two_that_take_an_entry_from_each_other_stop_and_say_so(
    own_space: Namespace,
    second_space: Namespace,
    own_operator: MakeOperator,
    counted: FlakyProxy,
    unique: Unique,
    described: tuple[str, str],
) -> None:
    name = unique("model")
    spaces = (own_space, second_space)
    for space, text in zip(spaces, described, strict=True):
        own_operator(counted.url, space, SOON)
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
    _let_them_look(counted)
    writes = len(counted.requests("PATCH"))
    _let_them_look(counted)
    assert len(counted.requests("PATCH")) == writes
    assert len(counted.requests("POST")) in {1, 2}
    async with ModelRegistryAPIClient.connect(counted.url) as registry:
        entries = [one for one in await registry.get_registered_models() if one.name == name]
        assert [one.description for one in entries] == [described[spaces.index(winner)]]
    for space in spaces:
        space.delete(KIND, name)
        space.wait_gone(KIND, name)


def _let_them_look(counted: FlakyProxy) -> None:
    """Return when both have polled a few times."""
    deadline = time.monotonic() + WAIT_LIMIT
    asked = len(counted.requests("GET"))
    while len(counted.requests("GET")) < asked + 24:
        assert time.monotonic() < deadline, "they do not look any more"
        time.sleep(0.05)


async def test_without_take_over_the_second_writes_nothing(
    own_space: Namespace,
    second_space: Namespace,
    own_operator: MakeOperator,
    counted: FlakyProxy,
    unique: Unique,
) -> None:
    name = unique("model")
    own_operator(counted.url, own_space, SOON)
    own_operator(counted.url, second_space, SOON)
    own_space.apply(manifest(KIND, name, description="by one"))
    status = own_space.ready(KIND, name)["status"]
    second_space.apply(manifest(KIND, name, description="by other"))
    refused = second_space.wait(KIND, name, has_reason("OwnedByOther"))
    assert f"created:tests/{own_space.name}/{own_space.name}/{name}" in condition(refused, "Ready")["message"]
    second_space.delete(KIND, name)
    second_space.wait_gone(KIND, name)
    _let_them_look(counted)
    assert counted.requests("PATCH") == []
    assert own_space.get(KIND, name)["status"] == status
