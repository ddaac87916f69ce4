"""Fixtures that run the operator as a process, on a real API server and a registry over real HTTP.

The tests of a module share an operator and its two namespaces; their resources have unique names. A test that stops
the operator or the registry, or needs other settings, starts an operator of its own with `start_operator` in
`own_space`.
"""

import asyncio
import ssl
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import kubernetes
import pytest
import urllib3

from devcluster.controlplane import ControlPlane
from local_registry.store import Store
from model_registry import ModelRegistryAPIClient
from tests.env.control_plane import install_crds
from tests.env.registry import serve
from tests.support.api_server_proxy import ApiServerProxy, proxy_to_api_server
from tests.support.fault_proxy import FaultProxy, proxy_to
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Namespace
from tests.support.rest import Rest

Unique = Callable[[str], str]
StartOperator = Callable[..., OperatorProcess]
"""What the fixture `start_operator` is."""


@pytest.fixture(scope="session")
def custom_objects(cluster: ControlPlane) -> Iterator[kubernetes.client.CustomObjectsApi]:
    """The API server, as the tests use it."""
    with kubernetes.config.new_client_from_config(str(cluster.kubeconfig)) as client:  # type: ignore[no-untyped-call]  # not annotated
        yield kubernetes.client.CustomObjectsApi(client)


@pytest.fixture
def strict_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let contexts verify certificates as those of Python 3.13 and newer do."""

    def strict(create: Callable[..., ssl.SSLContext]) -> Callable[..., ssl.SSLContext]:
        def strictly(*arguments: Any, **options: Any) -> ssl.SSLContext:
            context = create(*arguments, **options)
            context.verify_flags |= ssl.VERIFY_X509_STRICT
            return context

        return strictly

    monkeypatch.setattr(ssl, "create_default_context", strict(ssl.create_default_context))
    for module in (urllib3.util.ssl_, urllib3.connection):
        monkeypatch.setattr(module, "create_urllib3_context", strict(urllib3.util.ssl_.create_urllib3_context))


def new_namespace(cluster: ControlPlane, api: kubernetes.client.CustomObjectsApi) -> Iterator[Namespace]:
    """Yield a namespace of a new name."""
    name = f"test-{uuid.uuid4().hex[:10]}"
    cluster.run_kubectl("create", "namespace", name)
    yield Namespace(cluster, name, api)
    if not cluster.disposable:
        # The test may have deleted it already.
        cluster.run_kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


@pytest.fixture(scope="module")
def space(cluster: ControlPlane, custom_objects: kubernetes.client.CustomObjectsApi) -> Iterator[Namespace]:
    """The module's namespace."""
    yield from new_namespace(cluster, custom_objects)


@pytest.fixture(scope="module")
def second_space(cluster: ControlPlane, custom_objects: kubernetes.client.CustomObjectsApi) -> Iterator[Namespace]:
    """Another namespace that the module's operator watches."""
    yield from new_namespace(cluster, custom_objects)


@pytest.fixture
def own_space(cluster: ControlPlane, custom_objects: kubernetes.client.CustomObjectsApi) -> Iterator[Namespace]:
    """A namespace that only the operator of one test watches."""
    yield from new_namespace(cluster, custom_objects)


@pytest.fixture
def other_space(cluster: ControlPlane, custom_objects: kubernetes.client.CustomObjectsApi) -> Iterator[Namespace]:
    """A second namespace of one test."""
    yield from new_namespace(cluster, custom_objects)


@pytest.fixture
def controlled_space(control_plane_with_controllers: ControlPlane) -> Iterator[Namespace]:
    """A namespace of one test, whose cluster deletes what an owner leaves behind, and a namespace for good."""
    plane = control_plane_with_controllers
    install_crds(plane)
    with kubernetes.config.new_client_from_config(str(plane.kubeconfig)) as client:  # type: ignore[no-untyped-call]  # not annotated
        yield from new_namespace(plane, kubernetes.client.CustomObjectsApi(client))


def operator_arguments(registry_url: str, *spaces: Namespace) -> list[str]:
    """Return the arguments of an operator that watches these namespaces; the first makes its owner id unique."""
    return [
        f"--kubeconfig={spaces[0].cluster.kubeconfig}",
        f"--registry-url={registry_url}",
        f"--owner-id=tests/{spaces[0].name}",
        # Each test of a deletion would wait for it; those of a handover set it.
        "--handover-grace=0",
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
def start_operator(tmp_path: Path) -> Iterator[StartOperator]:
    """Starts operators that end with the test: ``start_operator(registry_url, space, *more_arguments)``."""
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
    """The registry, as its users see it."""
    async with ModelRegistryAPIClient.connect(registry_url) as client:
        yield client
    # A socket is closed one turn of the loop after its connection.
    await asyncio.sleep(0)


@pytest.fixture
def rest() -> Iterator[Rest]:
    """An empty registry of the test's own, in this process."""
    with serve(Store(":memory:")) as url, httpx.Client(trust_env=False) as http:
        yield Rest(url, http)


@pytest.fixture
def unique() -> Unique:
    """Makes names that no other test uses, nor an earlier run with the same registry."""
    suffix = uuid.uuid4().hex[:8]
    return lambda name: f"{name}-{suffix}"


@pytest.fixture
def api_server_proxy(own_space: Namespace, tmp_path: Path) -> Iterator[ApiServerProxy]:
    """The API server, behind a proxy that keeps all requests and can make faults."""
    with proxy_to_api_server(own_space.cluster, tmp_path) as proxy:
        yield proxy


@pytest.fixture
def registry_proxy(registry_url: str) -> Iterator[FaultProxy]:
    """The registry, behind a proxy that keeps all requests and can make faults."""
    with proxy_to(registry_url) as proxy:
        yield proxy
