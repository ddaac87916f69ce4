"""A namespace that is deleted while the registry is down, with the real controllers: it says why it stays, and how out.

docs/troubleshooting.md tells users the same.
"""

import json
import uuid
from collections.abc import Callable, Iterator

import kubernetes
import pytest

from devcluster.controlplane import ControlPlane
from devcluster.embedded_registry import EmbeddedRegistry
from model_registry import ModelRegistryAPIClient
from registrar.api.meta import FINALIZER
from tests.env.control_plane import CRDS
from tests.support.fixtures import Unique
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Manifest, Namespace, condition, has_reason, manifest

MakeOperator = Callable[..., OperatorProcess]
MakeRegistry = Callable[..., EmbeddedRegistry]
NAMES = {"RegisteredModel": "model", "ModelVersion": "version", "ModelArtifact": "artifact"}


@pytest.fixture
def going(control_plane_with_controllers: ControlPlane) -> Iterator[Namespace]:
    """A namespace that really goes away when it is deleted."""
    plane = control_plane_with_controllers
    plane.run_kubectl("apply", "--server-side", "-f", CRDS)
    plane.run_kubectl("wait", "--for=condition=Established", "--timeout=60s", "-f", CRDS)
    name = f"going-{uuid.uuid4().hex[:10]}"
    plane.run_kubectl("create", "namespace", name)
    with kubernetes.config.new_client_from_config(str(plane.kubeconfig)) as client:  # type: ignore[no-untyped-call]  # not annotated
        yield Namespace(plane, name, kubernetes.client.CustomObjectsApi(client))


def _family(unique: Unique) -> tuple[Manifest, ...]:
    inline = {"name": "weights", "uri": "s3://b/w"}
    return (
        manifest("RegisteredModel", "model", name=unique("model")),
        manifest("ModelVersion", "version", registeredModelRef={"name": "model"}, artifacts=[inline]),
        manifest("ModelArtifact", "artifact", modelVersionRef={"name": "version"}, uri="s3://b/a"),
    )


def _delete_namespace_and_see_it_hang(space: Namespace) -> None:
    space.cluster.run_kubectl("delete", "namespace", space.name, "--wait=false")
    for kind, name in NAMES.items():
        resource = space.wait(kind, name, has_reason("RegistryUnavailable"))
        message = condition(resource, "Ready")["message"]
        assert message.startswith("The deletion waits for the registry")
        assert "set spec.deletionPolicy to Orphan" in message
    waiting = "--for=jsonpath={.status.conditions[?(@.type=='NamespaceFinalizersRemaining')].status}=True"
    space.cluster.run_kubectl("wait", f"namespace/{space.name}", waiting, "--timeout=60s")
    told = json.loads(space.cluster.run_kubectl("get", "namespace", space.name, "-o", "json").stdout)["status"]
    remaining = next(one for one in told["conditions"] if one["type"] == "NamespaceFinalizersRemaining")
    assert (told["phase"], FINALIZER in remaining["message"]) == ("Terminating", True)


def _orphan(space: Namespace) -> None:
    """The documented way out."""
    for kind, name in NAMES.items():
        space.patch(kind, name, {"spec": {"deletionPolicy": "Orphan"}})


@pytest.mark.parametrize("way_out", ["orphaned", "the registry returns"])
async def test_a_namespace_waits_for_the_registry_or_for_leave_to_orphan(
    going: Namespace, own_operator: MakeOperator, embedded_registry: MakeRegistry, unique: Unique, way_out: str
) -> None:
    server = embedded_registry()
    operator = own_operator(server.url, going)
    going.apply(*_family(unique))
    ids = {kind: going.ready(kind, name)["status"]["id"] for kind, name in NAMES.items()}
    server.stop()
    _delete_namespace_and_see_it_hang(going)
    is_orphaned = way_out == "orphaned"
    if is_orphaned:
        _orphan(going)
    else:
        server.start()
    going.cluster.run_kubectl("wait", "--for=delete", f"namespace/{going.name}", "--timeout=60s")
    if is_orphaned:
        server.start()
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        (model,) = await registry.get_registered_models()
        (version,) = await registry.get_model_versions(ids["RegisteredModel"])
        artifacts = await registry.get_model_version_artifacts(ids["ModelVersion"])
    assert (model.id, version.id) == (ids["RegisteredModel"], ids["ModelVersion"])
    assert {str(one.name) for one in artifacts} == {"artifact", "weights"}
    assert len(artifacts) == 2
    left = {"LIVE"} if is_orphaned else {"ARCHIVED", "MARKED_FOR_DELETION"}
    assert {str(getattr(one, "state", None)) for one in (model, version, *artifacts)} == left
    assert "Traceback" not in operator.log
