"""examples/serving under a real Argo CD: one commit moves alias, servers and labels, and the revert moves them back."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from devcluster import charttools
from devcluster.controlplane import ControlPlane
from model_registry import ModelRegistryAPIClient
from tests.argocd.conftest import Deploy
from tests.argocd.git import Repository
from tests.argocd.models import chain
from tests.chart.helm import MINIMAL, Helm
from tests.env.control_plane import OTHERS_CRDS, install_crds
from tests.support.entries import model_named
from tests.support.fault_proxy import FaultProxy
from tests.support.fixtures import Unique
from tests.support.resources import Manifest, Namespace, condition, manifest
from tests.support.waiting import wait_until

REPOSITORY = Path(__file__).parents[2]
SERVING = REPOSITORY / "examples" / "serving"
POLICIES = "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy"

pytestmark = pytest.mark.usefixtures("running")


def _names(version: str) -> Callable[[Manifest], bool]:
    return lambda model: [one["version"] for one in model.get("status", {}).get("aliases", [])] == [version]


async def _in_registry(registry: ModelRegistryAPIClient, name: str) -> object:
    return ((await model_named(registry, name)).custom_properties or {})["alias.champion"]


async def test_a_commit_moves_an_alias_and_a_revert_moves_it_back(
    repository: Repository,
    deploy: Deploy,
    own_space: Namespace,
    registry_proxy: FaultProxy,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    name = unique("churn")
    model, old, _ = chain(name)
    new = manifest("ModelVersion", f"{name}-2026-04", name="2026-04", registeredModelRef={"name": name})
    model["spec"]["aliases"] = {"champion": "2026-03"}
    repository.write("model.yaml", model)
    repository.write("versions.yaml", old, new)
    app = deploy()
    app.synced(repository.commit("Add a model"))
    own_space.wait("RegisteredModel", name, _names("2026-03"))

    for old_name, new_name in (("2026-03", "2026-04"), ("2026-04", "2026-03")):
        registry_proxy.received.clear()
        if new_name == "2026-04":
            repository.edit("model.yaml", f"champion: {old_name}", f"champion: {new_name}")
            revision = repository.commit("Promote 2026-04")
            assert len(repository.changed_lines()) == 2
        else:
            revision = repository.revert()
        app.synced(revision)
        own_space.wait("RegisteredModel", name, _names(new_name))
        assert await _in_registry(registry, name) == new_name
        assert [one.method for one in registry_proxy.writes()] == ["PATCH"]
        assert app.is_without_difference()

    def moves() -> list[str]:
        return [one["message"] for one in own_space.events(name) if one["reason"] == "AliasMoved"]

    wait_until(lambda: len(moves()) == 3, "not every move has its Event")
    assert [move.partition(" moved: ")[2] for move in moves()] == [
        "not set -> '2026-03'",
        "'2026-03' -> '2026-04'",
        "'2026-04' -> '2026-03'",
    ]


def test_a_model_does_not_wait_for_a_version_of_a_later_wave(
    repository: Repository, deploy: Deploy, own_space: Namespace, unique: Unique
) -> None:
    name = unique("churn")
    model, version, _ = chain(name)
    model["spec"]["aliases"] = {"champion": "2026-03"}
    version["metadata"]["annotations"] = {"argocd.argoproj.io/sync-wave": "1"}
    repository.write("models.yaml", model, version)
    app = deploy()
    app.synced(repository.commit("Add a model, and its version in a later wave"))
    resolved = own_space.wait("RegisteredModel", name, _names("2026-03"))
    assert condition(resolved, "Ready")["status"] == "True"
    assert app.health("RegisteredModel", name)[0] == "Healthy"


@pytest.fixture
def labels(cluster: ControlPlane, own_space: Namespace, tmp_path: Path) -> Iterator[None]:
    """KServe's definitions, and the chart's policies for the namespace of the test."""
    install_crds(cluster, OTHERS_CRDS)
    helm = Helm(charttools.ensure()["helm"], tmp_path / "helm")
    rendered = helm.template(
        yaml.safe_load(MINIMAL.read_text())
        | {"serving": {"labelInferenceServices": True}, "watchNamespaces": [own_space.name]},
        f"--api-versions={POLICIES}",
        "--show-only=templates/servinglabels.yaml",
    )
    cluster.run_kubectl("apply", "-f", "-", stdin=rendered)
    yield
    cluster.run_kubectl("delete", "-f", "-", stdin=rendered)


@pytest.mark.usefixtures("labels")
def test_servers_and_their_labels_follow_the_champion(
    repository: Repository, deploy: Deploy, own_space: Namespace
) -> None:
    shutil.copytree(SERVING / "by-address", repository.folder / "serving")
    _wait_for_the_policies(own_space, SERVING / "by-address")
    app = deploy("serving")
    # Without KServe, the servers stay Progressing.
    app.synced(repository.commit("Serve churn"), health="Progressing")
    assert _served(own_space) == _expected(own_space, "2026-03")

    repository.edit("serving/kustomization.yaml", "name: &champion churn-2026-03", "name: &champion churn-2026-04")
    revision = repository.commit("Promote churn 2026-04")
    assert len(repository.changed_lines()) == 2
    app.synced(revision, health="Progressing")
    own_space.wait("RegisteredModel", "churn", _names("2026-04"))
    assert _served(own_space) == _expected(own_space, "2026-04")
    assert app.is_without_difference()
    assert app.refresh("hard")["status"]["sync"]["status"] == "Synced"

    app.synced(repository.revert(), health="Progressing")
    own_space.wait("RegisteredModel", "churn", _names("2026-03"))
    assert _served(own_space) == _expected(own_space, "2026-03")


def _wait_for_the_policies(space: Namespace, folder: Path) -> None:
    """Wait until the API server labels a server of a version, by creations without effect."""
    space.cluster.run_kubectl("apply", "-n", space.name, "-f", folder / "models.yaml")
    version = space.ready("ModelVersion", "churn-2026-03")
    server = {
        "apiVersion": "serving.kserve.io/v1alpha2",
        "kind": "LLMInferenceService",
        "metadata": {"name": "probe", "annotations": {"model-registrar.dev/version": "churn-2026-03"}},
        "spec": {"model": {"uri": version["status"]["uri"]}},
    }
    words = ("create", "--dry-run=server", "-n", space.name, "-o", "jsonpath={.metadata.labels}", "-f", "-")
    # For a moment, the API server does not know the kind either.
    wait_until(
        lambda: bool(space.cluster.run_kubectl(*words, stdin=json.dumps(server), check=False).stdout),
        "the policies have no effect",
    )


def _served(space: Namespace) -> list[tuple[str, dict[str, str]]]:
    """The address and the labels of each server."""
    listed = space.cluster.run_kubectl("get", "inferenceservices,llminferenceservices", "-n", space.name, "-o", "yaml")
    return [
        (_address(one["spec"]), one["metadata"].get("labels", {})) for one in yaml.safe_load(listed.stdout)["items"]
    ]


def _address(spec: Manifest) -> str:
    address: str = spec["predictor"]["model"]["storageUri"] if "predictor" in spec else spec["model"]["uri"]
    return address


def _expected(space: Namespace, version: str) -> list[tuple[str, dict[str, str]]]:
    status = space.get("ModelVersion", f"churn-{version}")["status"]
    ids = {"registered-model-id": status["parentId"], "model-version-id": status["id"]}
    return [(status["uri"], {f"modelregistry.kubeflow.org/{name}": value for name, value in ids.items()})] * 2
