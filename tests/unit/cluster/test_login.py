"""Where a pod finds the API server: the kubelet's address comes before a name that needs the cluster's DNS."""

import pytest

from registrar.cluster import login

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
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    assert login._server_of_pod(BY_NAME) == server
