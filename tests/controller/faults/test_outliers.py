"""A gateway refuses the requests of one resource, or every write: nobody else waits for one, and writes are few."""

import pytest

from tests.support.fault_proxy import FaultProxy, Treatment
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Received, Reply
from tests.support.resources import Namespace, condition, has_reason, is_ready, manifest
from tests.support.waiting import wait_until

KIND = "RegisteredModel"


class Refusing:
    """A script of a gateway that refuses writes."""

    def __init__(self, reply: Reply, name: str | None = None) -> None:
        self._reply = reply
        self._name = name
        self.refused: list[Received] = []

    def __call__(self, received: Received) -> Treatment:
        if received.method == "GET" or self._name not in {None, received.json.get("name")}:
            return None
        self.refused.append(received)
        return self._reply


@pytest.mark.parametrize(("status", "reason"), [(403, "Unauthorized"), (502, "RegistryUnavailable")])
def test_a_resource_whose_requests_are_refused_reports_that_and_opens_nothing_again(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_proxy: FaultProxy,
    unique: Unique,
    status: int,
    reason: str,
) -> None:
    operator = start_operator(registry_proxy.url, own_space)
    refused = unique("refused")
    script = registry_proxy.script = Refusing(Reply(status, "<h1>No</h1>", {"Content-Type": "text/html"}), refused)
    own_space.apply(manifest(KIND, refused))
    resource = own_space.wait(KIND, refused, has_reason(reason))
    own_space.wait(KIND, refused, lambda body: "answers other requests" in condition(body, "Ready")["message"])
    assert "<h1>" not in str(resource["status"])
    seen = len(script.refused)
    others = [unique(f"other-{number}") for number in range(5)]
    for other in others:
        own_space.apply(manifest(KIND, other))
        own_space.ready(KIND, other)
    wait_until(lambda: len(script.refused) > seen, "the resource is retried by itself")
    registry_proxy.heal()
    own_space.ready(KIND, refused)
    assert "Traceback" not in operator.log


def test_a_registry_that_takes_no_writes_is_asked_for_few(
    own_space: Namespace, start_operator: StartOperator, registry_proxy: FaultProxy, unique: Unique
) -> None:
    operator = start_operator(registry_proxy.url, own_space, "--workers=4")
    script = registry_proxy.script = Refusing(Reply(403, {"code": "", "message": "read-only"}))
    names = [unique(f"model-{number}") for number in range(40)]
    own_space.apply(*(manifest(KIND, name) for name in names))
    for name in names:
        own_space.wait(KIND, name, has_reason("Unauthorized"))
    # Those that opened the breaker and those that were on their way: far fewer than all.
    assert len(script.refused) < len(names)
    registry_proxy.heal()
    for name in names:
        own_space.wait(KIND, name, is_ready)
    assert "Traceback" not in operator.log
