"""The links from Argo CD to the pages of the registry's UI, as a real Argo CD makes them."""

from collections.abc import Iterator

import pytest

from devcluster.controlplane import ControlPlane
from tests.argocd.application import Application
from tests.argocd.conftest import Deploy
from tests.argocd.git import Repository
from tests.argocd.models import chain
from tests.docs.pages import REPOSITORY
from tests.docs.session import LINK_FROM_ARGOCD
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Manifest, Namespace
from tests.support.waiting import wait_until

INTEGRATION = REPOSITORY / "integrations" / "argocd"
PAGES = {
    "links-kubeflow.yaml": "https://kubeflow.example.com/model-registry/model-registry-service",
    "links-opendatahub.yaml": "https://dashboard.example.com/ai-hub/models/registry/model-registry",
}
"""The page of a registry, by the file that links to it."""


@pytest.fixture
def patch(cluster: ControlPlane) -> Iterator[tuple[str, ...]]:
    """The command that docs/gitops.md shows, without its file; the links are removed afterwards."""
    words = tuple(LINK_FROM_ARGOCD.removeprefix("kubectl ").partition(" --patch-file ")[0].split())
    yield words
    cluster.run_kubectl(*words, '--patch={"data": {"resource.links": null}}')


def test_each_file_is_tested() -> None:
    assert {path.name for path in INTEGRATION.glob("links-*.yaml")} == PAGES.keys()


def test_models_and_versions_have_a_link_to_their_page(
    cluster: ControlPlane,
    repository: Repository,
    deploy: Deploy,
    own_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    patch: tuple[str, ...],
    unique: Unique,
) -> None:
    start_operator(registry_url, own_space)
    resources = chain(unique("churn"))
    repository.write("models.yaml", *resources)
    app = deploy()
    app.synced(repository.commit("Add a model"))
    model, version, artifact = (own_space.get(one["kind"], one["metadata"]["name"]) for one in resources)
    model_id, version_id = model["status"]["id"], version["status"]["id"]

    for name, page in PAGES.items():
        cluster.run_kubectl(*patch, f"--patch-file={INTEGRATION / name}")
        pages = [f"{page}/registered-models/{model_id}", f"{page}/registered-models/{model_id}/versions/{version_id}"]
        _wait_for_links(app, model, [pages[0]])
        _wait_for_links(app, version, [pages[1]])
        _wait_for_links(app, artifact, [])


def _wait_for_links(app: Application, resource: Manifest, expected: list[str]) -> None:
    """Wait for the links of a resource: Argo CD notices a change of its settings after a moment."""
    kind, metadata = resource["kind"], resource["metadata"]
    wait_until(
        lambda: app.links(kind, metadata["name"], metadata["namespace"]) == expected,
        f"{kind} has not the links {expected}",
    )
