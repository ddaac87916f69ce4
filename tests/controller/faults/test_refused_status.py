"""The API server refuses the status: the entry is created once, and its ID is reported as soon as possible."""

from pathlib import Path

import pytest

from model_registry import ModelRegistryAPIClient
from tests.support.accounts import CREATE_EVENTS, PATCH_FINALIZERS, PATCH_STATUS, READ, Account
from tests.support.api_server_proxy import ApiServerProxy, is_status_patch
from tests.support.entries import model_named
from tests.support.fault_proxy import FaultProxy, Script, Treatment
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Received, Reply
from tests.support.resources import Namespace, manifest

KIND = "RegisteredModel"


async def _assert_created_once(space: Namespace, name: str, registry_proxy: FaultProxy) -> None:
    status = space.ready(KIND, name)["status"]
    assert [request.method for request in registry_proxy.writes()] == ["POST"]
    async with ModelRegistryAPIClient.connect(registry_proxy.url) as registry:
        entry = await model_named(registry, name)
    assert (entry.id, status["ownedFields"]) == (status["id"], ["description"])


def _refused(status: int, reason: str, times: int) -> Script:
    """Refuse the first so many status patches."""
    left = [Reply(status, {"kind": "Status", "code": status, "reason": reason, "message": "not now"})] * times

    def script(received: Received) -> Treatment:
        return left.pop() if is_status_patch(received) and left else None

    return script


@pytest.mark.parametrize(
    ("status", "reason", "times"),
    [(409, "Conflict", 1), (409, "Conflict", 5), (500, "InternalError", 3), (429, "TooManyRequests", 2)],
)
async def test_a_status_that_is_refused_is_written_later(
    own_space: Namespace,
    start_operator: StartOperator,
    api_server_proxy: ApiServerProxy,
    registry_proxy: FaultProxy,
    unique: Unique,
    status: int,
    reason: str,
    times: int,
) -> None:
    api_server_proxy.script = _refused(status, reason, times)
    operator = start_operator(registry_proxy.url, own_space, api_server_proxy.kubeconfig_flag)
    name = unique("model")
    own_space.apply(manifest(KIND, name, description="d"))
    await _assert_created_once(own_space, name, registry_proxy)
    assert len([request for request in api_server_proxy.received if is_status_patch(request)]) == times + 1
    assert "Traceback" not in operator.log


async def test_a_change_between_reading_and_writing_is_not_overwritten(
    own_space: Namespace,
    start_operator: StartOperator,
    api_server_proxy: ApiServerProxy,
    registry_proxy: FaultProxy,
    unique: Unique,
) -> None:
    name = unique("model")
    changes = iter(range(3))

    def change_first(received: Received) -> Treatment:
        """Change the resource before the status is written, so that the API server itself finds the conflict."""
        if is_status_patch(received) and (number := next(changes, None)) is not None:
            own_space.patch(KIND, name, {"metadata": {"labels": {"changed": str(number)}}})
        return None

    api_server_proxy.script = change_first
    operator = start_operator(registry_proxy.url, own_space, api_server_proxy.kubeconfig_flag)
    own_space.apply(manifest(KIND, name, description="d"))
    await _assert_created_once(own_space, name, registry_proxy)
    assert own_space.get(KIND, name)["metadata"]["labels"] == {"changed": "2"}
    assert "Traceback" not in operator.log


async def test_missing_rights_to_the_status_delay_only_the_status(
    own_space: Namespace, start_operator: StartOperator, registry_proxy: FaultProxy, tmp_path: Path, unique: Unique
) -> None:
    account = Account(own_space, "operator")
    account.allow(READ, PATCH_FINALIZERS, CREATE_EVENTS)
    operator = start_operator(registry_proxy.url, own_space, f"--kubeconfig={account.kubeconfig(tmp_path)}")
    name = unique("model")
    own_space.apply(manifest(KIND, name, description="d"))
    operator.wait_for_log("cannot patch resource", times=2)
    assert own_space.get(KIND, name)["status"] == {"observedGeneration": -1}
    account.allow(READ, PATCH_FINALIZERS, CREATE_EVENTS, PATCH_STATUS)
    await _assert_created_once(own_space, name, registry_proxy)
    assert "Traceback" not in operator.log


async def test_without_the_finalizer_nothing_is_created(
    own_space: Namespace, start_operator: StartOperator, registry_proxy: FaultProxy, tmp_path: Path, unique: Unique
) -> None:
    account = Account(own_space, "operator")
    account.allow(READ, PATCH_STATUS, CREATE_EVENTS)
    operator = start_operator(registry_proxy.url, own_space, f"--kubeconfig={account.kubeconfig(tmp_path)}")
    name = unique("model")
    own_space.apply(manifest(KIND, name, description="d"))
    operator.wait_for_log("cannot patch resource", times=2)
    assert registry_proxy.writes() == []
    account.allow(READ, PATCH_FINALIZERS, PATCH_STATUS, CREATE_EVENTS)
    await _assert_created_once(own_space, name, registry_proxy)
