"""The API server as it would be after writes that are not sent: what a dry run reconciles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from registrar.api.bodies import Body, ResourceKey, is_terminating, key_of, resource_version
from registrar.api.meta import ObjectMeta
from registrar.cluster.api import KubernetesError, ResourceGoneError


class DryRunCluster:
    """See `registrar.cluster.api.ClusterAPI`.

    Args:
        bodies: the resources.
        complete: namespaces of which these are all resources. In others any resource may exist, and is reported as one
            that this operator may not read.
    """

    def __init__(self, bodies: Iterable[Body], complete: Iterable[str] = ()) -> None:
        self._bodies = {key_of(body): body for body in bodies}
        self._gone: set[ResourceKey] = set()
        self._complete = frozenset(complete)
        self._version = max(map(resource_version, self._bodies.values()), default=0)

    def has(self, key: ResourceKey) -> bool:
        """Return whether a resource exists."""
        return key in self._bodies

    def body(self, key: ResourceKey) -> Body | None:
        """Return a resource as it is now; None if it does not exist, or is not known."""
        return self._bodies.get(key)

    async def get(self, key: ResourceKey) -> Body | None:
        """See the protocol."""
        body = self._bodies.get(key)
        if body is None and key not in self._gone and key.namespace not in self._complete:
            raise KubernetesError(HTTPStatus.FORBIDDEN, "Forbidden", f"{key} is not known here")
        return body

    async def patch_status(self, key: ResourceKey, metadata: ObjectMeta, status: Mapping[str, Any]) -> Body:
        """See the protocol."""
        body = self._existing(key, metadata)
        before = body.get("status") or {}
        merged = {name: value for name, value in {**before, **status}.items() if value is not None}
        return self._put(key, {**body, "status": merged})

    async def patch_finalizers(self, key: ResourceKey, metadata: ObjectMeta, finalizers: Sequence[str]) -> Body:
        """See the protocol."""
        body = self._existing(key, metadata)
        changed = self._put(key, {**body, "metadata": {**body["metadata"], "finalizers": list(finalizers)}})
        if is_terminating(changed) and not finalizers:
            del self._bodies[key]
            self._gone.add(key)
        return changed

    async def write_event(self, name: str, event: Mapping[str, Any], patch: Mapping[str, Any] | None) -> None:
        """See the protocol. Nobody reads Events of a dry run."""

    def _existing(self, key: ResourceKey, metadata: ObjectMeta) -> Body:
        body = self._bodies.get(key)
        if body is None or body["metadata"]["uid"] != metadata.uid:
            raise ResourceGoneError(HTTPStatus.NOT_FOUND, "NotFound", f"{key} does not exist")
        return body

    def _put(self, key: ResourceKey, body: Body) -> Body:
        self._version += 1
        changed = {**body, "metadata": {**body["metadata"], "resourceVersion": str(self._version)}}
        self._bodies[key] = changed
        return changed
