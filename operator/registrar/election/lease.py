"""The Lease of an election, on the API server."""

from __future__ import annotations

from registrar.api.bodies import Body
from registrar.cluster.api import ResourceGoneError
from registrar.cluster.client import KubernetesAPI


class KubernetesLease:
    """One Lease (coordination.k8s.io/v1).

    Args:
        kube: the API server.
        namespace: where it is.
        name: its name.
    """

    def __init__(self, kube: KubernetesAPI, namespace: str, name: str) -> None:
        self._kube = kube
        self._namespace = namespace
        self._name = name

    async def get(self) -> Body | None:
        """Return the lease; None if it does not exist."""
        try:
            return await self._kube.request_lease("GET", self._namespace, self._name)
        except ResourceGoneError:
            return None

    async def create(self, spec: Body) -> Body:
        """Create it. Raises StaleResourceError if it exists, ResourceGoneError if its namespace does not."""
        metadata = {"name": self._name, "namespace": self._namespace}
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
        return await self._kube.request_lease("POST", self._namespace, json=lease)

    async def replace(self, lease: Body, spec: Body) -> Body:
        """Replace the spec of exactly this version. Raises StaleResourceError if it has changed."""
        return await self._kube.request_lease("PUT", self._namespace, self._name, json={**lease, "spec": spec})
