"""A real Argo CD on loopback, against the API server of a control plane: ``python -m devcluster.argocd`` builds it.

It runs the processes that Argo CD's pods run: repo server, application controller, ApplicationSet controller and API
server, with an in-memory Redis. The API server asks for no password, as in Argo CD's own development set-up. Only the
application controller listens beyond loopback: the address of its metrics port cannot be set.
"""

import contextlib
import json
import os
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from devcluster import binaries, gobuild, gomodule, loopback
from devcluster.controlplane import ControlPlane
from devcluster.ports import free_ports
from devcluster.processes import Child, Children

NAMESPACE = "argocd"
READY_SECONDS = 90.0
_BUILD_MINUTES = 7
_KINDS = ("applications", "applicationsets", "appprojects")
_PART_OF = {"app.kubernetes.io/part-of": "argocd"}


def ensure() -> dict[str, Path]:
    """Return the path of each program, building all of them once.

    Raises:
        BinariesError: They cannot be built. The message says why and what to do.
    """
    return binaries.ensure_built("argocd", gomodule.argocd_version(), gomodule.argocd(), _BUILD_MINUTES)


@dataclass(frozen=True)
class ArgoCD:
    """A running Argo CD.

    Attributes:
        url: Root address of its API.
    """

    url: str

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call its API and return the JSON of the response.

        Raises:
            urllib.error.HTTPError: The response is an error.
        """
        request = urllib.request.Request(  # noqa: S310 - our own http address
            f"{self.url}/api/v1/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        return loopback.call(request)


@contextlib.contextmanager
def start(plane: ControlPlane) -> Iterator[ArgoCD]:
    """Install Argo CD into the cluster and run it; leaving the block ends the processes and removes their files.

    Raises:
        BinariesError: A program is missing and cannot be built.
        ChildError: A program did not become ready. The message has the end of its log.
    """
    programs = ensure()
    _install(plane)
    with Children() as children:
        servers = _Servers(children, plane, programs)
        servers.start_redis()
        servers.start_repo_server()
        servers.start_controllers()
        yield ArgoCD(url=servers.start_api_server())


def _install(plane: ControlPlane) -> None:
    """Apply the CRDs and the settings that Argo CD requires."""
    crds = gobuild.module_folder(gomodule.argocd(), "github.com/argoproj/argo-cd/v3") / "manifests" / "crds"
    plane.run_kubectl("apply", "--server-side", "-k", crds)
    # `kubectl wait` fails on a definition so new that it has no conditions.
    deadline = time.monotonic() + READY_SECONDS
    while any(plane.run_kubectl("get", f"{name}.argoproj.io", check=False).returncode for name in _KINDS):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the API server does not serve Argo CD's kinds after {READY_SECONDS:.0f} s")
    plane.run_kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all(_settings()))


def _settings() -> list[dict[str, Any]]:
    def namespaced(kind: str, name: str, **content: Any) -> dict[str, Any]:
        metadata = {"name": name, "namespace": NAMESPACE, "labels": _PART_OF}
        return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **content}

    everything = {"group": "*", "kind": "*"}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        namespaced("ConfigMap", "argocd-cm"),
        namespaced("ConfigMap", "argocd-rbac-cm"),
        namespaced("Secret", "argocd-secret", stringData={"server.secretkey": os.urandom(16).hex()}),
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AppProject",
            "metadata": {"name": "default", "namespace": NAMESPACE},
            "spec": {
                "sourceRepos": ["*"],
                "destinations": [{"server": "*", "namespace": "*"}],
                "clusterResourceWhitelist": [everything],
            },
        },
    ]


class _Servers:
    """The processes of one Argo CD, in the folder of ``children``."""

    def __init__(self, children: Children, plane: ControlPlane, programs: Mapping[str, Path]) -> None:
        self._children = children
        self._plane = plane
        self._programs = programs
        self._redis, self._repo, self._api = (f"127.0.0.1:{port}" for port in free_ports(3))

    def start_redis(self) -> None:
        child = self._children.start("redis", [self._programs["redis"], self._redis])
        child.wait_until(lambda: _listens(self._redis), timeout=READY_SECONDS)

    def start_repo_server(self) -> None:
        host, port = self._repo.split(":")
        child = self._start(
            "repo-server",
            f"--address={host}",
            f"--port={port}",
            f"--metrics-address={host}",
            "--metrics-port=0",
            "--disable-tls",
            f"--redis={self._redis}",
        )
        child.wait_until(lambda: _listens(self._repo), timeout=READY_SECONDS)

    def start_controllers(self) -> None:
        self._start(
            "application-controller",
            f"--namespace={NAMESPACE}",
            f"--repo-server={self._repo}",
            "--repo-server-plaintext",
            f"--redis={self._redis}",
            "--metrics-port=0",
        )
        self._start(
            "applicationset-controller",
            f"--namespace={NAMESPACE}",
            f"--argocd-repo-server={self._repo}",
            "--repo-server-plaintext",
            "--metrics-addr=0",
            "--probe-addr=127.0.0.1:0",
            "--webhook-addr=127.0.0.1:0",
        )

    def start_api_server(self) -> str:
        host, port = self._api.split(":")
        url = f"http://{self._api}"
        child = self._start(
            "server",
            f"--namespace={NAMESPACE}",
            f"--address={host}",
            f"--port={port}",
            f"--metrics-address={host}",
            "--metrics-port=0",
            "--insecure",
            "--disable-auth",
            f"--repo-server={self._repo}",
            "--repo-server-plaintext",
            f"--redis={self._redis}",
        )
        child.wait_until(lambda: loopback.answers(f"{url}/healthz"), timeout=READY_SECONDS)
        return url

    def _start(self, name: str, *arguments: str) -> Child:
        return self._children.start(
            name,
            [self._programs["argocd"], *arguments, "--logformat=text"],
            environment=self._environment(f"argocd-{name}"),
            directory=self._children.folder,
        )

    def _environment(self, name: str) -> dict[str, str]:
        folder = self._children.folder
        scratch = folder / name
        scratch.mkdir()
        return {
            # One program plays every part: this variable selects it.
            "ARGOCD_BINARY_NAME": name,
            # "This cluster" is then the cluster of KUBECONFIG.
            "ARGOCD_FAKE_IN_CLUSTER": "true",
            "ARGOCD_GPG_ENABLED": "false",
            "ARGOCD_SSH_DATA_PATH": str(scratch),
            "ARGOCD_TLS_DATA_PATH": str(scratch),
            "GIT_CONFIG_NOSYSTEM": "1",
            "HOME": str(scratch),
            "KUBECONFIG": str(self._plane.kubeconfig),
            "PATH": os.pathsep.join([str(self._programs["kustomize"].parent), os.environ["PATH"]]),
            "TMPDIR": str(scratch),
        }


def _listens(address: str) -> bool:
    host, port = address.split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def main() -> int:
    """Build the programs that are missing, and print the path of each."""
    return binaries.print_paths(ensure)


if __name__ == "__main__":
    sys.exit(main())
