import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from devcluster.controlplane import ControlPlane
from registrar.api.meta import API_VERSION
from registrar.kinds.table import RESOURCES
from tests.crds.manifests import Manifest

Kubectl = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def kubectl(cluster: ControlPlane, namespace: str) -> Kubectl:
    """Run kubectl in a namespace of the test's own."""

    def run(
        *arguments: str, manifest: Manifest | None = None, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        stdin = stdin if manifest is None else json.dumps(manifest)
        return cluster.run_kubectl(f"--namespace={namespace}", *arguments, stdin=stdin, check=check)

    return run


@pytest.fixture
def openapi(cluster: ControlPlane) -> dict[str, Any]:
    """What kubectl explains by, once the API server has published it: that comes after Established."""
    path = f"/openapi/v3/apis/{API_VERSION}"
    deadline = time.monotonic() + 60
    while (answer := cluster.run_kubectl("get", "--raw", path, check=False)).returncode != 0 or not all(
        f".{kind.KIND}" in answer.stdout for kind in RESOURCES
    ):
        assert time.monotonic() < deadline, answer.stderr
        time.sleep(0.1)
    document = json.loads(answer.stdout)
    assert isinstance(document, dict)
    return document


@pytest.fixture
def create(kubectl: Kubectl) -> Callable[[Manifest], dict[str, Any]]:
    """Create a resource and return it as the API server keeps it."""

    def run(manifest: Manifest) -> dict[str, Any]:
        created = json.loads(kubectl("create", "--output=json", "--filename=-", manifest=manifest).stdout)
        assert isinstance(created, dict)
        return created

    return run


@pytest.fixture
def refusal(kubectl: Kubectl) -> Callable[[Manifest], str]:
    """What kubectl says when the API server refuses to create a resource."""

    def run(manifest: Manifest) -> str:
        answer = kubectl("create", "--dry-run=server", "--filename=-", manifest=manifest, check=False)
        assert answer.returncode == 1, f"accepted: {answer.stdout}"
        return answer.stderr

    return run
