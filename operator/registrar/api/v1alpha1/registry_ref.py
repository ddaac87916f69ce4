"""The reference to the registry of a resource."""

from enum import StrEnum

from registrar.api.meta import Frozen
from registrar.api.v1alpha1.texts import ClusterRegistryName


class RegistryKind(StrEnum):
    """Kinds that connect a registry."""

    CLUSTER_REGISTRY = "ClusterRegistry"


class RegistryRef(Frozen):
    """A reference to the connection of a registry."""

    kind: RegistryKind
    """Kind of the connection: ClusterRegistry."""
    name: ClusterRegistryName
    """Name of the ClusterRegistry."""

    def __str__(self) -> str:
        return f"{self.kind.value}/{self.name}"
