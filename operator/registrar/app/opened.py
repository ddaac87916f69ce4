"""A ClusterRegistry that is served."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from registrar.api.v1alpha1.cluster_registry import ClusterRegistrySpec
from registrar.app.connection import Connection, Served
from registrar.registries.credentials import Credentials


@dataclass(slots=True)
class Opened:
    """A ClusterRegistry that is served.

    Attributes:
        spec: how it is reached, as it was when it was opened.
        served: the registry.
        connection: the connection to it.
        credentials: its token and authorities, as far as they are read again.
        closing: closes its client.
    """

    spec: ClusterRegistrySpec
    served: Served
    connection: Connection
    credentials: Credentials
    closing: contextlib.AsyncExitStack

    def reaches(self, spec: ClusterRegistrySpec) -> bool:
        """Return whether a spec leads to the same client."""
        return _way(self.spec) == _way(spec)


def _way(spec: ClusterRegistrySpec) -> tuple[object, ...]:
    return spec.root_url, spec.api_version, spec.auth, spec.ca, spec.limits
