"""Fixtures that give the operator as a process, on a real API server and a registry over real HTTP.

The tests of a module share an operator and its two namespaces, and keep apart by unique names. A test that stops
operator or registry, or needs other settings, makes an operator of its own with `own_operator` in `own_space`.
"""

import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import kubernetes
import pytest

from devcluster.controlplane import ControlPlane
from model_registry import ModelRegistryAPIClient
from tests.support.flaky import FlakyProxy, between
from tests.support.front import Front, before_apiserver
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Namespace

Unique = Callable[[str], str]


@pytest.fixture(scope="session")
def custom_objects(cluster: ControlPlane) -> Iterator[kubernetes.client.CustomObjectsApi]:
    """The tests' own view of the API server."""
    with kubernetes.config.new_client_from_config(str(cluster.kubeconfig)) as client:  # type: ignore[no-untyped-call]  # not annotated
        yield kubernetes.client.CustomObjectsApi(client)


def _new_namespace(cluster: ControlPlane, api: kubernetes.client.CustomObjectsApi) -> Iterator[Namespace]:
    name = f"test-{uuid.uuid4().hex[:10]}"
    cluster.run_kubectl("create", "namespace", name)
    yield Namespace(cluster, name, api)
    if not cluster.disposable:
        cluster.run_kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="module")
def space(cluster: ControlPlane, custom_objects: kubernetes.client.CustomObjectsApi) -> Iterator[Namespace]:
    """The module's namespace."""
    yield from _new_namespace(cluster, custom_objects)


@pytest.fixture(scope="module")
def second_space(cluster: ControlPlane, custom_objects: kubernetes.client.CustomObjectsApi) -> Iterator[Namespace]:
    """Another namespace that the module's operator watches."""
    yield from _new_namespace(cluster, custom_objects)


@pytest.fixture
def own_space(cluster: ControlPlane, custom_objects: kubernetes.client.CustomObjectsApi) -> Iterator[Namespace]:
    """A namespace that only the operator of one test watches."""
    yield from _new_namespace(cluster, custom_objects)


def operator_arguments(registry_url: str, *spaces: Namespace) -> list[str]:
    """What an operator is started with that watches these namespaces; its owner id is unique to the first."""
    return [
        f"--kubeconfig={spaces[0].cluster.kubeconfig}",
        f"--registry-url={registry_url}",
        f"--owner-id=tests/{spaces[0].name}",
        *(f"--namespace={space.name}" for space in spaces),
    ]


@pytest.fixture(scope="module")
def operator(
    space: Namespace, second_space: Namespace, registry_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OperatorProcess]:
    """The module's operator, running."""
    log = tmp_path_factory.mktemp("operator") / "operator.log"
    process = OperatorProcess(operator_arguments(registry_url, space, second_space), log)
    process.start()
    yield process
    process.stop()
    print(process.log)  # noqa: T201 - pytest shows it where the module's last test failed


@pytest.fixture
def own_operator(tmp_path: Path) -> Iterator[Callable[..., OperatorProcess]]:
    """Starts operators that end with the test: ``own_operator(registry_url, space, *more_arguments)``."""
    started: list[OperatorProcess] = []

    def make(registry_url: str, space: Namespace, *more: str) -> OperatorProcess:
        arguments = [*operator_arguments(registry_url, space), *more]
        process = OperatorProcess(arguments, tmp_path / f"operator-{len(started)}.log")
        started.append(process)
        process.start()
        return process

    yield make
    for process in started:
        process.stop()
        print(process.log)  # noqa: T201 - pytest shows it where the test failed


@pytest.fixture
async def registry(registry_url: str) -> AsyncIterator[ModelRegistryAPIClient]:
    """The registry, as a data scientist sees it."""
    async with ModelRegistryAPIClient.connect(registry_url) as client:
        yield client


@pytest.fixture
def unique() -> Unique:
    """Makes names that no other test, and no earlier run on the same registry, has."""
    suffix = uuid.uuid4().hex[:8]
    return lambda name: f"{name}-{suffix}"


@pytest.fixture
def front(own_space: Namespace, tmp_path: Path) -> Iterator[Front]:
    """A way of the operator to the API server on which faults can be made."""
    with before_apiserver(own_space.cluster, tmp_path) as front:
        yield front


@pytest.fixture
def counted(registry_url: str) -> Iterator[FlakyProxy]:
    """The registry, which keeps what it was asked."""
    with between(registry_url) as proxy:
        yield proxy
