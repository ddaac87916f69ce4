"""A status that the API server accepts only later still reports what the operator has done."""

import threading
from pathlib import Path

import pytest

from tests.support.api_server_proxy import is_status_patch, proxy_to_api_server
from tests.support.fault_proxy import Treatment
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Received, Reply
from tests.support.resources import Namespace, manifest


class Refusing:
    """Refuses the first so many status patches of each resource."""

    def __init__(self, status: int, times: int) -> None:
        self.refused: dict[str, int] = {}
        self._reply = Reply(status, {"kind": "Status", "code": status, "reason": "Refused", "message": "not now"})
        self._times = times
        self._counting = threading.Lock()

    def __call__(self, received: Received) -> Treatment:
        with self._counting:
            if not is_status_patch(received) or self.refused.get(received.path, 0) >= self._times:
                return None
            self.refused[received.path] = self.refused.get(received.path, 0) + 1
            return self._reply


@pytest.mark.parametrize("status", [409, 500])
def test_a_creation_is_reported_though_its_first_status_was_refused(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    unique: Unique,
    tmp_path: Path,
    status: int,
) -> None:
    with proxy_to_api_server(own_space.cluster, tmp_path) as api_server_proxy:
        api_server_proxy.script = refusing = Refusing(status, times=2)
        start_operator(registry_url, own_space, api_server_proxy.kubeconfig_flag)
        model, version = unique("model"), unique("version")
        own_space.apply(manifest("RegisteredModel", model))
        artifacts = [{"name": "weights", "uri": "s3://b/1"}]
        own_space.apply(manifest("ModelVersion", version, registeredModelRef={"name": model}, artifacts=artifacts))
        for kind, name in (("RegisteredModel", model), ("ModelVersion", version)):
            resource = own_space.ready(kind, name)["status"]
            assert resource["lastSyncTime"], name
            messages = [
                event["message"] for event in own_space.events_until(name, "Created") if kind in event["message"]
            ]
            assert messages == [f"Created {kind} '{name}' (id {resource['id']})"]
        assert list(refusing.refused.values()) == [2, 2]
