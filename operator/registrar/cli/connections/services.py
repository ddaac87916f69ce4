"""Which Services are registries, and the ClusterRegistries that would connect them.

Kubeflow's manifests, and the operator of Open Data Hub, mark the Service of a registry with a label and the name of
its port. Kubeflow's UI finds registries by the same marks (clients/ui/bff in kubeflow/hub).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from registrar.api.meta import API_VERSION
from registrar.api.registry_url import normalized_url
from registrar.api.v1alpha1.cluster_registry import ClusterRegistry
from registrar.cli.connections.bodies import Connection, Service
from registrar.cli.console import one_line
from registrar.cli.documents.dump import dump

SELECTORS = ("component=model-registry", "app.kubernetes.io/component=model-registry")
"""The labels of a registry's Service, the first of Kubeflow, both of Open Data Hub. The catalog has model-catalog."""
PORTS = {"https-api": "https", "http-api": "http"}
"""Names of ports, by preference, with the scheme of each."""
_EXTERNAL = "/external-address-rest"
_SERVING_CERTIFICATE = "service.beta.openshift.io/serving-cert-secret-name"
_NO_TENANTS = "  tenants: []\n"


@dataclass(frozen=True, slots=True)
class Registry:
    """A Service that is a registry.

    Attributes:
        namespace: its namespace.
        service: its name.
        scheme: http or https.
        port: its port.
        display_name: what people call it; empty for nothing.
        description: what it says of itself.
        external: its address outside of the cluster; empty if it names none.
        has_service_ca: whether the certificate authority of an OpenShift cluster issues its certificate.
        connected_by: the ClusterRegistries that connect it, as far as the user may see them.
    """

    namespace: str
    service: str
    scheme: str
    port: int
    display_name: str
    description: str
    external: str
    has_service_ca: bool
    connected_by: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """A name for its ClusterRegistry, which no other Service leads to."""
        return f"{self.service}.{self.namespace}"

    @property
    def url(self) -> str:
        """Its root URL in the cluster."""
        return f"{self.scheme}://{self.name}.svc:{self.port}"

    def manifest(self) -> dict[str, Any]:
        """Return the ClusterRegistry that connects it and admits nobody."""
        return {
            "apiVersion": API_VERSION,
            "kind": ClusterRegistry.KIND,
            "metadata": {"name": self.name},
            "spec": {"url": self.url, "tenants": []},
        }

    def text(self) -> str:
        """Return the ClusterRegistry as YAML, with what the Service says of itself."""
        comments = "".join(f"# {one_line(line)}\n" for line in self._comments())
        tenants = f"  # Nobody may use the registry until you name namespaces here.\n{_NO_TENANTS}"
        return comments + dump(self.manifest()).replace(_NO_TENANTS, tenants)

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "namespace": self.namespace,
            "service": self.service,
            "url": self.url,
            "displayName": self.display_name,
            "description": self.description,
            "externalAddress": self.external,
            "connectedBy": list(self.connected_by),
            "manifest": self.manifest(),
        }

    def _comments(self) -> Iterator[str]:
        title = self.display_name or f"Service {self.namespace}/{self.service}"
        yield f"{title}: {self.description}" if self.description else title
        if self.external:
            yield f"From outside of the cluster: {self.external}"
        if self.has_service_ca:
            yield "The cluster's service CA issues its certificate: add spec.ca, and spec.auth for the proxy before it."


def registry_in(service: Service, connections: Iterable[Connection]) -> Registry | None:
    """Return the registry that a Service with one of the labels is; None if it has no port of one.

    Args:
        service: the Service.
        connections: the ClusterRegistries that exist.
    """
    port = next((name for name in PORTS if name in service.ports), None)
    if port is None:
        return None
    annotations = service.annotations
    external = (value for key, value in sorted(annotations.items()) if key.endswith(_EXTERNAL))
    return Registry(
        namespace=service.namespace,
        service=service.name,
        scheme=PORTS[port],
        port=service.ports[port],
        display_name=annotations.get("displayName", ""),
        description=annotations.get("description", ""),
        external=next((f"https://{value}" for value in external if value), ""),
        has_service_ca=_SERVING_CERTIFICATE in annotations,
        connected_by=tuple(_connecting(service, connections)),
    )


def _connecting(service: Service, connections: Iterable[Connection]) -> Iterator[str]:
    """Yield the ClusterRegistries that lead to one of the ports of a Service."""
    urls = {
        normalized_url(f"{scheme}://{service.name}.{service.namespace}.svc:{service.ports[port]}")
        for port, scheme in PORTS.items()
        if port in service.ports
    }
    for connection in connections:
        is_named = connection.service == (service.namespace, service.name)
        if is_named or normalized_url(connection.url) in urls:
            yield connection.name
