"""What is left of a version when the workflow that registered it is deleted, with the real garbage collector."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import kubernetes
import pytest

from devcluster.controlplane import ControlPlane
from model_registry import ModelRegistryAPIClient
from registrar.cli.exits import ExitCode
from tests.cli.register.conftest import pipeline_in
from tests.env.control_plane import install_crds
from tests.support.fixtures import StartOperator, new_namespace
from tests.support.resources import Namespace, manifest


@pytest.fixture
def collected_space(control_plane_with_controllers: ControlPlane) -> Iterator[Namespace]:
    """A namespace where Kubernetes deletes what an owner leaves behind."""
    plane = control_plane_with_controllers
    install_crds(plane)
    with kubernetes.config.new_client_from_config(str(plane.kubeconfig)) as client:  # type: ignore[no-untyped-call]  # not annotated
        yield from new_namespace(plane, kubernetes.client.CustomObjectsApi(client))


def _apply_config_map(space: Namespace, name: str, **metadata: object) -> str:
    """Apply a ConfigMap, in place of a Workflow or one of its pods; returns its uid."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}}
    printed = space.cluster.run_kubectl("apply", "-n", space.name, "-o", "json", "-f", "-", stdin=json.dumps(body))
    uid: str = json.loads(printed.stdout)["metadata"]["uid"]
    return uid


async def test_a_version_stays_live_when_its_workflow_goes_and_an_owned_one_would_not(
    collected_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    registry: ModelRegistryAPIClient,
    tmp_path: Path,
) -> None:
    space, pipeline = collected_space, pipeline_in(collected_space, tmp_path)
    start_operator(registry_url, space)
    model = pipeline.model()
    workflow = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "workflow",
        "uid": _apply_config_map(space, "workflow"),
    }
    _apply_config_map(space, "pod", ownerReferences=[workflow])
    done = pipeline.register(f"--model={model}", "--version=registered", "--artifact=model=s3://models/1")
    assert done.exit_code == ExitCode.DONE, done.stderr
    owned = manifest("ModelVersion", f"{model}-owned", name="owned", registeredModelRef={"name": model})
    owned["metadata"]["ownerReferences"] = [workflow]
    space.apply(owned)
    space.ready("ModelVersion", f"{model}-owned")

    space.cluster.run_kubectl("delete", "configmap", "workflow", "--namespace", space.name)
    space.wait_gone("ModelVersion", f"{model}-owned")
    space.cluster.run_kubectl("wait", "--for=delete", "configmap/pod", "--namespace", space.name, "--timeout=60s")

    kept = space.ready("ModelVersion", f"{model}-registered")
    assert "deletionTimestamp" not in kept["metadata"]
    states = {one.name: one.state for one in await registry.get_model_versions(kept["status"]["parentId"])}
    assert states == {"registered": "LIVE", "owned": "ARCHIVED"}
