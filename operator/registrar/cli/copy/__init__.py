"""``registrar copy``: entries from registry to registry, or from a snapshot into a registry."""

from registrar.cli.copy.command import copy

__all__ = ["copy"]
