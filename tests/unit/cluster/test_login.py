"""Where a pod finds the API server, the token that a login uses, and the certificates that it accepts."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from registrar.cli import cluster
from registrar.cluster import login
from registrar.cluster.client import ClusterLogin
from tests.client.certificates import CertificateAuthority
from tests.support.loopback import Reply, serving

EMPTY_LIST: dict[str, Any] = {"metadata": {}, "items": []}
BY_NAME = "https://kubernetes.default.svc"


@pytest.mark.parametrize(
    ("host", "port", "server"),
    [
        ("10.0.0.1", "443", "https://10.0.0.1:443"),
        ("fd00::1", "6443", "https://[fd00::1]:6443"),
        ("", "443", BY_NAME),
        ("10.0.0.1", "", BY_NAME),
    ],
)
def test_the_address_of_the_kubelet_wins(monkeypatch: pytest.MonkeyPatch, host: str, port: str, server: str) -> None:
    """A name would need the cluster's DNS."""
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    assert login._server_of_pod(BY_NAME) == server


@pytest.mark.parametrize(
    ("headers", "token"),
    [({"Authorization": "Bearer fixed"}, "fixed"), ({"Authorization": "Basic dXNlcjpwYXNz"}, None), ({}, None)],
)
def test_the_token_of_a_login_is_that_of_its_header(headers: dict[str, str], token: str | None) -> None:
    assert ClusterLogin("https://server", ssl.create_default_context(), headers).token() == token


def test_the_token_of_a_pod_is_the_one_that_its_file_contains_now(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    pod = ClusterLogin("https://server", ssl.create_default_context(), {"Authorization": "Bearer stale"}, file)
    assert pod.token() == "first"
    file.write_text("second\n")
    assert pod.token() == "second"


@pytest.fixture
def kubeconfig_of_an_old_cluster(tmp_path: Path) -> Iterator[Path]:
    """Give the kubeconfig of a server whose certificate has no key identifiers, as in Amazon's older clusters."""
    authority = CertificateAuthority("kubernetes")
    path = tmp_path / "kubeconfig"
    with serving(lambda _received: Reply(200, EMPTY_LIST), authority.server_context(tmp_path)) as server:
        (tmp_path / "ca.pem").write_text(authority.pem)
        entries = {
            "clusters": [
                {
                    "name": "old",
                    "cluster": {
                        "server": f"https://127.0.0.1:{server.server_port}",
                        "certificate-authority": str(tmp_path / "ca.pem"),
                    },
                }
            ],
            "users": [{"name": "me", "user": {"token": "secret"}}],
            "contexts": [{"name": "it", "context": {"cluster": "old", "user": "me"}}],
        }
        path.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "current-context": "it", **entries}))
        yield path


@pytest.mark.usefixtures("strict_python")
async def test_the_operator_accepts_the_certificates_that_kubectl_accepts(kubeconfig_of_an_old_cluster: Path) -> None:
    found = login.log_in(kubeconfig_of_an_old_cluster)
    connector = aiohttp.TCPConnector(ssl=found.tls)
    async with aiohttp.ClientSession(connector=connector) as session, session.get(found.server) as answer:
        assert answer.status == 200
    assert found.tls.minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.mark.usefixtures("strict_python")
def test_the_commands_accept_the_certificates_that_kubectl_accepts(kubeconfig_of_an_old_cluster: Path) -> None:
    with cluster.connect(kubeconfig_of_an_old_cluster, None) as connected:
        assert connected.list_resources("registeredmodels", "default") == []
