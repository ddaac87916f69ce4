"""How long resources take to become Ready with their present spec."""

from __future__ import annotations

from registrar.api.bodies import Body, ResourceKey, key_of, ready_status, written_generation


class Readiness:
    """Since when resources are not Ready with their present spec. Holds only those, so it is small in steady state."""

    def __init__(self) -> None:
        self._since: dict[ResourceKey, tuple[tuple[str, int], float]] = {}

    def __contains__(self, key: ResourceKey) -> bool:
        return key in self._since

    def observe(self, body: Body, now: float) -> float | None:
        """Note a body, from the watch or from the answer to a write: either may come first.

        Returns:
            Seconds since its generation was first seen, once: when the resource has become Ready.
        """
        key, written = key_of(body), written_generation(body)
        if ready_status(body) == "True":
            since = self._since.pop(key, None)
            return None if since is None else now - since[1]
        if key not in self._since or self._since[key][0] != written:
            self._since[key] = (written, now)
        return None

    def forget(self, key: ResourceKey) -> None:
        """Drop a resource that is gone."""
        self._since.pop(key, None)
