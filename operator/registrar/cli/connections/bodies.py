"""What the API server sends, as far as these commands read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registrar.api.bodies import Body, spec_of
from registrar.api.meta import API_VERSION, ObjectMeta
from registrar.api.tenants import Labels
from registrar.api.v1alpha1.cluster_registry import ClusterRegistry, ClusterRegistryStatus, status_in


@dataclass(frozen=True, slots=True)
class Service:
    """A Service.

    Attributes:
        namespace: its namespace.
        name: its name.
        ports: the numbers of its ports, by their names.
        annotations: its annotations.
    """

    namespace: str
    name: str
    ports: Mapping[str, int]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a ClusterRegistry leads, whatever else is wrong with it.

    Attributes:
        name: its name.
        url: its address; empty for none.
        service: namespace and name of the Service that it names; empty for none.
    """

    name: str
    url: str
    service: tuple[str, str]


def name_of(body: Body) -> str:
    """Return the name of an object."""
    return str(body["metadata"]["name"])


def labels_of(body: Body) -> tuple[str, Labels]:
    """Return the name of an object, and its labels."""
    return name_of(body), body["metadata"].get("labels") or {}


def service_of(body: Body) -> Service:
    """Parse a Service."""
    metadata = body["metadata"]
    ports = {str(port.get("name")): int(port["port"]) for port in spec_of(body).get("ports") or ()}
    return Service(metadata["namespace"], metadata["name"], ports, metadata.get("annotations") or {})


def connection_of(body: Body) -> Connection:
    """Parse where a ClusterRegistry leads."""
    spec = spec_of(body)
    service = spec.get("serviceRef") or {}
    named = (str(service.get("namespace") or ""), str(service.get("name") or ""))
    return Connection(name_of(body), str(spec.get("url") or ""), named)


def status_of(body: Body) -> ClusterRegistryStatus:
    """Return the status of a ClusterRegistry."""
    return status_in(body.get("status"))


def metadata_of(body: Body) -> ObjectMeta:
    """Return the metadata of an object."""
    return ObjectMeta.model_validate(body["metadata"])


def as_written(body: Body) -> dict[str, Any]:
    """Return a ClusterRegistry as a user would have written it: its other fields are the API server's."""
    metadata = {"name": name_of(body)}
    return {"apiVersion": API_VERSION, "kind": ClusterRegistry.KIND, "metadata": metadata, "spec": spec_of(body)}
