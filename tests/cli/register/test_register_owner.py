"""What is left of a version when the workflow that registered it is deleted, with the real garbage collector."""

from __future__ import annotations

import json
from pathlib import Path

from model_registry import ModelRegistryAPIClient
from registrar.cli.exits import ExitCode
from tests.cli.register.conftest import pipeline_in
from tests.support.fixtures import StartOperator
from tests.support.resources import Namespace, manifest


def _apply_config_map(space: Namespace, name: str, **metadata: object) -> str:
    """Apply a ConfigMap, in place of a Workflow or one of its pods; returns its uid."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}}
    printed = space.cluster.run_kubectl("apply", "-n", space.name, "-o", "json", "-f", "-", stdin=json.dumps(body))
    uid: str = json.loads(printed.stdout)["metadata"]["uid"]
    return uid


async def test_a_version_stays_live_when_its_workflow_goes_and_an_owned_one_would_not(
    controlled_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    registry: ModelRegistryAPIClient,
    tmp_path: Path,
) -> None:
    space, pipeline = controlled_space, pipeline_in(controlled_space, tmp_path)
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
