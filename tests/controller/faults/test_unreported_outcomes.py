"""A status that the API server does not take at first tells all the same what was done."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.fixtures import Unique
from tests.support.flaky import Way
from tests.support.front import before_apiserver, is_status_patch
from tests.support.loopback import Received, Reply
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Namespace, manifest

MakeOperator = Callable[..., OperatorProcess]


class Refusing:
    """Refuses the first so many status patches of each resource."""

    def __init__(self, status: int, times: int) -> None:
        self.refused: dict[str, int] = {}
        self._reply = Reply(status, {"kind": "Status", "code": status, "reason": "Refused", "message": "not now"})
        self._times = times
        self._counting = threading.Lock()

    def __call__(self, received: Received) -> Way:
        with self._counting:
            if not is_status_patch(received) or self.refused.get(received.path, 0) >= self._times:
                return None
            self.refused[received.path] = self.refused.get(received.path, 0) + 1
            return self._reply


@pytest.mark.parametrize("status", [409, 500])
def test_a_creation_is_told_though_its_status_was_refused(
    own_space: Namespace,
    own_operator: MakeOperator,
    registry_url: str,
    unique: Unique,
    tmp_path: Path,
    status: int,
) -> None:
    with before_apiserver(own_space.cluster, tmp_path) as front:
        front.proxy.script = refusing = Refusing(status, times=2)
        own_operator(registry_url, own_space, front.argument)
        model, version = unique("model"), unique("version")
        own_space.apply(manifest("RegisteredModel", model))
        artifacts = [{"name": "weights", "uri": "s3://b/1"}]
        own_space.apply(manifest("ModelVersion", version, registeredModelRef={"name": model}, artifacts=artifacts))
        for kind, name in (("RegisteredModel", model), ("ModelVersion", version)):
            resource = own_space.ready(kind, name)["status"]
            assert resource["lastSyncTime"], name
            told = [one["message"] for one in own_space.events(name) if one["reason"] == "Synced"]
            assert [one.partition(".")[0] for one in told] == [f"Created: id {resource['id']}"]
        assert list(refusing.refused.values()) == [2, 2]
