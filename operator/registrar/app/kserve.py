"""Has the versions of each registry follow which registry KServe asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from registrar.app.connection import Connection
from registrar.kinds.model_version import MODEL_VERSION
from registrar.planning.resolution import Candidate
from registrar.planning.serving import kserve_obstacle


def follow_kserve(connections: Iterable[Connection], candidates: Mapping[str, Candidate]) -> None:
    """Set of each registry whether KServe asks it, and compare the versions of those for which that has changed.

    Their statuses are all that changes: nothing of it is in a registry.
    """
    for connection in connections:
        registry = connection.context.registry
        obstacle = kserve_obstacle(registry.url, candidates)
        if obstacle != registry.kserve_obstacle:
            registry.kserve_obstacle = obstacle
            connection.memory.wake(key for key in connection.cache if key.kind == MODEL_VERSION.name)
