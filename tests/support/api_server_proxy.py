"""The API server behind a proxy with faults, for the operator alone: tests talk to it directly."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devcluster.controlplane import ControlPlane
from devcluster.environment import child_environment
from tests.support.accounts import token_kubeconfig
from tests.support.fault_proxy import FaultProxy, running
from tests.support.loopback import Received


class ApiServerProxy(FaultProxy):
    """A proxy to an API server.

    Args:
        upstream: the API server's address.
        folder: gets the kubeconfig.
        user: the kubeconfig's credentials.

    Attributes:
        kubeconfig: a file that leads here.
    """

    def __init__(self, upstream: str, folder: Path, user: dict[str, str]) -> None:
        super().__init__(upstream)
        self.kubeconfig = folder / "proxy.kubeconfig"
        self.kubeconfig.write_text(json.dumps(kubeconfig_of(self.url, user)))

    @property
    def kubeconfig_flag(self) -> str:
        """The flag that makes an operator use the proxy."""
        return f"--kubeconfig={self.kubeconfig}"


@contextmanager
def proxy_to_api_server(
    cluster: ControlPlane, folder: Path, *, token_file: Path | None = None
) -> Iterator[ApiServerProxy]:
    """Run a proxy to an API server for the length of the block.

    ``kubectl proxy`` speaks TLS to it with the administrator's credentials.

    Args:
        cluster: the API server.
        folder: gets the kubeconfig.
        token_file: the token file that the kubeconfig names; the administrator's credentials are left out then.
    """
    login = cluster.kubeconfig if token_file is None else _without_user(cluster, folder)
    user = {} if token_file is None else {"tokenFile": str(token_file)}
    with _kubectl_proxy(cluster, login) as address, running(ApiServerProxy(address, folder, user)) as proxy:
        yield proxy


def kubeconfig_of(server: str, user: dict[str, str]) -> dict[str, object]:
    """Return a kubeconfig of one context, without TLS."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "proxy",
        "clusters": [{"name": "proxy", "cluster": {"server": server}}],
        "users": [{"name": "proxy", "user": user}],
        "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "proxy"}}],
    }


def _without_user(cluster: ControlPlane, folder: Path) -> Path:
    """Write a kubeconfig whose token the API server refuses: the request's own token takes precedence over it."""
    return token_kubeconfig(cluster, "refused", folder / "refused.kubeconfig")


@contextmanager
def _kubectl_proxy(cluster: ControlPlane, kubeconfig: Path) -> Iterator[str]:
    command: list[str | os.PathLike[str]] = [cluster.kubectl, f"--kubeconfig={kubeconfig}", "proxy", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=child_environment()) as process:
        if process.stdout is None:
            raise RuntimeError("the output of kubectl is piped")
        try:
            yield "http://" + process.stdout.readline().removeprefix("Starting to serve on ").strip()
        finally:
            process.terminate()


def is_status_patch(received: Received) -> bool:
    """Return whether the request writes a status."""
    return received.method == "PATCH" and received.route.endswith("/status")


def is_finalizer_patch(received: Received) -> bool:
    """Return whether the request adds or removes a finalizer."""
    return received.method == "PATCH" and "finalizers" in received.json.get("metadata", {})


def is_watch(received: Received) -> bool:
    """Return whether the request is a watch."""
    return "watch=true" in received.path
