"""Looks for the Services of registries with the user's rights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from registrar.api.v1alpha1.cluster_registry import ClusterRegistry
from registrar.cli.cluster import Cluster
from registrar.cli.connections.bodies import Connection, Service, connection_of, name_of, service_of
from registrar.cli.connections.services import PORTS, SELECTORS, Registry, registry_in
from registrar.cli.console import one_line
from registrar.cli.exits import ExitCode
from registrar.cli.refusals import ClusterError, NotAllowedError

FORMAT_VERSION = "1.0"
"""Within a major version of the format, fields are only added."""


@dataclass(slots=True)
class Found:
    """What was found.

    Attributes:
        registries: the registries, by namespace and name.
        unlisted: the namespaces whose Services the user may not list.
        portless: Services that have the label of a registry and no port of one, as ``namespace/name``.
    """

    registries: list[Registry] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    portless: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> ExitCode:
        """How the command ends."""
        return ExitCode.NOT_KNOWN if self.unlisted else ExitCode.DONE

    def messages(self) -> Iterator[str]:
        """Yield what people have to know beside the registries."""
        if not self.registries:
            yield "No registry was found."
        for registry in self.registries:
            if registry.connected_by:
                where = f"{registry.namespace}/{registry.service}"
                yield f"Connected already: Service {where}, by ClusterRegistry {' and '.join(registry.connected_by)}."
        for name in self.portless:
            yield one_line(f"Left out: Service {name} has no port named {' or '.join(PORTS)}.")
        if self.unlisted:
            yield f"Error: not searched, because you may not list services there: {', '.join(self.unlisted)}."

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "formatVersion": FORMAT_VERSION,
            "complete": not self.unlisted,
            "registries": [registry.as_json() for registry in self.registries],
            "notSearched": self.unlisted,
            "withoutPort": self.portless,
        }


def search(cluster: Cluster, namespaces: Sequence[str]) -> Found:
    """Return the registries of some namespaces, or of all.

    Args:
        cluster: the cluster.
        namespaces: where to look; empty for everywhere.

    Raises:
        ClusterError: the API server does not answer, or the user may list neither Services nor namespaces.
    """
    found, services = Found(), dict[tuple[str, str], Service]()
    for namespace in namespaces or _everywhere(cluster, services):
        try:
            services |= _services(cluster, namespace)
        except NotAllowedError:
            found.unlisted.append(namespace)
    connections = _connections(cluster)
    for (namespace, name), service in sorted(services.items()):
        registry = registry_in(service, connections)
        if registry is None:
            found.portless.append(f"{namespace}/{name}")
        else:
            found.registries.append(registry)
    return found


def _everywhere(cluster: Cluster, services: dict[tuple[str, str], Service]) -> list[str]:
    """Add the Services of all namespaces; returns the namespaces to search one by one, if the user's rights need it."""
    try:
        services |= _services(cluster, None)
    except NotAllowedError as error:
        try:
            return sorted(map(name_of, cluster.list_core("namespaces", None)))
        except NotAllowedError:
            raise error from None
    return []


def _services(cluster: Cluster, namespace: str | None) -> dict[tuple[str, str], Service]:
    bodies = (body for selector in SELECTORS for body in cluster.list_core("services", namespace, selector))
    return {(service.namespace, service.name): service for service in map(service_of, bodies)}


def _connections(cluster: Cluster) -> list[Connection]:
    """Return the ClusterRegistries; none if the cluster has none, or the user may not see them."""
    try:
        return list(map(connection_of, cluster.list_resources(ClusterRegistry.PLURAL, None)))
    except ClusterError:
        return []
