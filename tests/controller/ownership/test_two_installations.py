"""Two installations watch one namespace: one manages the resource, the other leaves it alone and says so."""

import time

from tests.env.registry import EmbeddedServers
from tests.support.fixtures import StartOperator
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
    assert _events(own_space, "Archived")
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
