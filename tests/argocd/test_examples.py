"""examples/argocd as it stands, but for the repository's address: three environments, and a promotion by a line."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import kubernetes
import pytest
import yaml

from devcluster import argocd
from devcluster.argocd import ArgoCD
from devcluster.controlplane import ControlPlane
from model_registry import ModelRegistryAPIClient
from tests.argocd.application import Application
from tests.argocd.git import Repository
from tests.env.registry import EmbeddedServers
from tests.support.fixtures import StartOperator
from tests.support.resources import Namespace

EXAMPLES = Path(__file__).parents[2] / "examples"
MODELS = "https://git.example.com/ml/models.git"
DEFINED = [
    *sorted((EXAMPLES / "argocd").glob("*.yaml")),
    EXAMPLES / "repository" / "argocd" / "application.yaml",
]
ENVIRONMENTS = ("dev", "staging", "prod")


@pytest.mark.usefixtures("argo_cd")
@pytest.mark.parametrize("path", DEFINED, ids=lambda path: path.name)
def test_argo_cds_definitions_accept_it(path: Path, cluster: ControlPlane) -> None:
    result = cluster.run_kubectl("apply", "--dry-run=server", "--validate=strict", "-f", path)
    assert "(server dry run)" in result.stdout
    assert result.stderr == ""


@pytest.fixture
def registries(
    cluster: ControlPlane,
    custom_objects: kubernetes.client.CustomObjectsApi,
    embedded_registry: EmbeddedServers,
    start_operator: StartOperator,
) -> dict[str, str]:
    """The address of each environment's registry, with an operator that keeps it."""
    addresses = {}
    for environment in ENVIRONMENTS:
        space = Namespace(cluster, f"models-{environment}", custom_objects)
        addresses[environment] = embedded_registry().url
        start_operator(addresses[environment], space)
    return addresses


@pytest.fixture
def environments(cluster: ControlPlane, argo_cd: ArgoCD, repository: Repository) -> Iterator[dict[str, Application]]:
    """The Applications that the ApplicationSet makes."""
    shutil.copytree(EXAMPLES / "kustomize", repository.folder / "examples" / "kustomize")
    repository.commit("Add a model and its versions")
    text = (EXAMPLES / "argocd" / "applicationset.yaml").read_text()
    assert MODELS in text
    cluster.run_kubectl("apply", "-f", "-", stdin=text.replace(MODELS, repository.url))
    names = [f"models-{environment}" for environment in ENVIRONMENTS]
    for name in names:
        wait = ("wait", "--for=create", "--timeout=60s", "-n", argocd.NAMESPACE)
        cluster.run_kubectl(*wait, f"application/{name}")
    yield {name.removeprefix("models-"): Application(cluster, argo_cd, name) for name in names}
    cluster.run_kubectl("delete", "applicationset", "models", "-n", argocd.NAMESPACE)


async def _versions(registry_url: str) -> list[str]:
    async with ModelRegistryAPIClient.connect(registry_url) as registry:
        return sorted(one.name for one in await registry.get_model_versions())


async def test_a_version_is_promoted_by_one_line(
    environments: dict[str, Application], registries: dict[str, str], repository: Repository
) -> None:
    for app in environments.values():
        app.synced(repository.head)
    at_first = {one: await _versions(registries[one]) for one in ENVIRONMENTS}
    assert at_first == {"dev": ["2026-03", "2026-04"], "staging": ["2026-03"], "prod": ["2026-03"]}

    line = "- ../../versions/2026-03\n"
    for environment in ("staging", "prod"):
        overlay = f"examples/kustomize/overlays/{environment}/kustomization.yaml"
        repository.edit(overlay, line, line + "- ../../versions/2026-04\n")
        revision = repository.commit(f"Promote churn 2026-04 to {environment}")
        assert repository.changed_lines() == ["+- ../../versions/2026-04"]

        assert await _versions(registries[environment]) == ["2026-03"]
        environments[environment].synced(revision)
        assert await _versions(registries[environment]) == ["2026-03", "2026-04"]


def test_the_example_sources_are_in_this_repository() -> None:
    for name in ("operator.yaml", "models.yaml"):
        source = yaml.safe_load((EXAMPLES / "argocd" / name).read_text())["spec"]["source"]
        assert (EXAMPLES.parent / source["path"]).is_dir()
