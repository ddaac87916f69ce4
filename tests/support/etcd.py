"""The storage of a control plane of ours, behind the API server's back."""

import base64

import httpx

from devcluster.controlplane import OwnControlPlane
from registrar.api.meta import GROUP
from tests.support.resources import PLURALS


def delete_from_etcd(cluster: OwnControlPlane, namespace: str, kind: str, name: str) -> None:
    """Delete a resource as the API server does in a race with its finalizer: whatever finalizers it has.

    Watches report it DELETED, with the finalizers and without a deletionTimestamp.
    """
    key = f"/registry/{GROUP}/{PLURALS[kind]}/{namespace}/{name}"
    transport = httpx.HTTPTransport(uds=str(cluster.kubeconfig.parent / "etcd.sock:0"))
    with httpx.Client(transport=transport, base_url="http://etcd") as client:
        answer = client.post("/v3/kv/deleterange", json={"key": base64.b64encode(key.encode()).decode()})
    answer.raise_for_status()
    assert answer.json()["deleted"] == "1", f"etcd has no {key}"
