"""The API server behind a proxy with faults, for the operator alone: tests keep their own way to it."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from devcluster.controlplane import ControlPlane
from devcluster.environment import child_environment
from tests.support.flaky import Fault, FlakyProxy, Script, between
from tests.support.loopback import Received


@dataclass(frozen=True)
class Front:
    """Where the operator finds the API server.

    Attributes:
        proxy: what stands between.
        kubeconfig: leads there.
    """

    proxy: FlakyProxy
    kubeconfig: Path

    @property
    def argument(self) -> str:
        """What the operator is started with."""
        return f"--kubeconfig={self.kubeconfig}"


@contextmanager
def before_apiserver(cluster: ControlPlane, folder: Path, *, token_file: Path | None = None) -> Iterator[Front]:
    """Run a proxy to an API server for the length of the block.

    ``kubectl proxy`` speaks TLS to it with the administrator's credentials.

    Args:
        cluster: the API server.
        folder: gets the kubeconfig.
        token_file: where the kubeconfig says that a token is; the administrator's credentials are left out then.
    """
    login = cluster.kubeconfig if token_file is None else _without_user(cluster, folder)
    with _kubectl_proxy(cluster, login) as address, between(address) as proxy:
        user = {} if token_file is None else {"tokenFile": str(token_file)}
        kubeconfig = folder / "front.kubeconfig"
        kubeconfig.write_text(json.dumps(kubeconfig_of(proxy.url, user)))
        yield Front(proxy, kubeconfig)


def kubeconfig_of(server: str, user: dict[str, str]) -> dict[str, object]:
    """A kubeconfig of one context, without TLS."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "front",
        "clusters": [{"name": "front", "cluster": {"server": server}}],
        "users": [{"name": "front", "user": user}],
        "contexts": [{"name": "front", "context": {"cluster": "front", "user": "front"}}],
    }


def _without_user(cluster: ControlPlane, folder: Path) -> Path:
    """A kubeconfig that lets nobody in: the token of a request goes before it, and kubectl asks for none."""
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    config["users"] = [{**user, "user": {"token": "nobody"}} for user in config["users"]]
    path = folder / "nobody.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


@contextmanager
def _kubectl_proxy(cluster: ControlPlane, kubeconfig: Path) -> Iterator[str]:
    command: list[str | os.PathLike[str]] = [cluster.kubectl, f"--kubeconfig={kubeconfig}", "proxy", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=child_environment()) as process:
        if process.stdout is None:
            raise RuntimeError("its output was asked for")
        try:
            yield "http://" + process.stdout.readline().removeprefix("Starting to serve on ").strip()
        finally:
            process.terminate()


def is_status_patch(received: Received) -> bool:
    """Whether the operator writes a status."""
    return received.method == "PATCH" and received.path.endswith("/status")


def is_finalizer_patch(received: Received) -> bool:
    """Whether the operator puts its finalizer on, or takes it off."""
    return received.method == "PATCH" and "finalizers" in received.json.get("metadata", {})


def is_watch(received: Received) -> bool:
    """Whether it is a watch."""
    return "watch=true" in received.path


def holding(fault: Fault, fits: Callable[[Received], bool]) -> Script:
    """Do this to the requests that fit, and pass the others through."""
    return lambda received: fault if fits(received) else None
