"""``registrar status``: why resources are not ready, and which resource represents an entry."""

from registrar.cli.status.command import status

__all__ = ["status"]
