"""A real Argo CD beside the session's API server, set up as docs/gitops.md says, and a repository for each test."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kubernetes
import pytest

from devcluster import argocd, charttools
from devcluster.argocd import ArgoCD
from devcluster.controlplane import ControlPlane
from tests.argocd.application import Application, application
from tests.argocd.git import Repository
from tests.docs.pages import REPOSITORY
from tests.docs.session import PATCH_ARGOCD
from tests.env.control_plane import install_crds
from tests.env.programs import fixtures_of, get_before_tests
from tests.support.fault_proxy import FaultProxy
from tests.support.fixtures import StartOperator
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Namespace

Deploy = Callable[..., Application]
Writes = Callable[[], float]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Get the programs that the tests need."""
    fixtures = fixtures_of(session)
    if "argo_cd" in fixtures:
        get_before_tests(session, argocd.ensure, *([charttools.ensure] if "labels" in fixtures else []))


@pytest.fixture(scope="session")
def cluster(control_plane_with_controllers: ControlPlane) -> ControlPlane:
    """An API server with our CRDs and with controllers: pruning in the foreground takes a garbage collector."""
    install_crds(control_plane_with_controllers)
    return control_plane_with_controllers


@pytest.fixture(scope="session")
def custom_objects(cluster: ControlPlane) -> Iterator[kubernetes.client.CustomObjectsApi]:
    """The tests' own view of that API server: the shared fixture of this name may be bound to the one without."""
    with kubernetes.config.new_client_from_config(str(cluster.kubeconfig)) as client:  # type: ignore[no-untyped-call]  # not annotated
        yield kubernetes.client.CustomObjectsApi(client)


@pytest.fixture(scope="session")
def argo_cd(cluster: ControlPlane) -> Iterator[ArgoCD]:
    """Argo CD, which knows our kinds."""
    with argocd.start(cluster) as server:
        words = PATCH_ARGOCD.removeprefix("kubectl ").replace("integrations/", f"{REPOSITORY}/integrations/")
        cluster.run_kubectl(*words.split())
        yield server


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty repository of the test's own."""
    return Repository(tmp_path / "models")


@pytest.fixture
def deploy(cluster: ControlPlane, argo_cd: ArgoCD, own_space: Namespace, repository: Repository) -> Iterator[Deploy]:
    """Makes the Application of the test's namespace: ``deploy(path, **sync_policy)``."""
    made: list[str] = []

    def make(path: str = ".", **sync_policy: Any) -> Application:
        name = f"{own_space.name}-{len(made)}"
        manifest = application(name, repository.url, path, own_space.name, **sync_policy)
        cluster.run_kubectl("apply", "-f", "-", stdin=json.dumps(manifest))
        made.append(name)
        return Application(cluster, argo_cd, name)

    yield make
    for name in made:
        cluster.run_kubectl("delete", "application", name, "-n", argocd.NAMESPACE, "--wait=false")


@pytest.fixture
def running(start_operator: StartOperator, own_space: Namespace, registry_proxy: FaultProxy) -> OperatorProcess:
    """The operator of the test's namespace, running; it reaches the registry through the proxy."""
    return start_operator(registry_proxy.url, own_space)


@pytest.fixture
def kubernetes_writes(cluster: ControlPlane) -> Writes:
    """How many writes to resources of ours the API server has counted so far, whoever made them."""

    def count() -> float:
        metrics = cluster.run_kubectl("get", "--raw", "/metrics").stdout
        lines = re.findall(r"^apiserver_request_total\{(.*)\} (\S+)$", metrics, re.MULTILINE)
        ours = [(labels, float(number)) for labels, number in lines if 'group="model-registrar.dev"' in labels]
        return sum(number for labels, number in ours if not re.search(r'verb="(GET|LIST|WATCH)"', labels))

    return count
