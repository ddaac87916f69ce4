"""Logs in to a cluster as kubectl does, with a kubeconfig or as the pod's account."""

from __future__ import annotations

import logging
import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registrar.cli.refusals import ClusterError

if TYPE_CHECKING:
    import kubernetes

POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


@dataclass(frozen=True, slots=True)
class Login:
    """Where a kubeconfig's context leads.

    Attributes:
        cluster: its name for the cluster; empty in a pod.
        namespace: the namespace.
    """

    cluster: str
    namespace: str


def verify_as_kubectl(client: kubernetes.client.ApiClient) -> None:
    """Accept the certificates that kubectl accepts.

    Since 3.13, Python refuses the authorities of older clusters, such as Amazon's, because they have no key
    identifiers. The package has no option for that, so its connections get their context here. They add the
    kubeconfig's authority and client certificate to it, but not the system's authorities.
    """
    from urllib3.util.ssl_ import create_urllib3_context  # noqa: PLC0415 - it comes with the kubernetes package

    configuration = client.configuration
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED if configuration.verify_ssl else ssl.CERT_NONE)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not (configuration.ssl_ca_cert or configuration.ca_cert_data):
        context.load_default_certs()
    client.rest_client.pool_manager.connection_pool_kw["ssl_context"] = context


def _no_kubeconfig(places: str, variable: str | None) -> str:
    """Return why there is no cluster to log in to: no file is named, or none of those exists."""
    if not variable:
        return f"No cluster to read: {places} does not exist. Give --kubeconfig, or set KUBECONFIG."
    return f"No cluster to read: KUBECONFIG names {places}, which does not exist."


def log_in(configuration: Any, kubeconfig: Path | None, context: str | None) -> Login:
    """Fill in address and credentials.

    Raises:
        ClusterError: there is no cluster to log in to, or the kubeconfig's user cannot be used.
        ConfigException: the package's own error about a kubeconfig.
    """
    import kubernetes.config  # noqa: PLC0415 - see `registrar.cli.cluster`

    kube_config: Any = kubernetes.config.kube_config
    places = str(kubeconfig) if kubeconfig else os.environ.get("KUBECONFIG") or "~/.kube/config"
    config = kube_config.KubeConfigMerger(places).config
    if config is None:
        if "KUBERNETES_SERVICE_HOST" not in os.environ:
            raise ClusterError(_no_kubeconfig(places, os.environ.get("KUBECONFIG")))
        kube_config_in_pod: Any = kubernetes.config.load_incluster_config
        kube_config_in_pod(configuration)
        return Login("", POD_NAMESPACE.read_text(encoding="utf-8").strip())
    loader = kube_config.KubeConfigLoader(config, active_context=context, config_base_path=None)
    _refuse_impersonation(config, loader.current_context["context"].get("user"))
    problems = _Problems()
    logging.getLogger().addHandler(problems)
    try:
        loader.load_and_set(configuration)
    finally:
        logging.getLogger().removeHandler(problems)
    if problems.messages:
        raise ClusterError(f"The kubeconfig's credentials cannot be used: {'; '.join(problems.messages)}")
    found = loader.current_context["context"]
    return Login(str(found.get("cluster") or ""), str(found.get("namespace") or "default"))


def _refuse_impersonation(config: Any, user: str | None) -> None:
    """Refuse a user that acts as another: the package would read with the rights of the first."""
    entry = config["users"].get_with_name(user, safe=True)
    login = (None if entry is None else entry.value.get("user")) or {}
    if login.keys() & {"as", "as-uid", "as-groups", "as-user-extra"}:
        message = (
            f"The user {user!r} of the kubeconfig acts as another one ('as'), which this command does not support."
        )
        raise ClusterError(message)


class _Problems(logging.Handler):
    """Keeps what the package only logs: it goes on without credentials when an exec plugin fails."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self.messages.append(record.getMessage())
