"""Creates and deletes a kind cluster, and runs commands on it."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devcluster import binaries, charttools, gomodule
from devcluster.controlplane import ControlPlane
from devcluster.engine import Engine
from devcluster.environment import child_environment
from devcluster.narration import Narrator
from devcluster.ports import free_port

REGISTRY_NODE_PORT = 30080
"""The node port in manifests/registry.yaml."""
_KIND_BUILD_MINUTES = 1


class CommandError(RuntimeError):
    """A command failed. The message has its output."""


@dataclass(frozen=True)
class KindCluster:
    """A running cluster, and the programs that work on it.

    Attributes:
        name: kind's name for it.
        plane: Its API server and kubectl.
        engine: The container engine that runs its node.
        programs: ``kind``, ``helm`` and the engine.
        registry_url: Address of the registry on this machine, once it is installed.
        folder: For files that are removed at the end.
        narrator: Prints each step.
    """

    name: str
    plane: ControlPlane
    engine: Engine
    programs: dict[str, Path]
    registry_url: str
    folder: Path
    narrator: Narrator

    def run(self, *words: str | os.PathLike[str]) -> None:
        """Run kind, helm or the engine, and show the command and its output.

        Raises:
            CommandError: It failed.
        """
        name, *arguments = [os.fspath(word) for word in words]
        self.narrator.command(" ".join([name, *arguments]))
        result = subprocess.run(
            [self.programs[name], *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            env=child_environment({"KIND_EXPERIMENTAL_PROVIDER": self.engine.name}),
        )
        if result.returncode != 0:
            raise CommandError(f"{name} ended with status {result.returncode}:\n{result.stdout.strip()}")
        self.narrator.output(result.stdout)

    def kubectl(self, *words: str | os.PathLike[str]) -> str:
        """Run kubectl, show the command and its output, and return the output.

        Raises:
            KubectlError: It failed.
        """
        self.narrator.command(" ".join(["kubectl", *(os.fspath(word) for word in words)]))
        printed = self.plane.run_kubectl(*words).stdout
        self.narrator.output(printed)
        return printed


def settings(registry_port: int) -> dict[str, object]:
    """Return kind's configuration: one node, with the registry's node port on this machine's loopback."""
    mapping = {"containerPort": REGISTRY_NODE_PORT, "hostPort": registry_port, "listenAddress": "127.0.0.1"}
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "nodes": [{"role": "control-plane", "extraPortMappings": [mapping]}],
    }


@contextlib.contextmanager
def create(engine: Engine, narrator: Narrator, *, keep: bool) -> Iterator[KindCluster]:
    """Create a cluster; leaving the block deletes it.

    Args:
        engine: The container engine that runs it.
        narrator: Prints each step.
        keep: Keep the cluster, and print how to use and delete it.

    Raises:
        BinariesError: kind, helm or kubectl is missing and cannot be built.
        CommandError: kind failed.
    """
    programs = {"kind": _program("kind"), "helm": _program("helm"), engine.name: engine.program}
    folder = Path(tempfile.mkdtemp(prefix="model-registrar-kind-"))
    name = f"model-registrar-{uuid.uuid4().hex[:6]}"
    kubeconfig, config = folder / "kubeconfig", folder / "kind.json"
    port = free_port()
    config.write_text(json.dumps(settings(port)))
    plane = ControlPlane(url="", kubeconfig=kubeconfig, kubectl=_program("kubectl"), disposable=False)
    cluster = KindCluster(name, plane, engine, programs, f"http://127.0.0.1:{port}", folder, narrator)
    try:
        cluster.run(
            "kind",
            "create",
            "cluster",
            f"--name={name}",
            f"--config={config}",
            f"--kubeconfig={kubeconfig}",
            "--wait=5m",
        )
        yield cluster
    finally:
        if keep:
            narrator.say(f"export KUBECONFIG={kubeconfig}; to remove everything: kind delete cluster --name={name}")
        else:
            cluster.run("kind", "delete", "cluster", f"--name={name}", f"--kubeconfig={kubeconfig}")
            shutil.rmtree(folder, ignore_errors=True)


def _program(name: str) -> Path:
    """Return the program in PATH, else ours, which is built once."""
    if found := shutil.which(name):
        return Path(found)
    match name:
        case "kind":
            version = gomodule.kind_version()
            return binaries.ensure_built("kind", version, gomodule.kind(), _KIND_BUILD_MINUTES)["kind"]
        case "helm":
            return charttools.ensure()["helm"]
        case _:
            return binaries.ensure([name])[name]
