"""Manifests as resources that the API server keeps."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from registrar.api.bodies import ResourceKey
from registrar.api.meta import API_VERSION
from registrar.cli.plan.manifests import Manifests
from registrar.kinds.base import AnyResource
from registrar.kinds.table import kind_of
from registrar.reporting.outcome import Facts
from registrar.reporting.status import ownership_patch

OLD, NEW = "2000-01-01T00:00:00Z", "2000-01-02T00:00:00Z"
"""Creation times: of resources of the base, and of those that the change adds."""


def parsed(key: ResourceKey, manifests: Manifests) -> AnyResource | None:
    """Return the resource that a manifest declares; None if it is invalid."""
    body = {**head(key), "metadata": metadata(key, manifests, OLD), "spec": manifests.spec(key), "status": {}}
    try:
        return kind_of(key.kind).resource.model_validate(body)
    except ValidationError:
        return None


def identified(key: ResourceKey, facts: Facts) -> dict[str, Any]:
    """Return a status that only identifies the entries, as of a resource that was never in sync."""
    return ownership_patch(kind_of(key.kind).status.model_validate({}), {}, facts)


def head(key: ResourceKey) -> dict[str, Any]:
    """Return what every body of a kind begins with."""
    return {"apiVersion": API_VERSION, "kind": key.kind}


def metadata(key: ResourceKey, manifests: Manifests, created: str) -> dict[str, Any]:
    """Return the metadata of a resource that a manifest declares."""
    return {
        "name": key.name,
        "namespace": key.namespace,
        "annotations": manifests.annotations(key),
        "uid": str(key),
        "generation": 1,
        "resourceVersion": "1",
        "creationTimestamp": created,
    }
