"""Logs in to the cluster, as kubectl and client-go do where kopf does not (`registrar.cluster.watch`, quirk 10)."""

from __future__ import annotations

import os
from pathlib import Path

import kopf
import yaml

from registrar.cluster.client import ClusterLogin
from registrar.settings import StartError

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SERVICE_ACCOUNT_TOKEN = SERVICE_ACCOUNT / "token"
"""Where the kubelet writes the pod's token, and rotates it."""


def log_in(kubeconfig: Path | None = None) -> ClusterLogin:
    """Return the cluster that a kubeconfig names, else the pod's.

    Args:
        kubeconfig: the file; None means KUBECONFIG, or ``~/.kube/config``.

    Raises:
        StartError: the kubeconfig cannot be used, or there is no cluster to log in to.
    """
    if kubeconfig is not None:
        os.environ["KUBECONFIG"] = str(kubeconfig)
    try:
        login = _log_in()
    except (kopf.LoginError, OSError, KeyError, ValueError, TypeError) as error:
        raise StartError(f"The kubeconfig cannot be used: {error!r}") from error
    if login is None:
        raise StartError("No cluster to log in to: give --kubeconfig, set KUBECONFIG, or run in a pod.")
    return login


def _log_in() -> ClusterLogin | None:
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
    """Return the address that the kubelet gives each pod, which needs no DNS."""
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port:
        return by_name
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def _token_file_of_kubeconfig() -> Path | None:
    """Return the ``tokenFile`` of the current context's user; a relative path starts at its kubeconfig's folder."""
    places = os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    files = [Path(place).expanduser() for place in places.split(os.pathsep) if place]
    configs = [(file, yaml.safe_load(file.read_text(encoding="utf-8")) or {}) for file in files if file.exists()]
    current = next((config["current-context"] for _, config in configs if config.get("current-context")), None)
    contexts = [context for _, config in configs for context in config.get("contexts") or ()]
    user = next((context["context"].get("user") for context in contexts if context["name"] == current), None)
    for file, config in configs:
        for entry in config.get("users") or ():
            if entry["name"] == user and (named := (entry.get("user") or {}).get("tokenFile")):
                return file.parent / str(named)
    return None


def own_namespace() -> str | None:
    """Return the pod's namespace; None outside a pod."""
    try:
        return (SERVICE_ACCOUNT / "namespace").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
