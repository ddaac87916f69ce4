"""Logs in to the cluster, as kubectl and client-go do where kopf does not (`registrar.cluster.watch`, quirk 10)."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import kopf

from registrar.cluster.client import ClusterLogin
from registrar.cluster.kubeconfig import current_entries, kubeconfig_files
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
    files = kubeconfig_files() if kubeconfig is None else (kubeconfig,)
    login = _log_in_by_kubeconfig(files) if files else _log_in_as_pod()
    if login is None:
        raise StartError("No cluster to log in to: give --kubeconfig, set KUBECONFIG, or run in a pod.")
    return login


def _log_in_by_kubeconfig(files: tuple[Path, ...]) -> ClusterLogin:
    cluster, user = current_entries(files)
    provider = (user.values.get("auth-provider") or {}).get("config") or {}
    try:
        info = kopf.ConnectionInfo(
            server=cluster.values["server"],
            ca_path=cluster.values.get("certificate-authority"),
            ca_data=cluster.values.get("certificate-authority-data"),
            insecure=cluster.values.get("insecure-skip-tls-verify"),
            certificate_path=user.values.get("client-certificate"),
            certificate_data=user.values.get("client-certificate-data"),
            private_key_path=user.values.get("client-key"),
            private_key_data=user.values.get("client-key-data"),
            username=user.values.get("username"),
            password=user.values.get("password"),
            token=user.values.get("token") or provider.get("access-token"),
            proxy_url=cluster.values.get("proxy-url"),
        )
        tls = _tls(info)
    except (OSError, ValueError) as error:
        raise StartError(f"In the kubeconfig, {cluster} or {user} cannot be used: {error}.") from error
    token_file = user.values.get("tokenFile")
    return ClusterLogin(
        info.server, tls, info.as_http_headers(), None if token_file is None else Path(token_file), info.proxy_url
    )


def _log_in_as_pod() -> ClusterLogin | None:
    try:
        info = kopf.login_with_service_account(settings=kopf.OperatorSettings())
        if info is None:
            return None
        server, tls = _server_of_pod(info.server), _tls(info)
    except (OSError, ValueError) as error:
        raise StartError(f"The service account in {SERVICE_ACCOUNT} cannot be used: {error}.") from error
    return ClusterLogin(server, tls, info.as_http_headers(), SERVICE_ACCOUNT_TOKEN, info.proxy_url)


def _tls(info: kopf.ConnectionInfo) -> ssl.SSLContext:
    """Return the login's TLS context, which accepts the certificates that kubectl accepts."""
    context = info.as_ssl_context()
    # Since 3.13, Python refuses the authorities of older clusters, such as Amazon's, because they have no key
    # identifiers. Signatures, dates and names are verified all the same.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    # Debian's Python leaves the limit to OpenSSL's configuration, which may also be stricter than ours.
    context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)
    return context


def _server_of_pod(by_name: str) -> str:
    """Return the address that the kubelet gives each pod, which needs no DNS."""
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port:
        return by_name
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def own_namespace() -> str | None:
    """Return the pod's namespace; None outside a pod."""
    try:
        return (SERVICE_ACCOUNT / "namespace").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
