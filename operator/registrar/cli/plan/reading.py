"""Reads the resources that a cluster has, as what a plan remembers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from registrar.api.bodies import Body, ResourceKey, in_registry, key_of
from registrar.api.meta import API_VERSION
from registrar.cli.cluster import Cluster, connect
from registrar.cli.plan.report import Source
from registrar.kinds.table import RESOURCES


def read_resources(
    kubeconfig: Path | None, context: str | None, namespaces: Iterable[str], source: Source
) -> dict[ResourceKey, Body]:
    """Return the resources of some namespaces.

    Args:
        kubeconfig: see `registrar.cli.cluster.connect`.
        context: the same.
        namespaces: the namespaces.
        source: the registry, whose address in statuses is that of the operator.

    Raises:
        ClusterError: the cluster cannot be read.
    """
    with connect(kubeconfig, context) as cluster:
        return resources_in(cluster, namespaces, source)


def resources_in(cluster: Cluster, namespaces: Iterable[str], source: Source) -> dict[ResourceKey, Body]:
    """Return the resources of some namespaces of a cluster that the user is logged in to; see `read_resources`."""
    bodies = [
        in_registry({"apiVersion": API_VERSION, "kind": kind.KIND, **body}, source.owner_id, source.registry_url)
        for namespace in sorted(namespaces)
        for kind in RESOURCES
        for body in cluster.list_resources(kind.PLURAL, namespace)
    ]
    return {key_of(body): body for body in bodies}
