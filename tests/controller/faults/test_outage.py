"""An outage of the registry: one prober, no call per entry, and a report only for resources that wait for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from model_registry import ModelRegistryAPIClient
from tests.env.registry import EmbeddedServers
from tests.support.fault_proxy import FaultProxy, Treatment, proxy_to
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Received, Reply
from tests.support.resources import Namespace, condition, has_reason, manifest
from tests.support.waiting import wait_until


class Gateway:
    """A gateway before a registry that can refuse everything, and keeps the requests that it refused."""

    def __init__(self, proxy: FaultProxy) -> None:
        self.url = proxy.url
        self.status: int | None = None
        self.refused: list[str] = []
        proxy.script = self._answer

    def _answer(self, received: Received) -> Treatment:
        if self.status is None:
            return None
        self.refused.append(f"{received.method} {received.path}")
        return Reply(self.status, {"code": "Unavailable", "message": "come back later"})


@pytest.fixture
def gateway(embedded_registry: EmbeddedServers) -> Iterator[Gateway]:
    """A registry that the test can make unavailable."""
    with proxy_to(embedded_registry().url) as proxy:
        yield Gateway(proxy)


@pytest.mark.parametrize(("status", "reason"), [(503, "RegistryUnavailable"), (401, "Unauthorized")])
async def test_during_an_outage_only_the_prober_calls_the_registry(
    own_space: Namespace,
    start_operator: StartOperator,
    gateway: Gateway,
    unique: Unique,
    status: int,
    reason: str,
) -> None:
    operator = start_operator(gateway.url, own_space, "--feed-interval=0.5")
    settled = unique("settled")
    own_space.apply(manifest("RegisteredModel", settled))
    before = own_space.ready("RegisteredModel", settled)
    gateway.status = status
    names = [f"{unique('waiting')}-{number}" for number in range(40)]
    own_space.apply(*(manifest("RegisteredModel", name) for name in names))
    for name in names:
        resource = own_space.wait("RegisteredModel", name, has_reason(reason))
        assert condition(resource, "Reconciling")["status"] == "True"
        assert not condition(resource, "Stalled")
    # At most one call of each of the 16 workers before the breaker opened, however many wait.
    assert len([request for request in gateway.refused if request.startswith("POST")]) <= 16
    # A resource in sync reports nothing, not even after a change that concerns the cluster alone.
    own_space.patch("RegisteredModel", settled, {"metadata": {"labels": {"a": "b"}}})
    assert own_space.get("RegisteredModel", settled)["status"] == before["status"]
    gateway.status = None
    for name in names:
        own_space.ready("RegisteredModel", name)
    async with ModelRegistryAPIClient.connect(gateway.url) as registry:
        assert sorted(model.name for model in await registry.get_registered_models()) == sorted([*names, settled])
    assert own_space.get("RegisteredModel", settled)["status"] == before["status"]
    assert "Traceback" not in operator.log


async def test_a_blip_is_not_reported(
    own_space: Namespace, start_operator: StartOperator, gateway: Gateway, unique: Unique
) -> None:
    start_operator(gateway.url, own_space)
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name))
    own_space.ready("RegisteredModel", name)
    gateway.status = 503
    own_space.apply(manifest("RegisteredModel", name, description="second"))
    wait_until(lambda: bool(gateway.refused), "the operator called nothing")
    gateway.status = None
    own_space.ready("RegisteredModel", name)
    assert [event["reason"] for event in own_space.events_until(name, "Updated")] == ["Created", "Updated"]


async def test_a_message_about_one_resource_is_not_reported_for_others(
    own_space: Namespace, start_operator: StartOperator, gateway: Gateway, unique: Unique
) -> None:
    start_operator(gateway.url, own_space)
    deleted, waiting = unique("deleted"), unique("waiting")
    own_space.apply(manifest("RegisteredModel", deleted))
    own_space.ready("RegisteredModel", deleted)
    gateway.status = 503
    # The deletion is the first that fails.
    own_space.delete("RegisteredModel", deleted)
    resource = own_space.wait("RegisteredModel", deleted, has_reason("RegistryUnavailable"))
    assert condition(resource, "Ready")["message"].count("The deletion waits") == 1
    own_space.apply(manifest("RegisteredModel", waiting))
    resource = own_space.wait("RegisteredModel", waiting, has_reason("RegistryUnavailable"))
    assert "answered 503" in condition(resource, "Ready")["message"]
    assert "deletion" not in condition(resource, "Ready")["message"]


def test_an_outage_that_changes_its_reason_reports_the_reason_of_now(
    own_space: Namespace, start_operator: StartOperator, gateway: Gateway, unique: Unique
) -> None:
    """A resource that has an ID and one that has none, and neither quotes a request about another."""
    start_operator(gateway.url, own_space, "--feed-interval=0.5")
    edited, created = unique("edited"), unique("created")
    own_space.apply(manifest("RegisteredModel", edited))
    own_space.ready("RegisteredModel", edited)
    gateway.status = 503
    own_space.apply(manifest("RegisteredModel", edited, description="second"), manifest("RegisteredModel", created))
    for name in (edited, created):
        unavailable = own_space.wait("RegisteredModel", name, has_reason("RegistryUnavailable"))
        message = condition(unavailable, "Ready")["message"]
        assert "it answered 503" in message
        assert "come back later" not in message
        assert "/api/" not in message
        assert f"Check that the registry runs at {gateway.url}, and" in message
    gateway.status = 401
    for name in (edited, created):
        refused = own_space.wait("RegisteredModel", name, has_reason("Unauthorized"))
        assert "answered 401" in condition(refused, "Ready")["message"]
    gateway.status = None
    for name in (edited, created):
        own_space.ready("RegisteredModel", name)


@pytest.mark.parametrize("is_empty", [True, False], ids=["empty", "missing"])
def test_an_unusable_token_file_counts_as_an_outage(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    unique: Unique,
    tmp_path: Path,
    is_empty: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    token = tmp_path / "token"
    token.write_text("open-sesame")
    operator = start_operator(registry_url, own_space, f"--registry-token-file={token}", "--feed-interval=3600")
    names = [f"{unique('model')}-{number}" for number in range(5)]
    own_space.apply(manifest("RegisteredModel", names[0]))
    own_space.ready("RegisteredModel", names[0])
    if is_empty:
        token.write_text("")
    else:
        token.unlink()
    own_space.apply(*(manifest("RegisteredModel", name) for name in names[1:]))
    for name in names[1:]:
        resource = own_space.wait("RegisteredModel", name, has_reason("RegistryUnavailable"))
        problem = "holds no token: one line" if is_empty else "cannot be read: No such file"
        assert (
            f"The registry cannot be reached: The token file {token} {problem}"
            in condition(resource, "Ready")["message"]
        )
    token.write_text("open-sesame-again")
    for name in names:
        own_space.ready("RegisteredModel", name)
    assert "failed unexpectedly" not in operator.log
    assert "sesame" not in operator.log
