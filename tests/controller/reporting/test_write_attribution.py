"""Who wrote what: a write to the API server names the operator as its field manager, a request names its agent."""

import json
from importlib import metadata
from typing import Any

from tests.support.api_server_proxy import ApiServerProxy, is_watch
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Manifest, Namespace, manifest
from tests.support.waiting import wait_until

MANAGER = "model-registrar"


def _managers(body: Manifest, *path: str) -> set[tuple[str, str]]:
    """Return who manages the field at that path, with the subresource of the write."""
    found = body["metadata"]["managedFields"]
    return {(entry["manager"], entry.get("subresource", "")) for entry in found if _has(entry["fieldsV1"], path)}


def _has(fields: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        if f"f:{name}" not in fields:
            return False
        fields = fields[f"f:{name}"]
    return True


def _list(space: Namespace, plural: str) -> list[Manifest]:
    arguments = ("get", plural, "--namespace", space.name, "--show-managed-fields", "-o", "json")
    items: list[Manifest] = json.loads(space.cluster.run_kubectl(*arguments).stdout)["items"]
    return items


def test_every_write_names_its_field_manager_and_every_request_its_agent(
    own_space: Namespace,
    start_operator: StartOperator,
    api_server_proxy: ApiServerProxy,
    registry_url: str,
    unique: Unique,
) -> None:
    election = ("--leader-election", f"--lease-namespace={own_space.name}", "--retry-period=0.2")
    start_operator(registry_url, own_space, api_server_proxy.kubeconfig_flag, *election)
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name))
    model = own_space.ready("RegisteredModel", name)
    assert _managers(model, "metadata", "finalizers") == {(MANAGER, "")}
    assert _managers(model, "status", "id") == {(MANAGER, "status")}
    assert MANAGER not in {manager for manager, _ in _managers(model, "spec")}
    wait_until(lambda: bool(api_server_proxy.requests("PUT")), "the lease was not renewed")
    [lease] = _list(own_space, "leases")
    assert _managers(lease, "spec", "holderIdentity") == {(MANAGER, "")}
    wait_until(lambda: bool(own_space.events(name)), "no Event was posted")
    events = [event for event in _list(own_space, "events") if event["involvedObject"]["name"] == name]
    assert [_managers(event, "reason") for event in events] == [{(MANAGER, "")}]
    requests = api_server_proxy.received
    assert {request.method for request in requests} == {"GET", "POST", "PATCH", "PUT"}
    # Without the parameter the API server would derive the manager from the agent.
    writes = [request.path for request in requests if request.method != "GET"]
    assert [path for path in writes if f"fieldManager={MANAGER}" not in path] == []
    assert any(is_watch(request) for request in requests)
    agent = f"model-registrar/{metadata.version('model-registrar')}"
    assert {request.headers.get("user-agent") for request in requests} == {agent}
