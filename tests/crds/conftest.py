import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from devcluster.controlplane import ControlPlane
from tests.crds.manifests import Manifest

Kubectl = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def kubectl(cluster: ControlPlane, namespace: str) -> Kubectl:
    """Run kubectl in a namespace of the test's own."""

    def run(*arguments: str, manifest: Manifest | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        stdin = None if manifest is None else json.dumps(manifest)
        return cluster.run_kubectl(f"--namespace={namespace}", *arguments, stdin=stdin, check=check)

    return run


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
