"""Each folder of examples/, applied as it stands: every resource of ours becomes Ready and has an ID."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from devcluster.embedded_registry import EmbeddedRegistry
from model_registry import ModelRegistryAPIClient
from model_registry.types import Artifact, ListOptions, ModelArtifact, ModelVersion, RegisteredModel
from registrar.api.meta import API_VERSION
from tests.env.control_plane import OTHERS_CRDS, install_crds
from tests.env.registry import EmbeddedServers
from tests.support.fixtures import StartOperator
from tests.support.resources import Namespace

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = REPOSITORY / "examples"
GITOPS = {"argocd", "flux", "kargo", "kustomize", "repository", "serving"}
"""Folders for other tools that apply manifests. The other modules here and tests/argocd test them."""
PIPELINES = {"pipelines"}
"""A folder with steps of pipelines: test_pipelines.py runs them."""
WITHOUT_ENTRIES = {"production", "policies"}
"""Folders without entries: values for the chart, with which tests/chart installs, and policies (test_policies.py)."""
FOLDERS = sorted({path.name for path in EXAMPLES.iterdir() if path.is_dir()} - GITOPS - PIPELINES - WITHOUT_ENTRIES)


def _manifests(folder: Path) -> list[dict[str, Any]]:
    return [one for path in sorted(folder.glob("*.yaml")) for one in yaml.safe_load_all(path.read_text())]


def _make_what_was_there_before(folder: Path, registry_url: str) -> None:
    script = folder / "before.py"
    if script.exists():
        subprocess.run([sys.executable, script, registry_url], check=True)


@pytest.fixture
def server(embedded_registry: EmbeddedServers) -> EmbeddedRegistry:
    """An empty registry: the names in the examples are fixed, so they cannot share one."""
    return embedded_registry()


def _apply(folder: Path, space: Namespace) -> list[dict[str, Any]]:
    """Apply a folder and return its resources of our kinds, Ready."""
    install_crds(space.cluster, OTHERS_CRDS)
    space.cluster.run_kubectl("apply", "--validate=strict", "--namespace", space.name, "-f", folder)
    ours = [one for one in _manifests(folder) if one["apiVersion"] == API_VERSION]
    return [space.ready(one["kind"], one["metadata"]["name"]) for one in ours]


@pytest.mark.parametrize("name", FOLDERS)
async def test_every_resource_becomes_ready_with_an_id(
    name: str, own_space: Namespace, start_operator: StartOperator, server: EmbeddedRegistry
) -> None:
    folder = EXAMPLES / name
    _make_what_was_there_before(folder, server.url)
    start_operator(server.url, own_space)
    resources = _apply(folder, own_space)
    assert resources
    assert all(one["status"]["id"].isdecimal() for one in resources)
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        entries: list[RegisteredModel | ModelVersion | Artifact] = [
            *await registry.get_registered_models(),
            *await registry.get_model_versions(),
            *await registry.get_artifacts(),
        ]
    inline = [one for resource in resources for one in resource["status"].get("artifacts", [])]
    assert len(entries) == len(resources) + len(inline)
    assert {entry.state for entry in entries} == {"LIVE"}


async def test_what_was_there_before_is_adopted_and_outlives_its_resources(
    own_space: Namespace, start_operator: StartOperator, server: EmbeddedRegistry
) -> None:
    folder = EXAMPLES / "adopt-existing"
    _make_what_was_there_before(folder, server.url)
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        (model,), (version,) = await registry.get_registered_models(), await registry.get_model_versions()
        start_operator(server.url, own_space)
        resources = _apply(folder, own_space)
        assert [one["status"]["id"] for one in resources] == [model.id, version.id]
        (adopted,) = await registry.get_registered_models()
        assert (adopted.description, adopted.owner) == ("Predicts which customers leave within 30 days.", "analytics")
        assert (adopted.provider, (adopted.custom_properties or {})["notebook"]) == ("analytics", 7)
        for one in resources:
            own_space.delete(one["kind"], one["metadata"]["name"])
            own_space.wait_gone(one["kind"], one["metadata"]["name"])
        left = await registry.get_registered_models()
        assert [(one.id, one.state) for one in left] == [(model.id, "LIVE")]
        assert [(one.id, one.state) for one in await registry.get_model_versions()] == [(version.id, "LIVE")]
        # The operator created the artifact, so it is deleted with its resource.
        assert [one.state for one in await registry.get_artifacts()] == ["MARKED_FOR_DELETION"]


async def test_kserve_is_given_the_address_that_the_version_tells(
    own_space: Namespace, start_operator: StartOperator, server: EmbeddedRegistry
) -> None:
    folder = EXAMPLES / "kserve"
    start_operator(server.url, own_space)
    (version,) = [one for one in _apply(folder, own_space) if one["kind"] == "ModelVersion"]
    (service,) = [one for one in _manifests(folder) if one["kind"] == "InferenceService"]
    printed = own_space.cluster.run_kubectl(
        "get", "inferenceservice", service["metadata"]["name"], "--namespace", own_space.name, "--output=json"
    )
    served = json.loads(printed.stdout)["spec"]["predictor"]["model"]
    address, _, query = served["storageUri"].partition("?")
    assert address == version["status"]["storageUri"]
    # The query is for the initializer: the namespace of the Service that the ClusterStorageContainer names.
    (container,) = [one for one in _manifests(folder) if one["kind"] == "ClusterStorageContainer"]
    (variable,) = container["spec"]["container"]["env"]
    assert query == f"namespace={variable['value'].split('.')[1]}"
    assert address.startswith(container["spec"]["supportedUriFormats"][0]["prefix"])
    # The registry names the files when it is asked as KServe's storage initializer asks: by the two names.
    model_name, version_name = address.removeprefix("model-registry://").split("/")
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        model = await registry.get_registered_model_by_params(name=model_name)
        assert model is not None
        found = await registry.get_model_version_by_params(model.id, version_name)
        assert found is not None
        newest = ListOptions.order_by_creation_time(is_asc=False, limit=1)
        (artifact,) = await registry.get_model_version_artifacts(found.id, newest)
    assert isinstance(artifact, ModelArtifact)
    assert artifact.model_format_name == served["modelFormat"]["name"]
