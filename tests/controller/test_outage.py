"""While the registry is away: one prober, no calls per entry, and only those are told who wait for it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devcluster.embedded_registry import EmbeddedRegistry
from model_registry import ModelRegistryAPIClient
from tests.support.fixtures import Unique
from tests.support.flaky import FlakyProxy, Way, between
from tests.support.loopback import Received, Reply
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Namespace, condition, has_reason, manifest


class Front:
    """A registry that can say no to everything, and counts what is asked meanwhile."""

    def __init__(self, proxy: FlakyProxy) -> None:
        self.url = proxy.url
        self.status: int | None = None
        self.asked: list[str] = []
        proxy.script = self._answer

    def _answer(self, received: Received) -> Way:
        if self.status is None:
            return None
        self.asked.append(f"{received.method} {received.path}")
        return Reply(self.status, {"code": "Away", "message": "come back later"})


@pytest.fixture
def front(embedded_registry: Callable[..., EmbeddedRegistry]) -> Iterator[Front]:
    """A registry that the test can take away."""
    with between(embedded_registry().url) as proxy:
        yield Front(proxy)


@pytest.mark.parametrize(("status", "reason"), [(503, "RegistryUnavailable"), (401, "Unauthorized")])
async def test_an_outage_is_one_probers_business(
    own_space: Namespace,
    own_operator: Callable[..., OperatorProcess],
    front: Front,
    unique: Unique,
    status: int,
    reason: str,
) -> None:
    operator = own_operator(front.url, own_space, "--feed-interval=0.5")
    settled = unique("settled")
    own_space.apply(manifest("RegisteredModel", settled))
    before = own_space.ready("RegisteredModel", settled)
    front.status = status
    names = [f"{unique('waiting')}-{number}" for number in range(40)]
    own_space.apply(*(manifest("RegisteredModel", name) for name in names))
    for name in names:
        resource = own_space.wait("RegisteredModel", name, has_reason(reason))
        assert condition(resource, "Reconciling")["status"] == "True"
        assert not condition(resource, "Stalled")
    # At most one call of each of the 16 workers before the breaker opened, however many wait.
    assert len([one for one in front.asked if one.startswith("POST")]) <= 16
    # What is in sync is not told, and neither is what it would not have to do with the registry.
    own_space.patch("RegisteredModel", settled, {"metadata": {"labels": {"a": "b"}}})
    assert own_space.get("RegisteredModel", settled)["status"] == before["status"]
    front.status = None
    for name in names:
        own_space.ready("RegisteredModel", name)
    async with ModelRegistryAPIClient.connect(front.url) as registry:
        assert sorted(one.name for one in await registry.get_registered_models()) == sorted([*names, settled])
    assert own_space.get("RegisteredModel", settled)["status"] == before["status"]
    assert "Traceback" not in operator.log


async def test_a_blip_is_told_to_nobody(
    own_space: Namespace, own_operator: Callable[..., OperatorProcess], front: Front, unique: Unique
) -> None:
    own_operator(front.url, own_space)
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name))
    own_space.ready("RegisteredModel", name)
    front.status = 503
    own_space.apply(manifest("RegisteredModel", name, description="second"))
    while not front.asked:
        pass
    front.status = None
    own_space.ready("RegisteredModel", name)
    assert [one["reason"] for one in own_space.events(name)] == ["Synced"]


async def test_what_is_said_of_one_resource_is_not_told_to_others(
    own_space: Namespace, own_operator: Callable[..., OperatorProcess], front: Front, unique: Unique
) -> None:
    own_operator(front.url, own_space)
    going, waiting = unique("going"), unique("waiting")
    own_space.apply(manifest("RegisteredModel", going))
    own_space.ready("RegisteredModel", going)
    front.status = 503
    # The deletion is the first to meet the outage.
    own_space.delete("RegisteredModel", going)
    resource = own_space.wait("RegisteredModel", going, has_reason("RegistryUnavailable"))
    assert condition(resource, "Ready")["message"].count("The deletion waits") == 1
    own_space.apply(manifest("RegisteredModel", waiting))
    resource = own_space.wait("RegisteredModel", waiting, has_reason("RegistryUnavailable"))
    assert "answered 503" in condition(resource, "Ready")["message"]
    assert "deletion" not in condition(resource, "Ready")["message"]


def test_an_outage_that_changes_its_reason_reports_the_reason_of_now(
    own_space: Namespace, own_operator: Callable[..., OperatorProcess], front: Front, unique: Unique
) -> None:
    """A resource that has an ID and one that has none, and neither quotes a request about another."""
    own_operator(front.url, own_space, "--feed-interval=0.5")
    edited, created = unique("edited"), unique("created")
    own_space.apply(manifest("RegisteredModel", edited))
    own_space.ready("RegisteredModel", edited)
    front.status = 503
    own_space.apply(manifest("RegisteredModel", edited, description="second"), manifest("RegisteredModel", created))
    for name in (edited, created):
        unavailable = own_space.wait("RegisteredModel", name, has_reason("RegistryUnavailable"))
        message = condition(unavailable, "Ready")["message"]
        assert "answered 503: come back later" in message
        assert "http" not in message
    front.status = 401
    for name in (edited, created):
        refused = own_space.wait("RegisteredModel", name, has_reason("Unauthorized"))
        assert "answered 401" in condition(refused, "Ready")["message"]
    front.status = None
    for name in (edited, created):
        own_space.ready("RegisteredModel", name)


@pytest.mark.parametrize("is_there", [True, False], ids=["empty", "gone"])
def test_a_token_file_that_cannot_be_used_is_the_registrys_trouble(
    own_space: Namespace,
    own_operator: Callable[..., OperatorProcess],
    registry_url: str,
    unique: Unique,
    tmp_path: Path,
    is_there: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    token = tmp_path / "token"
    token.write_text("open-sesame")
    operator = own_operator(registry_url, own_space, f"--registry-token-file={token}", "--feed-interval=3600")
    names = [f"{unique('model')}-{number}" for number in range(5)]
    own_space.apply(manifest("RegisteredModel", names[0]))
    own_space.ready("RegisteredModel", names[0])
    if is_there:
        token.write_text("")
    else:
        token.unlink()
    own_space.apply(*(manifest("RegisteredModel", name) for name in names[1:]))
    for name in names[1:]:
        resource = own_space.wait("RegisteredModel", name, has_reason("RegistryUnavailable"))
        told = "holds no token: one line" if is_there else "cannot be read: No such file"
        assert (
            f"The registry cannot be reached: The token file {token} {told}" in condition(resource, "Ready")["message"]
        )
    token.write_text("open-sesame-again")
    for name in names:
        own_space.ready("RegisteredModel", name)
    assert "failed unexpectedly" not in operator.log
    assert "sesame" not in operator.log
