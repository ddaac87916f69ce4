"""Fixtures that give a real Kubernetes API server: one per session, so one per xdist worker."""

import time
import uuid
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from functools import partial
from pathlib import Path

import pytest

from devcluster import binaries, controlplane, existing
from devcluster.controlplane import ControlPlane
from tests.env.programs import fixtures_of, get_before_tests

OTHERS_CRDS = Path(__file__).parent / "crds"
"""Minimal definitions of other projects' kinds that stand in examples."""
CRDS = Path(__file__).parents[2] / "crds"
_ESTABLISHED_LIMIT = 60.0
_DELETED_LIMIT = 60.0
_FIXTURES = {"control_plane", "cluster", "namespace", "kubectl_program"}
_FIXTURES_WITH_CONTROLLERS = {"control_plane_with_controllers"}


def pytest_collection_finish(session: pytest.Session) -> None:
    """Get the programs that the tests need, unless they run on another cluster."""
    needed = programs_for(fixtures_of(session))
    if needed and existing.from_environment() is None:
        get_before_tests(session, partial(binaries.ensure, needed))


def programs_for(fixtures: AbstractSet[str]) -> tuple[str, ...]:
    """Return the programs that tests with these fixtures need; none if they need no control plane."""
    if fixtures & _FIXTURES_WITH_CONTROLLERS:
        return binaries.CONTROLLERS_TOO
    return binaries.PROGRAMS if fixtures & _FIXTURES else ()


@pytest.fixture(scope="session")
def kubectl_program() -> Path:
    """Give kubectl, for what it does without a server."""
    found = existing.from_environment()
    return binaries.ensure(("kubectl",))["kubectl"] if found is None else found.kubectl


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """Give an API server without the project's CRDs."""
    if (found := existing.from_environment()) is not None:
        yield found
        return
    with controlplane.start() as started:
        yield started


@pytest.fixture(scope="session")
def control_plane_with_controllers() -> Iterator[ControlPlane]:
    """Give an API server and its controllers: deleted namespaces go away, Deployments make Pods (that stay Pending)."""
    if (found := existing.from_environment()) is not None:
        yield found
        return
    with controlplane.start(controller_manager=True) as started:
        yield started


@pytest.fixture(scope="session")
def cluster(control_plane: ControlPlane) -> ControlPlane:
    """Give the API server with ``crds/`` applied and Established."""
    install_crds(control_plane)
    return control_plane


def install_crds(plane: ControlPlane, definitions: Path = CRDS) -> None:
    """Apply the definitions in a file or folder (those of `crds/` by default) and wait until they are Established.

    Raises:
        KubectlError: they are not in time.
    """
    plane.run_kubectl("apply", "--server-side", "-f", definitions)
    wait = ("wait", "--for=condition=Established", f"--timeout={_ESTABLISHED_LIMIT:.0f}s", "-f", definitions)
    deadline = time.monotonic() + _ESTABLISHED_LIMIT
    # `kubectl wait` fails on a definition so new that it has no conditions.
    while plane.run_kubectl(*wait, check=False).returncode != 0 and time.monotonic() < deadline:
        time.sleep(0.1)
    plane.run_kubectl(*wait)


def delete_crds(plane: ControlPlane, *definitions: str) -> None:
    """Delete definitions, such as ``crd/registeredmodels.model-registrar.dev``, and wait until they are gone.

    An API server that cannot list the instances yet ("storage is (re)initializing") can lose its own retry, and then
    tries again only at its resync, after five minutes. Any change of the definition has it try at once.

    Raises:
        KubectlError: they are not gone in time.
    """
    plane.run_kubectl("delete", "--wait=false", *definitions)
    is_gone = ("wait", "--for=delete", "--timeout=5s", *definitions)
    deadline = time.monotonic() + _DELETED_LIMIT
    while plane.run_kubectl(*is_gone, check=False).returncode != 0 and time.monotonic() < deadline:
        attempt = f"tests/deletion-attempt={uuid.uuid4().hex}"
        for definition in definitions:
            plane.run_kubectl("annotate", "--overwrite", definition, attempt, check=False)
    plane.run_kubectl(*is_gone)


@pytest.fixture
def namespace(control_plane: ControlPlane) -> Iterator[str]:
    """Give a fresh namespace with a unique name.

    It is deleted afterwards in a cluster that lives on. In one of our own it would stay Terminating for ever, because
    no controller deletes its content, so it is left to vanish with the cluster.
    """
    name = f"test-{uuid.uuid4().hex[:10]}"
    control_plane.run_kubectl("create", "namespace", name)
    yield name
    if not control_plane.disposable:
        control_plane.run_kubectl("delete", "namespace", name, "--wait=false")
