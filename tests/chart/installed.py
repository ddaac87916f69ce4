"""A cluster of its own into which the chart is installed, and a registry beside it."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kubernetes
import pytest
import yaml

from devcluster import controlplane, embedded_registry
from devcluster.controlplane import ControlPlane
from tests.chart.helm import CHART, Helm
from tests.chart.pod import Pod
from tests.env.registry import wait_until_ready
from tests.support.resources import Namespace

RELEASE = "registrar"
NAME = "model-registrar"
"""Of the chart's objects in these tests."""


@dataclass(frozen=True)
class Site:
    """A cluster, Helm, and a registry.

    Attributes:
        plane: The cluster; without our CRDs, until the chart brings them.
        helm: Helm for it.
        registry_url: Where the registry is.
        folder: For files.
    """

    plane: ControlPlane
    helm: Helm
    registry_url: str
    folder: Path

    def values(self, **more: Any) -> dict[str, Any]:
        """What the tests need: this registry, a short name, quick looks at the registry."""
        return {"fullnameOverride": NAME, "registry": {"url": self.registry_url}, "feedInterval": 0.5, **more}

    def install(self, values: Mapping[str, Any] | Path, *arguments: str, chart: Path = CHART) -> str:
        """``helm upgrade --install`` into namespace `RELEASE`, and wait for the CRDs; gives the notes."""
        path = values if isinstance(values, Path) else self.folder / "values.yaml"
        if not isinstance(values, Path):
            path.write_text(yaml.safe_dump(dict(values)))
        place = ("--namespace", RELEASE, "--create-namespace")
        notes = self.helm.run("upgrade", "--install", RELEASE, chart, *place, "--values", path, *arguments)
        self.plane.run_kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
        return notes

    def need_mutating_policies(self) -> None:
        """Skip what needs MutatingAdmissionPolicies on a Kubernetes that is too old for them."""
        served = self.plane.run_kubectl("get", "--raw", "/apis/admissionregistration.k8s.io/v1").stdout
        if "mutatingadmissionpolicies" not in served:
            pytest.skip("this needs Kubernetes 1.36 or newer")

    def pod(self, name: str, deployment: str = NAME) -> Pod:
        """A pod of the Deployment as it is now."""
        return Pod(self.plane, RELEASE, deployment, self.folder / name)

    def space(self, name: str) -> Namespace:
        """A namespace, made if absent."""
        self.plane.run_kubectl("create", "namespace", name, check=False)
        client = kubernetes.config.new_client_from_config(str(self.plane.kubeconfig))  # type: ignore[no-untyped-call]  # not annotated
        return Namespace(self.plane, name, kubernetes.client.CustomObjectsApi(client))


@contextlib.contextmanager
def site(tools: Mapping[str, Path], folder: Path, **options: Any) -> Iterator[Site]:
    """Start a cluster and a registry; the options are those of `controlplane.start`."""
    with controlplane.start(**options) as plane, embedded_registry.start() as registry:
        wait_until_ready(registry.url)
        yield Site(plane, Helm(tools["helm"], folder / "helm", plane), registry.url, folder)
