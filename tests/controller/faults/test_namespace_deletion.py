"""A namespace that is deleted while the registry is down, with the real controllers.

Its resources report why they remain and how to end that; docs/troubleshooting.md documents the same way out.
"""

import json

import pytest

from model_registry import ModelRegistryAPIClient
from registrar.api.meta import FINALIZER
from tests.env.registry import EmbeddedServers
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Manifest, Namespace, condition, has_reason, manifest

NAMES = {"RegisteredModel": "model", "ModelVersion": "version", "ModelArtifact": "artifact"}


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
    status = json.loads(space.cluster.run_kubectl("get", "namespace", space.name, "-o", "json").stdout)["status"]
    remaining = condition({"status": status}, "NamespaceFinalizersRemaining")
    assert (status["phase"], FINALIZER in remaining["message"]) == ("Terminating", True)


def _orphan(space: Namespace) -> None:
    """Set the policy that the documentation recommends."""
    for kind, name in NAMES.items():
        space.patch(kind, name, {"spec": {"deletionPolicy": "Orphan"}})


@pytest.mark.parametrize("way_out", ["orphaned", "the registry returns"])
async def test_a_terminating_namespace_waits_for_the_registry_or_for_orphan(
    controlled_space: Namespace,
    start_operator: StartOperator,
    embedded_registry: EmbeddedServers,
    unique: Unique,
    way_out: str,
) -> None:
    server = embedded_registry()
    operator = start_operator(server.url, controlled_space)
    controlled_space.apply(*_family(unique))
    ids = {kind: controlled_space.ready(kind, name)["status"]["id"] for kind, name in NAMES.items()}
    server.stop()
    _delete_namespace_and_see_it_hang(controlled_space)
    is_orphaned = way_out == "orphaned"
    if is_orphaned:
        _orphan(controlled_space)
    else:
        server.start()
    controlled_space.cluster.run_kubectl("wait", "--for=delete", f"namespace/{controlled_space.name}", "--timeout=60s")
    if is_orphaned:
        server.start()
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        (model,) = await registry.get_registered_models()
        (version,) = await registry.get_model_versions(ids["RegisteredModel"])
        artifacts = await registry.get_model_version_artifacts(ids["ModelVersion"])
    assert (model.id, version.id) == (ids["RegisteredModel"], ids["ModelVersion"])
    assert {str(artifact.name) for artifact in artifacts} == {"artifact", "weights"}
    assert len(artifacts) == 2
    left = {"LIVE"} if is_orphaned else {"ARCHIVED", "MARKED_FOR_DELETION"}
    assert {str(getattr(artifact, "state", None)) for artifact in (model, version, *artifacts)} == left
    assert "Traceback" not in operator.log
