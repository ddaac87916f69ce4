"""Two installations watch one namespace: one manages the resource, the other leaves it alone and says so."""

import json
import time

from model_registry import ModelRegistryAPIClient
from registrar.api.meta import FINALIZER
from tests.env.registry import EmbeddedServers
from tests.support.api_server_proxy import ApiServerProxy, is_finalizer_patch
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Received
from tests.support.probes import probes_of
from tests.support.resources import Namespace, manifest
from tests.support.waiting import wait_until

PROBES = "--probe-port=0"
YIELDED = "registrar_managed_by_other_resources{kind=RegisteredModel}"
LISTENING_SECONDS = 3.0
"""Two installations that fight write dozens of statuses in that time."""


def _events(space: Namespace, reason: str) -> list[str]:
    return [event["message"] for event in space.events("model") if event["reason"] == reason]


def test_the_second_installation_leaves_the_resource_of_the_first_alone(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers
) -> None:
    first_registry, second_registry = embedded_registry(), embedded_registry()
    start_operator(first_registry.url, own_space, "--owner-id=first")
    own_space.apply(manifest("RegisteredModel", "model", description="1"))
    first_id = own_space.ready("RegisteredModel", "model")["status"]["id"]
    holder = {"ownerId": "first", "registryUrl": first_registry.url}
    second = start_operator(second_registry.url, own_space, "--owner-id=second", PROBES)
    probes_of(second).wait_metric(YIELDED, 1)
    wait_until(lambda: len(_events(own_space, "ManagedByOther")) == 1, "the second installation reports nothing")
    (message,) = _events(own_space, "ManagedByOther")
    assert message.startswith(f"first with the registry {first_registry.url} manages this resource too")
    assert f"Let only one of the two watch the namespace {own_space.name}." in message
    assert message in second.log
    settled = own_space.get("RegisteredModel", "model")
    assert (settled["status"]["id"], settled["status"]["managedBy"]) == (first_id, holder)
    time.sleep(LISTENING_SECONDS)
    assert (
        own_space.get("RegisteredModel", "model")["metadata"]["resourceVersion"]
        == (settled["metadata"]["resourceVersion"])
    )
    # A new generation is a reason to claim again, and the holder takes it back again.
    own_space.apply(manifest("RegisteredModel", "model", description="2"))
    wait_until(lambda: second.log.count("manages this resource too") == 2, "the second does not claim it again")
    resource = own_space.ready("RegisteredModel", "model")
    assert (resource["status"]["id"], resource["status"]["managedBy"]) == (first_id, holder)
    # Only the holder finalizes it, and nothing was ever written to the other registry.
    own_space.delete("RegisteredModel", "model")
    own_space.wait_gone("RegisteredModel", "model")
    own_space.events_until("model", "Archived")
    assert "Created" not in second.log


def test_a_new_owner_goes_on_once_its_claim_has_stood(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers
) -> None:
    server = embedded_registry()
    operator = start_operator(server.url, own_space, "--owner-id=former")
    own_space.apply(manifest("RegisteredModel", "model"))
    own_space.ready("RegisteredModel", "model")
    operator.stop()
    successor = embedded_registry()
    start_operator(successor.url, own_space, "--owner-id=new", "--accept-new-registry")
    resource = own_space.wait(
        "RegisteredModel", "model", lambda found: found["status"].get("registryUrl") == successor.url
    )
    assert resource["status"]["managedBy"] == {"ownerId": "new", "registryUrl": successor.url}
    own_space.ready("RegisteredModel", "model")


async def test_of_two_that_see_a_new_resource_at_once_only_one_writes_to_its_registry(
    own_space: Namespace,
    start_operator: StartOperator,
    api_server_proxy: ApiServerProxy,
    registry_url: str,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    """The other one adds the finalizer just before ours does, and takes its time for the rest."""
    name = unique("both")
    late: list[Received] = []

    def other_is_first(received: Received) -> None:
        if is_finalizer_patch(received) and not late:
            late.append(received)
            own_space.patch("RegisteredModel", name, {"metadata": {"finalizers": [FINALIZER]}})

    api_server_proxy.script = other_is_first
    operator = start_operator(registry_url, own_space, api_server_proxy.kubeconfig_flag)
    own_space.apply(manifest("RegisteredModel", name))
    wait_until(
        lambda: any(each.route.endswith(f"/registeredmodels/{name}") for each in api_server_proxy.requests("GET")),
        "the operator does not read the resource again",
    )
    assert await registry.get_registered_model_by_params(name=name) is None
    _hold_for_another(own_space, name)
    operator.wait_for_log("claims it from other with the registry http://other")
    _hold_for_another(own_space, name)
    operator.wait_for_log("other with the registry http://other manages this resource too")
    assert await registry.get_registered_model_by_params(name=name) is None


def _hold_for_another(space: Namespace, name: str) -> None:
    """Write the status of a resource as another installation does."""
    status = json.dumps({"status": {"managedBy": {"ownerId": "other", "registryUrl": "http://other"}}})
    arguments = ("--namespace", space.name, "--subresource=status", "--type=merge", f"--patch={status}")
    space.cluster.run_kubectl("patch", "registeredmodel", name, *arguments)
