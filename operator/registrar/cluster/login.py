"""How the operator logs in to the cluster."""

from __future__ import annotations

import os
from pathlib import Path

import kopf
import yaml

from registrar.cluster.client import ClusterLogin

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


SERVICE_ACCOUNT_TOKEN = SERVICE_ACCOUNT / "token"
"""Where the kubelet puts the pod's token, and its successors; kopf reads it only once."""


def log_in() -> ClusterLogin | None:
    """The cluster named by KUBECONFIG (or ``~/.kube/config``), else by the pod's service account; None without both.

    Raises:
        kopf.LoginError: the kubeconfig names no context.
        OSError, KeyError, ValueError: the kubeconfig cannot be read, or lacks what it refers to.
    """
    settings = kopf.OperatorSettings()
    info = kopf.login_with_kubeconfig(settings=settings)
    token_file = None if info is None else _token_file_of_kubeconfig()
    if info is None:
        info = kopf.login_with_service_account(settings=settings)
        token_file = SERVICE_ACCOUNT_TOKEN
    if info is None:
        return None
    server = info.server if token_file != SERVICE_ACCOUNT_TOKEN else _server_of_pod(info.server)
    return ClusterLogin(server, info.as_ssl_context(), info.as_http_headers(), token_file, info.proxy_url)


def _server_of_pod(by_name: str) -> str:
    """The address that the kubelet gives each pod, as client-go takes it; kopf's name needs the cluster's DNS."""
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port:
        return by_name
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def _token_file_of_kubeconfig() -> Path | None:
    """The ``tokenFile`` of the current context's user, which kopf does not know; a relative one is beside its file."""
    places = os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    files = [Path(place).expanduser() for place in places.split(os.pathsep) if place]
    configs = [(file, yaml.safe_load(file.read_text(encoding="utf-8")) or {}) for file in files if file.exists()]
    current = next((config["current-context"] for _, config in configs if config.get("current-context")), None)
    contexts = [one for _, config in configs for one in config.get("contexts") or ()]
    user = next((one["context"].get("user") for one in contexts if one["name"] == current), None)
    for file, config in configs:
        for one in config.get("users") or ():
            if one["name"] == user and (named := (one.get("user") or {}).get("tokenFile")):
                return file.parent / str(named)
    return None


def own_namespace() -> str | None:
    """The pod's namespace; None outside a pod."""
    try:
        return (SERVICE_ACCOUNT / "namespace").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
