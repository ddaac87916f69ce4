"""What takes the resources that the API server shows, from the watch or from a list."""

from __future__ import annotations

from typing import Protocol

from registrar.api.bodies import Body


class ResourceSink(Protocol):
    """Takes changes of resources."""

    def on_change(self, body: Body) -> None:
        """Take a resource that was created or changed."""

    def on_delete(self, body: Body) -> None:
        """Take a resource that was deleted, as it was last."""

    def on_synced(self) -> None:
        """Take notice that every resource that existed at the start was shown."""
