"""Which resources are Ready as they are written now, and since when the others are not. Pure."""

from __future__ import annotations

from registrar.api.bodies import Body, ResourceKey, key_of, ready_status


class Readiness:
    """Since when resources are not Ready as written. Holds only those, so it is small in steady state."""

    def __init__(self) -> None:
        self._since: dict[ResourceKey, tuple[tuple[str, int], float]] = {}

    def saw(self, body: Body, now: float) -> float | None:
        """Take note of a body, from the watch or from a write's answer: either may come first.

        Returns:
            Seconds since the written generation was first seen, once: when the resource has become Ready.
        """
        key, metadata = key_of(body), body["metadata"]
        written = (metadata["uid"], metadata.get("generation", 0))
        if ready_status(body) == "True":
            since = self._since.pop(key, None)
            return None if since is None else now - since[1]
        if key not in self._since or self._since[key][0] != written:
            self._since[key] = (written, now)
        return None

    def forget(self, key: ResourceKey) -> None:
        """Drop a resource that is gone."""
        self._since.pop(key, None)
