"""A restart: what the operator has not read yet is not reported missing, and counts once it is read."""

from collections.abc import Callable

import pytest

from tests.support.api_server_proxy import ApiServerProxy, is_watch
from tests.support.fault_proxy import Fault, Treatment
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Received
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Manifest, Namespace, condition, has_handled, has_reason, manifest

ARTIFACT = {"name": "weights", "uri": "s3://b/inline"}
LATER = {"name": "later", "uri": "s3://b/later"}


def hold_back_artifacts(received: Received) -> Treatment:
    """Stall the list of the artifacts with which the watch begins; the operator's own count is answered."""
    is_list = received.route.endswith("/modelartifacts") and "limit=1" not in received.path
    return Fault.STALL_BEFORE if received.method == "GET" and is_list and not is_watch(received) else None


@pytest.fixture
def restart(
    own_space: Namespace, start_operator: StartOperator, registry_url: str, api_server_proxy: ApiServerProxy
) -> Callable[[], OperatorProcess]:
    """An operator; a call restarts it, and it does not get the artifacts before the proxy heals."""
    operator = start_operator(registry_url, own_space, api_server_proxy.kubeconfig_flag)

    def again() -> OperatorProcess:
        operator.kill()
        api_server_proxy.script = hold_back_artifacts
        operator.start()
        api_server_proxy.wait_for_stalled(1)
        return operator

    return again


def _version(name: str, model: str, *artifacts: object) -> Manifest:
    return manifest("ModelVersion", name, registeredModelRef={"name": model}, artifacts=list(artifacts))


def _reconciled(space: Namespace, kind: str, name: str, request: str) -> Manifest:
    """Have a resource reconciled; returns it with the status of that."""
    space.annotate(kind, name, reconcile_requested_at=request)
    return space.wait(kind, name, has_handled(request))


def _without_request(resource: Manifest) -> Manifest:
    return {name: value for name, value in resource["status"].items() if name != "lastHandledReconcileAt"}


def test_the_addresses_stay_until_all_artifacts_are_read_and_are_right_after_that(
    own_space: Namespace,
    restart: Callable[[], OperatorProcess],
    api_server_proxy: ApiServerProxy,
    unique: Unique,
) -> None:
    name, plain = unique("version"), unique("plain")
    resource = manifest("ModelArtifact", name, uri="s3://b/resource", modelVersionRef={"name": name})
    own_space.apply(manifest("RegisteredModel", name), _version(name, name, ARTIFACT), _version(plain, name, ARTIFACT))
    own_space.ready("ModelVersion", name)
    own_space.apply(resource)
    before = own_space.wait("ModelVersion", name, lambda found: found["status"].get("uri") == "s3://b/resource")
    own_space.ready("ModelVersion", plain)

    restart()
    assert _without_request(_reconciled(own_space, "ModelVersion", name, "unread")) == before["status"]
    assert [event for event in own_space.events(name) if event["reason"] == "NoStorageUri"] == []
    # An artifact that is newer than all known ones is reported at once, and one that left once the others are known.
    own_space.apply(_version(plain, name, ARTIFACT, LATER))
    own_space.wait("ModelVersion", plain, lambda found: found["status"]["uri"] == LATER["uri"])
    own_space.apply(_version(plain, name, ARTIFACT))
    left = own_space.ready("ModelVersion", plain)
    assert left["status"]["uri"] == LATER["uri"]

    api_server_proxy.heal()
    own_space.wait("ModelVersion", plain, lambda found: found["status"]["uri"] == ARTIFACT["uri"])
    # After the restart, nothing was lost of what the version of the other resource is woken for.
    own_space.apply({**resource, "spec": {**resource["spec"], "uri": "s3://b/moved"}})
    own_space.wait("ModelVersion", name, lambda found: found["status"]["uri"] == "s3://b/moved")
    assert [event for event in own_space.events(name) if event["reason"] == "NoStorageUri"] == []


def test_a_waiting_alias_keeps_its_reason_until_all_versions_are_read(
    own_space: Namespace,
    restart: Callable[[], OperatorProcess],
    api_server_proxy: ApiServerProxy,
    unique: Unique,
) -> None:
    name = unique("model")

    def waits(reason: str) -> Callable[[Manifest], bool]:
        return lambda found: bool(condition(found, "AliasesResolved").get("reason") == reason)

    own_space.apply(manifest("RegisteredModel", name, aliases={"champion": "later"}))
    # An artifact that waits makes the list incomplete while it is held back.
    own_space.apply(manifest("ModelArtifact", name, uri="s3://b/w", modelVersionRef={"name": "nobody"}))
    own_space.wait("ModelArtifact", name, has_reason("WaitingForModelVersion"))
    before = own_space.wait("RegisteredModel", name, waits("VersionMissing"))

    operator = restart()
    assert _without_request(_reconciled(own_space, "RegisteredModel", name, "unread")) == before["status"]
    api_server_proxy.heal()
    operator.wait_for_log("Ready: watching", times=2)
    assert _without_request(_reconciled(own_space, "RegisteredModel", name, "read")) == before["status"]
    assert not {event["reason"] for event in own_space.events(name)} & {"VersionNotReady", "VersionMissing"}
    own_space.apply(_version("later", name))
    own_space.wait("RegisteredModel", name, waits("AllResolved"))
