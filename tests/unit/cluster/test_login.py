"""Where a pod finds the API server, and the token that a login uses."""

import ssl
from pathlib import Path

import pytest

from registrar.cluster import login
from registrar.cluster.client import ClusterLogin

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
