"""The API server does not take the status: the entry is made once, and its ID is told when it can be."""

from collections.abc import Callable
from pathlib import Path

import pytest

from model_registry import ModelRegistryAPIClient
from tests.support.accounts import PUT_FINALIZERS, READ, TELL_EVENTS, WRITE_STATUS, Account
from tests.support.fixtures import Unique
from tests.support.flaky import FlakyProxy, Script, Way
from tests.support.front import Front, is_status_patch
from tests.support.loopback import Received, Reply
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Namespace, manifest

MakeOperator = Callable[..., OperatorProcess]
KIND = "RegisteredModel"


async def _assert_made_once(space: Namespace, name: str, counted: FlakyProxy) -> None:
    status = space.ready(KIND, name)["status"]
    assert [one.method for one in counted.received if one.method != "GET"] == ["POST"]
    async with ModelRegistryAPIClient.connect(counted.url) as registry:
        entry = await registry.get_registered_model_by_params(name=name)
    assert entry is not None
    assert (entry.id, status["ownedFields"]) == (status["id"], ["description"])


def _refused(status: int, reason: str, times: int) -> Script:
    """The first so many status patches are answered so."""
    left = [Reply(status, {"kind": "Status", "code": status, "reason": reason, "message": "not now"})] * times

    def script(received: Received) -> Way:
        return left.pop() if is_status_patch(received) and left else None

    return script


@pytest.mark.parametrize(
    ("status", "reason", "times"),
    [(409, "Conflict", 1), (409, "Conflict", 5), (500, "InternalError", 3), (429, "TooManyRequests", 2)],
)
async def test_a_status_that_is_refused_is_written_later(
    own_space: Namespace,
    own_operator: MakeOperator,
    front: Front,
    counted: FlakyProxy,
    unique: Unique,
    status: int,
    reason: str,
    times: int,
) -> None:
    front.proxy.script = _refused(status, reason, times)
    operator = own_operator(counted.url, own_space, front.argument)
    name = unique("model")
    own_space.apply(manifest(KIND, name, description="d"))
    await _assert_made_once(own_space, name, counted)
    assert len([one for one in front.proxy.received if is_status_patch(one)]) == times + 1
    assert "Traceback" not in operator.log


async def test_a_change_between_reading_and_writing_is_not_overwritten(
    own_space: Namespace, own_operator: MakeOperator, front: Front, counted: FlakyProxy, unique: Unique
) -> None:
    name = unique("model")
    changes = iter(range(3))

    def change_first(received: Received) -> Way:
        """The user is faster than the status: the API server itself finds the conflict."""
        if is_status_patch(received) and (number := next(changes, None)) is not None:
            own_space.patch(KIND, name, {"metadata": {"labels": {"changed": str(number)}}})
        return None

    front.proxy.script = change_first
    operator = own_operator(counted.url, own_space, front.argument)
    own_space.apply(manifest(KIND, name, description="d"))
    await _assert_made_once(own_space, name, counted)
    assert own_space.get(KIND, name)["metadata"]["labels"] == {"changed": "2"}
    assert "Traceback" not in operator.log


async def test_rights_that_are_taken_away_and_given_back(
    own_space: Namespace, own_operator: MakeOperator, counted: FlakyProxy, tmp_path: Path, unique: Unique
) -> None:
    account = Account(own_space, "operator")
    account.allow(READ, PUT_FINALIZERS, TELL_EVENTS)
    operator = own_operator(counted.url, own_space, f"--kubeconfig={account.kubeconfig(tmp_path)}")
    name = unique("model")
    own_space.apply(manifest(KIND, name, description="d"))
    operator.wait_for_log("cannot patch resource", times=2)
    assert own_space.get(KIND, name)["status"] == {"observedGeneration": -1}
    account.allow(READ, PUT_FINALIZERS, TELL_EVENTS, WRITE_STATUS)
    await _assert_made_once(own_space, name, counted)
    assert "Traceback" not in operator.log


async def test_without_the_finalizer_nothing_is_made(
    own_space: Namespace, own_operator: MakeOperator, counted: FlakyProxy, tmp_path: Path, unique: Unique
) -> None:
    account = Account(own_space, "operator")
    account.allow(READ, WRITE_STATUS, TELL_EVENTS)
    operator = own_operator(counted.url, own_space, f"--kubeconfig={account.kubeconfig(tmp_path)}")
    name = unique("model")
    own_space.apply(manifest(KIND, name, description="d"))
    operator.wait_for_log("cannot patch resource", times=2)
    assert [one for one in counted.received if one.method != "GET"] == []
    account.allow(READ, PUT_FINALIZERS, WRITE_STATUS, TELL_EVENTS)
    await _assert_made_once(own_space, name, counted)
